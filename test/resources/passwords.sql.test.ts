import { randomUUID } from 'node:crypto'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import {
  type Adapters,
  RefusedError,
  type Scope,
  UnavailableError,
  type User,
} from '../../lib/stores/index.js'
import { minimalAdapters } from '../protocol/adapters.js'
import { serve, userUrn } from '../protocol/server.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}
let database: TestDatabase
let opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})
const sql = async (): Promise<Adapters> => {
  const adapters = await sqlAdapters({ url: database.url })
  opened = [...opened, adapters]
  return adapters
}

const secret = 'A-new-passw0rd'
const withPassword = (more: object = {}) => [
  { op: 'replace', value: { password: secret, ...more } },
]
const body = (userName: string, more: object = {}) => ({ schemas: [userUrn], userName, ...more })

/** Adapters whose host takes passwords, or fails to. */
async function hosted(make: () => Adapters | Promise<Adapters>) {
  const adapters = await make()
  const host = { fails: undefined as Error | undefined, passwords: [] as string[], isStored: true }
  const setPassword = async (given: Scope, user: User, password: string) => {
    const stored = await adapters.users.get(given, user.id, { omit: new Set() })
    host.isStored = host.isStored && stored?.meta.version === user.meta.version
    if (host.fails) throw host.fails
    host.passwords.push(`${user.userName} ${password}`)
  }
  return { host, adapters: { ...adapters, users: { ...adapters.users, setPassword } } as Adapters }
}

const refused = () => new RefusedError('Label Studio does not accept this password.', 400)
const down = () => new UnavailableError('The host is down.', { retryAfterSeconds: 7 })

