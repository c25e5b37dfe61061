import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

let database: TestDatabase
let hosts: SqlAdapters[]
let other: pg.Client
const scope = aScope()
const now = '2026-03-01T00:00:00.000Z'

beforeEach(async () => {
  database = await testDatabase()
  hosts = await Promise.all([0, 1].map(() => sqlAdapters({ url: database.url, timeoutMs: 20_000 })))
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
})
afterEach(async () => {
  await other.end()
  await Promise.all(hosts.map((host) => host.close()))
  await database.drop()
})

/** How many deadlocks PostgreSQL has resolved in this database. */
async function deadlocks(): Promise<number> {
  await other.query('select pg_stat_clear_snapshot()')
  const { rows } = await other.query(
    'select deadlocks::int as count from pg_stat_database where datname = current_database()',
  )
  return rows[0].count
}

function host(index: number): SqlAdapters {
  const [first, second] = hosts as [SqlAdapters, SqlAdapters]
  return index % 2 === 0 ? first : second
}

async function somePeople(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => aUser())
  await Promise.all(people.map((user) => host(0).users.create(scope, user, writeOf(user))))
  return people.map(({ id }) => id)
}

/** In an order of its own for each number. */
function shuffled(ids: readonly string[], seed: number): string[] {
  const key = (id: string) => id.charCodeAt(seed % 30) * 1000 + id.charCodeAt((seed * 7) % 30)
  return [...ids].sort((a, b) => key(a) - key(b))
}

it('renames groups and takes the same people out of them at the same time without a deadlock (D4)', async () => {
  const people = await somePeople(60)
  const groups = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const members = shuffled(people, index).map((value) => ({ value }))
      const group = aGroup({ members })
      await host(0).groups.create(scope, group, writeOf(group))
      return group
    }),
  )
  const change = async (index: number) => {
    const group = groups[index % groups.length]
    if (group === undefined) throw new Error('No group.')
    const { groups: store } = host(index)
    const stored = await store.get(scope, group.id, everything)
    if (stored === undefined) throw new Error('Not found.')
    const remove = shuffled(people, index).slice(0, 40)
    const outbox = { pending: [group.id], audit: [] }
    if (index % 3 === 0) {
      return store.changeMembers?.(scope, group.id, { add: remove, remove: [] }, { now, outbox })
    }
    const next = {
      ...stored,
      displayName: `${index}`,
      meta: { ...stored.meta, version: `v${index}` },
    }
    const write = { ...writeOf(next), expectedVersion: stored.meta.version, outbox }
    return store.replace(scope, next, { ...write, members: { add: [], remove } })
  }
  for (let round = 0; round < 6; round += 1) {
    const changes = Array.from({ length: 48 }, (_, index) => change(round * 48 + index))
    for (const result of await Promise.allSettled(changes)) {
      if (result.status === 'fulfilled') continue
      expect(result.reason).toMatchObject({ code: 'ERR_SCIM_VERSION_MISMATCH' })
    }
  }
  expect(await deadlocks()).toBe(0)
})

it('deletes people while they are added to groups without a deadlock, and leaves none behind (D4)', async () => {
  for (let round = 0; round < 5; round += 1) {
    const people = await somePeople(20)
    const groups = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const group = aGroup({ members: people.slice(0, 10).map((value) => ({ value })) })
        await host(0).groups.create(scope, group, writeOf(group))
        return group.id
      }),
    )
    const added = groups.map((id, index) =>
      host(index).groups.changeMembers?.(
        scope,
        id,
        { add: shuffled(people, index), remove: [] },
        { now, outbox: { pending: [id, ...people], audit: [] } },
      ),
    )
    const deleted = people.map((id, index) =>
      host(index).users.delete(scope, id, { outbox: { pending: [id], audit: [] } }),
    )
    await Promise.allSettled(added)
    await Promise.all(deleted)
    for (const id of groups) {
      const group = await host(1).groups.get(scope, id, everything)
      expect(group?.members).toBeUndefined()
    }
  }
  const { rows } = await other.query('select count(*)::int as count from scim_members')
  expect([rows[0].count, await deadlocks()]).toEqual([0, 0])
})
