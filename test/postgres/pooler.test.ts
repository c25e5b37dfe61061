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