describe.each([
  ['memory', memoryAdapters],
  ['SQL', sql],
  ['nothing but the required methods', minimalAdapters],
])('a password (A21; %s)', (_, make) => {
  it('is handed over once, for somebody who is stored', async () => {
    const { host, adapters } = await hosted(make)
    const scim = await serve(adapters)
    const { id } = await scim.user('ines', { password: secret })
    expect((await scim.patch(`/Users/${id}`, withPassword({ title: 't' }))).status).toBe(200)
    expect(host).toMatchObject({
      isStored: true,
      passwords: [`ines ${secret}`, `ines ${secret}`],
    })
    const set = scim.events.filter(({ event }) => event === 'user.passwordSet')
    expect(set.map(({ outcome, target }) => [outcome, target?.id])).toEqual([
      ['succeeded', id],
      ['succeeded', id],
    ])
  })

  it.each(['bestEffort', 'required'] as const)(
    'that the host drops is nowhere said to be set (audit: %s)',
    async (audit) => {
      const { adapters } = await hosted(make)
      const setPassword = () => Promise.resolve(false)
      const users = { ...adapters.users, setPassword }
      if (audit === 'required' && !adapters.audit) return
      const scim = await serve({ ...adapters, users }, { audit })
      const { id } = await scim.user('ines', { password: secret })
      expect((await scim.patch(`/Users/${id}`, withPassword({ title: 't' }))).status).toBe(200)
      expect(scim.events.filter(({ event }) => event === 'user.passwordSet')).toEqual([])
      const logged = await adapters.audit?.query(scope, { event: 'user.passwordSet', limit: 10 })
      const last = logged?.map(({ outcome }) => outcome).filter((_, at) => at % 2 === 0)
      expect(last ?? []).toEqual(audit === 'required' ? ['failed', 'failed'] : [])
    },
  )

  it('of a userName that is taken goes nowhere', async () => {
    const { host, adapters } = await hosted(make)
    const scim = await serve(adapters)
    await scim.user('ines')
    const { id } = await scim.user('noor')
    const created = await scim.post('/Users', body('ines', { password: secret }))
    const renamed = await scim.patch(`/Users/${id}`, withPassword({ userName: 'ines' }))
    expect([created.status, renamed.status, host.passwords]).toEqual([409, 409, []])
  })

  it('is set once by a write that loses races, and not at all where If-Match ends it', async () => {
    const { host, adapters } = await hosted(make)
    let races = 0
    const replace: Adapters['users']['replace'] = async (given, user, write) => {
      if (races > 0) {
        races -= 1
        const version = randomUUID()
        const rival = { ...user, meta: { ...user.meta, version } }
        await adapters.users.replace(given, rival, { ...write, outbox: undefined })
      }
      return adapters.users.replace(given, user, write)
    }
    const scim = await serve({ ...adapters, users: { ...adapters.users, replace } })
    const { id, meta } = await scim.user('ines')
    races = 1
    const headers = { 'If-Match': meta.version }
    const ended = await scim.patch(`/Users/${id}`, withPassword(), { headers })
    expect([ended.status, host.passwords]).toEqual([412, []])
    races = 2
    expect((await scim.patch(`/Users/${id}`, withPassword())).status).toBe(200)
    expect(host.passwords).toEqual([`ines ${secret}`])
  })

  it('that the host refuses leaves everything as it was (R1, R32)', async () => {
    const { host, adapters } = await hosted(make)
    const scim = await serve(adapters)
    const { id } = await scim.user('ines', { title: 'before' })
    host.fails = refused()
    expect((await scim.post('/Users', body('noor', { password: 'short' }))).status).toBe(400)
    const changed = await scim.patch(`/Users/${id}`, withPassword({ title: 'after' }))
    expect([changed.status, changed.body.scimType]).toEqual([400, 'invalidValue'])
    const { body: list } = await scim.get('/Users')
    expect(list.Resources.map(({ userName, title }: User) => [userName, title])).toEqual([
      ['ines', 'before'],
    ])
    host.fails = undefined
    expect((await scim.post('/Users', body('noor', { password: secret }))).status).toBe(201)
    expect(scim.events.filter(({ event }) => event === 'user.created')).toHaveLength(2)
  })

  it('that the host cannot take now leaves nobody new behind, and keeps a change that must not be lost', async () => {
    const { host, adapters } = await hosted(make)
    const scim = await serve(adapters)
    const { id } = await scim.user('ines')
    host.fails = down()
    const created = await scim.post('/Users', body('noor', { password: secret }))
    expect([created.status, created.headers.get('retry-after')]).toEqual([503, '7'])
    const changed = await scim.patch(`/Users/${id}`, withPassword({ active: false }))
    expect([changed.status, (await scim.get(`/Users/${id}`)).body.active]).toEqual([503, false])
    host.fails = undefined
    expect((await scim.post('/Users', body('noor', { password: secret }))).status).toBe(201)
    expect((await scim.patch(`/Users/${id}`, withPassword({ active: false }))).status).toBe(200)
    expect(host.passwords).toEqual([`noor ${secret}`, `ines ${secret}`])
  })

  it('is not set where the entry about it cannot be stored first', async () => {
    const { host, adapters } = await hosted(make)
    const append = () => Promise.reject(new Error('The disk is full.'))
    const audit = { append, query: async () => [] }
    const scim = await serve({ ...adapters, audit }, { audit: 'required' })
    const created = await scim.post('/Users', body('noor', { password: secret }))
    expect([created.status, host.passwords]).toEqual([503, []])
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('is handed over while no reconciler works on the person', async () => {
    const { adapters } = await hosted(make)
    const { access, users } = adapters
    if (!access) return
    const claims: number[] = []
    const setPassword = async (given: Scope, user: User) => {
      const claimed = await access.claim({ owner: 'o', limit: 9, leaseMs: 1_000, tenant: 'acme' })
      claims.push(claimed.length)
      expect((await access.pendingOf(given, [user.id])).length).toBe(1)
    }
    const scim = await serve({ ...adapters, users: { ...users, setPassword } })
    const { id } = await scim.user('ines', { password: secret })
    expect(claims).toEqual([0])
    const left = await access.claim({ owner: 'o', limit: 9, leaseMs: 1_000, tenant: 'acme' })
    expect(left.map(({ userId }) => userId)).toEqual([id])
    expect(await access.pendingOf(scope, [id])).toHaveLength(1)
  })
})
