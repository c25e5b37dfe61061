import pg from 'pg'
import { examineDatabase, type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type Pooler, startPooler } from '../support/pgbouncer.js'
import { type TestDatabase, untouchedDatabase } from '../support/test-database.js'

let database: TestDatabase
let pooler: Pooler | undefined
let adapters: SqlAdapters | undefined
beforeEach(async () => {
  database = await untouchedDatabase()
})
afterEach(async () => {
  await adapters?.close()
  adapters = undefined
  await pooler?.stop()
  pooler = undefined
  await database.drop()
})

const inTransactions = { pool_mode: 'transaction' }
/** Some poolers take any parameter of a connection and forget it. */
const forgetful = {
  ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
}

it.each([
  ['gives connections out again last first', {}],
  ['gives them out in turns', { server_round_robin: 1 }],
  ['takes any parameter', forgetful],
])('refuses a pooler of transactions that %s', async (_, settings) => {
  pooler = await startPooler(database.url, { ...inTransactions, ...settings })
  const { url } = pooler
  // Twice: the second time the pooler has connections already.
  for (const _ of [1, 2]) {
    await expect(sqlAdapters({ url })).rejects.toMatchObject({
      code: 'ERR_SCIM_DATABASE',
      message: expect.stringContaining('pooler in transaction mode'),
    })
  }
  const findings = await examineDatabase({ url })
  expect(findings.map(({ message }) => message).join()).toContain('pooler in transaction mode')
})

/** Other programs with the same name and database, which leave so many connections behind. */
async function others(url: string, count: number): Promise<readonly pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }))
  await Promise.all(clients.map((client) => client.connect()))
  for (const text of ['begin', 'select 1', 'commit']) {
    await Promise.all(clients.map((client) => client.query(text)))
  }
  return clients
}

it.each([2, 3, 4])(
  'refuses a pooler of transactions that gives %i connections out in turns',
  async (count) => {
    pooler = await startPooler(database.url, { ...inTransactions, server_round_robin: 1 })
    const clients = await others(pooler.url, count)
    const opened = sqlAdapters({ url: pooler.url })
    await expect(opened).rejects.toMatchObject({ code: 'ERR_SCIM_DATABASE' })
    for (const client of clients) await client.end()
  },
)

it('refuses a pooler of transactions that others keep busy', async () => {
  pooler = await startPooler(database.url, inTransactions)
  const { url } = pooler
  let isOver = false
  const working = (await others(url, 6)).map(async (client) => {
    while (!isOver) await client.query('select pg_sleep(0.002)')
    await client.end()
  })
  try {
    for (let time = 0; time < 20; time += 1) {
      await expect(sqlAdapters({ url })).rejects.toMatchObject({ code: 'ERR_SCIM_DATABASE' })
    }
  } finally {
    isOver = true
    await Promise.all(working)
  }
})

it('works through a pooler of sessions as it comes, with its time limits', async () => {
  pooler = await startPooler(database.url, { pool_mode: 'session' })
  adapters = await sqlAdapters({ url: pooler.url, poolSize: 4, timeoutMs: 1_000 })
  const { users } = adapters
  const scope = aScope()
  const people = Array.from({ length: 40 }, () => aUser())
  await Promise.all(people.map((user) => users.create(scope, user, writeOf(user))))
  const ids = people.map(({ id }) => id)
  const found = await Promise.all(ids.map((id) => users.get(scope, id, everything)))
  expect(found.map((user) => user?.id)).toEqual(ids)
})

it('keeps its time limits through a pooler of sessions that forgets them', async () => {
  pooler = await startPooler(database.url, { pool_mode: 'session', ...forgetful })
  adapters = await sqlAdapters({ url: pooler.url, timeoutMs: 1_000 })
  const { access } = adapters
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('begin; lock table scim_values')
  const stored = access.setValue(aScope(), 'one', 'stored')
  const error = await stored.catch((failure: unknown) => failure).finally(() => other.end())
  expect(error).toMatchObject({ cause: { message: expect.stringContaining('lock timeout') } })
})
