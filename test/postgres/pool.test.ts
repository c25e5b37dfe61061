import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

const scope = aScope()

let database: TestDatabase
let host: SqlAdapters | undefined
let other: pg.Client

beforeEach(async () => {
  database = await testDatabase()
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
})
afterEach(async () => {
  await other.end()
  await host?.close()
  await database.drop()
})

/** How many connections of the host wait for a lock. */
async function waiting(): Promise<number> {
  // PostgreSQL keeps the answer until the end of a transaction, which holds the lock here.
  await other.query('select pg_stat_clear_snapshot()')
  const { rows } = await other.query(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0].count
}

/** Fails by the time limit of the test. */
async function untilWaiting(count: number): Promise<void> {
  while ((await waiting()) < count);
}

it.each([5, 10])(
  'answers a gate while reads and writes wait on all other connections of %i',
  async (poolSize) => {
    host = await sqlAdapters({ url: database.url, poolSize })
    const { users, workspaceStore } = host
    await other.query('begin; lock table scim_resources')
    const reads = Array.from({ length: 3 * poolSize }, () =>
      users.get(scope, 'someone', everything),
    )
    const writes = Array.from({ length: poolSize }, () => users.delete(scope, 'someone', {}))
    await untilWaiting(poolSize - 1)
    expect(await workspaceStore.version(scope)).toBe('0')
    expect(await waiting()).toBe(poolSize - 1)
    await other.query('commit')
    await Promise.allSettled([...reads, ...writes])
  },
)

it('answers a gate about somebody whom it did not know, too', async () => {
  const poolSize = 5
  host = await sqlAdapters({ url: database.url, poolSize })
  const { access, groups, users } = host
  const user = aUser({ userName: 'ann@example.com', active: true })
  await users.create(scope, user, writeOf(user))
  const account = { id: '7', origin: 'created' } as const
  const nothing = { applied: [], deferred: [], notes: [], hadRole: false }
  const at = new Date().toISOString()
  await access.saveRecord(scope, { userId: user.id, account, ...nothing, at })
  await other.query('begin; lock table scim_pending')
  const reads = Array.from({ length: 3 * poolSize }, () => access.summary(scope))
  await untilWaiting(poolSize - 1)
  expect(await groups.personByAccount?.(scope, '7')).toMatchObject({ user: { id: user.id } })
  expect(await waiting()).toBe(poolSize - 1)
  await other.query('commit')
  await Promise.all(reads)
})

it.each([1, 2, 4])('reads and writes with a pool of %i', async (poolSize) => {
  host = await sqlAdapters({ url: database.url, poolSize })
  const { users, workspaceStore } = host
  const reads = Array.from({ length: 20 }, () => users.get(scope, 'someone', everything))
  const versions = Array.from({ length: 20 }, () => workspaceStore.version(scope))
  expect(new Set(await Promise.all(reads))).toEqual(new Set([undefined]))
  expect(new Set(await Promise.all(versions))).toEqual(new Set(['0']))
})
