import net from 'node:net'
import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { auditEntry } from '../../lib/events/audit-entry.js'
import { recordStatements } from '../adapters/sql/statements.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { untilWaiting } from './waiting.js'

let database: TestDatabase
let adapters: SqlAdapters
let other: pg.Client

beforeEach(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url, timeoutMs: 500, poolSize: 3 })
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
})
afterEach(async () => {
  await other.end().catch(() => {})
  await adapters.close().catch(() => {})
  await database.drop()
})

const unavailable = { name: 'UnavailableError', message: 'The database cannot answer now.' }

/** Ends all connections of the adapters, as a restart of the server does. */
async function killConnections(): Promise<void> {
  await other.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'label-studio-scim' AND datname = current_database()`,
  )
}

it('changes the members of a group in one statement, with marks and the audit log', async () => {
  const [scope, user, group] = [aScope(), aUser(), aGroup()]
  await adapters.users.create(scope, user, writeOf(user))
  await adapters.groups.create(scope, group, writeOf(group))
  const entry = auditEntry(scope, new Date(), { event: 'group.patched' })
  const outbox = { pending: [user.id], audit: [entry] }
  const change = (members: { add: string[]; remove: string[] }) =>
    adapters.groups.changeMembers?.(scope, group.id, members, { now: user.meta.created, outbox })
  const versions = new Set([group.meta.version])
  for (const [added, removed] of [
    [[user.id], []],
    [[], [user.id]],
  ] as const) {
    const texts = await recordStatements(async () => {
      const changed = await change({ add: [...added], remove: [...removed] })
      expect(changed).toMatchObject({ added, removed, group: { id: group.id } })
      versions.add(changed?.group.meta.version ?? '')
    })
    expect(texts.filter((text) => text.includes('scim_'))).toHaveLength(1)
  }
  expect(versions.size).toBe(3)
  expect(await adapters.access.pendingOf(scope, [user.id])).toMatchObject([{ mark: 2 }])
  expect(await adapters.audit.query(scope, { limit: 10 })).toHaveLength(2)
})

/** How many transactions were rolled back, once all connections of the adapters have ended. */
async function rollbacks(): Promise<number> {
  await adapters.close()
  const ask = async (query: string) => Number((await other.query(query)).rows[0].number)
  while (
    await ask(`SELECT count(*) AS number FROM pg_stat_activity
      WHERE application_name = 'label-studio-scim' AND datname = current_database()`)
  );
  return ask(`SELECT xact_rollback AS number FROM pg_stat_database
    WHERE datname = current_database()`)
}

it('adds somebody who is there already, and removes somebody who is not, without an error', async () => {
  const [scope, user, group] = [aScope(), aUser(), aGroup()]
  await adapters.users.create(scope, user, writeOf(user))
  await adapters.groups.create(scope, group, writeOf(group))
  const before = await rollbacks()
  adapters = await sqlAdapters({ url: database.url, timeoutMs: 500, poolSize: 3 })
  const changes: readonly (readonly ['add' | 'remove', string, number])[] = [
    ['remove', user.id, 0],
    ['add', user.id, 1],
    ['add', user.id, 0],
    ['remove', user.id, 1],
    ['remove', user.id, 0],
  ]
  for (const [what, id, count] of changes) {
    const members = { add: [], remove: [], [what]: [id] }
    const outbox = {
      pending: [id],
      audit: [auditEntry(scope, new Date(), { event: 'group.patched' })],
    }
    const at = { now: user.meta.created, outbox }
    const changed = await adapters.groups.changeMembers?.(scope, group.id, members, at)
    expect((changed?.[what === 'add' ? 'added' : 'removed'] ?? []).length).toBe(count)
  }
  expect(await rollbacks()).toBe(before)
})

it('goes on after all idle connections were lost', async () => {
  const [scope, user] = [aScope(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  await killConnections()
  // Each use may still find a connection of the pool that is not known to be lost.
  const read = () => adapters.users.get(scope, user.id, everything).catch((error: unknown) => error)
  let found = await read()
  for (let lost = 0; found instanceof Error && lost < 20; lost += 1) {
    expect(found).toMatchObject(unavailable)
    found = await read()
  }
  expect(found).toEqual(user)
})

it('answers UnavailableError when connections are lost in the middle of a write, which then did not happen', async () => {
  const [scope, group] = [aScope(), aGroup()]
  await adapters.groups.create(scope, group, writeOf(group))
  await other.query('BEGIN')
  await other.query('SELECT 1 FROM scim_resources WHERE id = $1 FOR UPDATE', [group.id])
  const next = { ...group, meta: { ...group.meta, version: 'next' } }
  const write = { ...writeOf(next), expectedVersion: group.meta.version }
  const replacing = adapters.groups.replace(scope, next, write).catch((error: unknown) => error)
  await untilWaiting(other)
  await killConnections()
  expect(await replacing).toMatchObject(unavailable)
  await other.query('ROLLBACK')
  expect(await adapters.groups.get(scope, group.id, everything)).toEqual(group)
})

it('answers UnavailableError when a row stays locked too long', async () => {
  const [scope, group] = [aScope(), aGroup()]
  await adapters.groups.create(scope, group, writeOf(group))
  await other.query('BEGIN')
  await other.query('SELECT 1 FROM scim_resources WHERE id = $1 FOR UPDATE', [group.id])
  const change = { add: [], remove: ['nobody'] }
  const options = { now: group.meta.created }
  await expect(
    adapters.groups.changeMembers?.(scope, group.id, change, options),
  ).rejects.toMatchObject(unavailable)
  await other.query('ROLLBACK')
  expect(await adapters.groups.changeMembers?.(scope, group.id, change, options)).toMatchObject({
    removed: [],
  })
})

it('answers UnavailableError when all connections are taken', async () => {
  const [scope, group] = [aScope(), aGroup()]
  await adapters.groups.create(scope, group, writeOf(group))
  await other.query('BEGIN')
  await other.query('LOCK TABLE scim_resources IN ACCESS EXCLUSIVE MODE')
  const reads = Array.from({ length: 8 }, () =>
    adapters.groups.get(scope, group.id, everything).catch((error: unknown) => error),
  )
  for (const result of await Promise.all(reads)) expect(result).toMatchObject(unavailable)
  await other.query('ROLLBACK')
  expect(await adapters.groups.get(scope, group.id, everything)).toEqual(group)
})

it('tries again when PostgreSQL finds a deadlock (S-INT-02)', async () => {
  const patient = await sqlAdapters({ url: database.url, timeoutMs: 20_000 })
  const scope = aScope()
  const users = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const user = aUser()
      await patient.users.create(scope, user, writeOf(user))
      return user
    }),
  )
  const groups = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const group = aGroup({ members: users.map(({ id }) => ({ value: id })) })
      await patient.groups.create(scope, group, writeOf(group))
      return group
    }),
  )
  const now = '2026-03-01T00:00:00.000Z'
  const changes = groups.flatMap(({ id }) =>
    users
      .slice(2)
      .map((user) =>
        patient.groups.changeMembers?.(scope, id, { add: [], remove: [user.id] }, { now }),
      ),
  )
  const deletions = users.slice(0, 2).map(({ id }) => patient.users.delete(scope, id, {}))
  await Promise.all([...changes, ...deletions])
  const page = { kind: 'index', offset: 0, limit: 10 } as const
  const { resources } = await patient.groups.query(scope, { ...everything, page })
  expect(resources.map(({ members }) => members)).toEqual(groups.map(() => undefined))
  await patient.close()
})

it('rejects with UnavailableError when nothing listens there', async () => {
  const url = 'postgres://nobody:secret@127.0.0.1:1/none'
  const error = await sqlAdapters({ url, timeoutMs: 500 }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'UnavailableError' })
  // Whoever starts the host must see which server it was.
  expect(String(error)).toContain('127.0.0.1')
  expect(String(error)).not.toContain('secret')
})

it('leaves connections to readers while writers wait for one row (D8)', async () => {
  const [scope, group] = [aScope(), aGroup()]
  await adapters.groups.create(scope, group, writeOf(group))
  await other.query('BEGIN')
  await other.query('SELECT 1 FROM scim_resources WHERE id = $1 FOR UPDATE', [group.id])
  const change = { add: [], remove: ['nobody'] }
  const options = { now: group.meta.created }
  const writes = Array.from({ length: 8 }, () =>
    adapters.groups.changeMembers?.(scope, group.id, change, options),
  )
  const ended = Promise.allSettled(writes)
  await untilWaiting(other)
  for (let reads = 0; reads < 20; reads += 1) {
    expect(await adapters.groups.get(scope, group.id, everything)).toEqual(group)
  }
  await other.query('ROLLBACK')
  await ended
})

it('gives up connections that have fallen silent, and goes on with new ones (D5)', async () => {
  const proxy = await silentProxy(new URL(database.url))
  const behind = await sqlAdapters({ url: proxy.url, timeoutMs: 200, poolSize: 3 })
  const [scope, user] = [aScope(), aUser()]
  await behind.users.create(scope, user, writeOf(user))
  const read = () => behind.users.get(scope, user.id, everything).catch((error: unknown) => error)
  await Promise.all([read(), read(), read()])
  proxy.silence()
  expect(await read()).toMatchObject(unavailable)
  for (let reads = 0; reads < 5; reads += 1) expect(await read()).toEqual(user)
  const second = aUser()
  expect(await behind.users.create(scope, second, writeOf(second))).toEqual(second)
  await behind.close()
  await proxy.close()
})

/** A way to PostgreSQL on which the connections that are open can be made to swallow everything. */
async function silentProxy(target: URL) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as net.AddressInfo).port)
  return {
    url: url.href,
    silence() {
      for (const socket of sockets) socket.unpipe().on('data', () => {})
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('leaves connections for others while queries that no index answers take long', async () => {
  const scope = aScope()
  await other.query('BEGIN')
  await other.query('LOCK TABLE scim_resources IN ACCESS EXCLUSIVE MODE')
  const page = { kind: 'index', offset: 0, limit: 10 } as const
  const sort = { path: { attribute: 'title' }, descending: false } as never
  const searches = Array.from({ length: 8 }, () =>
    adapters.users.query?.(scope, { page, sort, ...everything }).catch((error: unknown) => error),
  )
  await untilWaiting(other)
  const before = performance.now()
  await adapters.access.nextDue()
  expect(performance.now() - before).toBeLessThan(400)
  await other.query('ROLLBACK')
  await Promise.all(searches)
})
