import type { IncomingMessage, ServerResponse } from 'node:http'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { aPerson, type Gated, openGate } from './gated.js'

let fake: FakeLabelStudio
let adapters: MemoryAdapters
let gated: Gated
let cookie: string
let authorization: string
let cacheControl: string | string[] | undefined

beforeAll(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  adapters = memoryAdapters()
  const ann = await aPerson(fake, adapters, 'ann@example.com')
  cookie = ann.cookie
  authorization = `Token ${ann.account.legacyToken}`
  gated = await openGate(fake, adapters, { application })
})
afterAll(async () => {
  await gated.close()
  await fake.stop()
})

function application(_request: IncomingMessage, response: ServerResponse) {
  if (cacheControl) response.setHeader('Cache-Control', cacheControl)
  response.end('a file')
}

async function answered(path: string, headers: Record<string, string>) {
  return (await fetch(`${gated.url}${path}`, { headers })).headers.get('cache-control')
}

it.each([
  [undefined, 'private'],
  ['public, max-age=60', 'private, max-age=60'],
  ['max-age=60, S-MaxAge=600', 'private, max-age=60'],
  [['max-age=60', 'public'], 'private, max-age=60'],
  ['no-cache', 'private, no-cache'],
  ['no-store', 'no-store'],
  ['max-age=1, Private', 'max-age=1, Private'],
])('an answer to a person with %p goes on with %p', async (given, expected) => {
  cacheControl = given
  expect(await answered('/data/upload/1/a.png', { cookie })).toBe(expected)
  expect(await answered('/data/upload/1/a.png', { authorization })).toBe(expected)
})

it.each([
  ['/static/a.js', true],
  ['/react-app/main.js', true],
  ['/user/login/', true],
  ['/data/upload/1/a.png', false],
])('what is the same for everybody stays as it is: %s', async (path, isSignedIn) => {
  cacheControl = 'public, max-age=60'
  expect(await answered(path, isSignedIn ? { cookie } : {})).toBe(cacheControl)
})
