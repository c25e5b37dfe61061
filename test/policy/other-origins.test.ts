import { ownerToken } from './everything.js'
import { openRoom, type Room } from './room.js'
import { listen, studioOf } from './studio.js'

let application: Awaited<ReturnType<typeof listen>>
let room: Room

beforeAll(async () => {
  application = await listen(studioOf({}))
  room = await openRoom({ url: application.url, token: ownerToken })
  await room.know('person37@example.com', { role: 'Administrator' })
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

async function statusOf(headers: Record<string, string>, method = 'POST') {
  const address = `${room.url}/api/projects/1/`
  const credential = headers['authorization'] ? {} : { cookie: 'sessionid=37' }
  return (await fetch(address, { method, headers: { ...credential, ...headers } })).status
}

const bucket = 'http://127.0.0.1:9000'

it.each([
  ['another host', { 'sec-fetch-site': 'cross-site' }],
  ['another port, or a host beside it', { 'sec-fetch-site': 'same-site' }],
  ['another port over plain HTTP', { origin: bucket }],
  ['another port behind a proxy', { origin: bucket, 'x-forwarded-host': 'studio.example.com' }],
  ['a sandbox', { origin: 'null' }],
])('changes nothing for a page of %s', async (_, headers) => {
  const before = room.refusals.length
  expect(await statusOf(headers)).toBe(403)
  expect(room.refusals.slice(before)).toMatchObject([{ reason: 'a page of another origin' }])
})

it.each<[string, Record<string, string>]>([
  ['of its own pages', { 'sec-fetch-site': 'same-origin', origin: 'https://studio.example.com' }],
  ['of the person', { 'sec-fetch-site': 'none' }],
  ['of a program', {}],
  [
    'behind a proxy with another name',
    { origin: 'http://studio.example.com', 'x-forwarded-host': 'studio.example.com:80' },
  ],
  [
    'behind two proxies with other names',
    { origin: 'http://studio.example.com', 'x-forwarded-host': 'studio.example.com, inner' },
  ],
  ['with a token', { 'sec-fetch-site': 'cross-site', authorization: 'Token 37' }],
])('lets changes pass %s', async (_, headers) => {
  expect(await statusOf(headers)).toBe(200)
})

it('lets reading pass', async () => {
  expect(await statusOf({ 'sec-fetch-site': 'cross-site' }, 'GET')).toBe(200)
})

it('lets changes of its own pages pass over plain HTTP', async () => {
  expect(await statusOf({ origin: room.url })).toBe(200)
})
