import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { labelStudioAdapters } from '../../../adapters/label-studio/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import {
  accessGate,
  createReconciler,
  onSignIn,
  protectUsers,
  scimRouter,
} from '../../../lib/index.js'
import { settingsRouter } from '../../../lib/settings/index.js'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-opening-'))
  fs.writeFileSync(path.join(folder, 'letter.txt'), 'Dear database, '.repeat(1000))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const failureOf = (url: string, timeoutMs = 500) =>
  sqlAdapters({ url, timeoutMs }).catch((error: unknown) => error)

describe('an SQLite file that cannot be used', () => {
  it.each([
    ['a folder', '.'],
    ['another kind of file', 'letter.txt'],
    ['a path below a file', 'letter.txt/scim.db'],
  ])('is named with its path: %s', async (_, name) => {
    const file = path.join(folder, name)
    expect(await failureOf(`sqlite:${file}`)).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_SCIM_DATABASE',
      message: expect.stringContaining(`The SQLite database "${file}" cannot be used: `),
    })
  })
})

it('is refused where Node.js forbids threads, which queries of many rows need', async () => {
  const before = Object.getOwnPropertyDescriptor(process, 'permission')
  const permission = { has: (scope: string) => scope !== 'worker' }
  Object.defineProperty(process, 'permission', { value: permission, configurable: true })
  try {
    expect(await failureOf(`sqlite:${path.join(folder, 'threads.db')}`)).toMatchObject({
      code: 'ERR_SCIM_DATABASE',
      message: expect.stringContaining('--allow-worker'),
    })
    await (await sqlAdapters({ url: 'sqlite::memory:' })).close()
  } finally {
    if (before) Object.defineProperty(process, 'permission', before)
    else Reflect.deleteProperty(process, 'permission')
  }
})

it('names the option if an address cannot be decoded', async () => {
  const failure = await failureOf('postgres://scim:s3cret@127.0.0.1:9/%zz')
  expect(failure).toMatchObject({ name: 'ConfigurationError', code: 'ERR_SCIM_DATABASE' })
  expect(String(failure)).toContain('sqlAdapters: option "url" cannot be used')
  expect(String(failure)).not.toContain('s3cret')
})

describe('a PostgreSQL that does not answer', () => {
  it('is named with host and database, and never with the password', async () => {
    const failure = await failureOf('postgres://scim:s3cret@127.0.0.1:9/people')
    expect(failure).toMatchObject({
      code: 'ERR_SCIM_UNAVAILABLE',
      message: expect.stringContaining(
        'The PostgreSQL database "people" at 127.0.0.1:9 cannot be reached: ',
      ),
    })
    expect((failure as Error).message).not.toContain('s3cret')
  })
})

describe('a forgotten await', () => {
  const adapters = sqlAdapters({ url: 'sqlite::memory:' })
  afterAll(async () => (await adapters).close())
  const promise = adapters as never

  it.each<[string, () => unknown]>([
    ['scimRouter', () => scimRouter(promise, { authenticate: () => ({}) } as never)],
    ['accessGate', () => accessGate(promise, { identify: () => ({}) } as never)],
    ['createReconciler', () => createReconciler(promise)],
    ['onSignIn', () => onSignIn(promise, { tenant: 'a' }, 'a@example.com')],
    ['protectUsers', () => protectUsers(promise, ['owner@example.com'])],
    ['settingsRouter', () => settingsRouter(promise, { authorize: () => ({}) } as never)],
  ])('is named by %s', async (factory, build) => {
    const failure = await Promise.resolve()
      .then(build)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'ConfigurationError',
      message:
        `${factory}: the adapters are a promise. Await what makes them, e.g. ` +
        'await sqlAdapters({ url }).',
    })
  })

  it('is named by labelStudioAdapters', () => {
    const build = () =>
      labelStudioAdapters({ url: 'http://127.0.0.1:1', token: 'a-token', storage: promise })
    expect(build).toThrow('labelStudioAdapters: option "storage" is a promise. Await it.')
  })
})
