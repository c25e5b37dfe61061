import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { untilWaiting, waiting } from './waiting.js'

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
    await untilWaiting(other, poolSize - 1)
    expect(await workspaceStore.version(scope)).toBe('0')
    expect(await waiting(other)).toBe(poolSize - 1)
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
  await untilWaiting(other, poolSize - 1)
  expect(await groups.personByAccount?.(scope, '7')).toMatchObject({ user: { id: user.id } })
  expect(await waiting(other)).toBe(poolSize - 1)
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
