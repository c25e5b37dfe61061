import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import createDebug from 'debug'
import type { PoolClient } from 'pg'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { SqlClient } from './dialect.js'
import { isAnswer } from './postgres-client.js'

const debug = createDebug('label-studio-scim:sql')

/**
 * Planner settings, so that queries are as fast on a newly filled database as on an analysed one.
 * Joins run in the written order, by indexes: the planner cannot know how few rows a bound list or
 * a recursive step has, and would hash a tenant's whole table. So no plan depends on values or on
 * the size of tables, and each connection makes it once, which takes longer than to execute it. JIT
 * compilation never pays off.
 */
const planning = [
  'set jit = off',
  'set plan_cache_mode = force_generic_plan',
  'set join_collapse_limit = 1',
  'set enable_seqscan = off',
  'set enable_hashjoin = off',
  'set enable_mergejoin = off',
  'set enable_material = off',
].join('; ')

/** Time limits that the server keeps, in milliseconds. */
export interface SessionLimits {
  readonly statementMs: number
  readonly lockMs: number
  readonly idleMs: number
}

/**
 * What our statements rely on, whatever is the default of the database or the role: a statement
 * sees what was committed while it waited for a lock.
 */
const isolation = "set default_transaction_isolation = 'read committed'"

/**
 * Prepares a new connection. Its limits are set by statements, because poolers refuse or ignore
 * most parameters of a connection.
 */
export async function prepareSession(client: PoolClient, limits: SessionLimits): Promise<void> {
  await client.query(
    [
      isolation,
      `set statement_timeout = ${limits.statementMs}`,
      `set lock_timeout = ${limits.lockMs}`,
      `set idle_in_transaction_session_timeout = ${limits.idleMs}`,
    ].join('; '),
  )
  await client.query(planning).catch(tellAnswered)
}

/** Without these settings the server works too, only slower. */
function tellAnswered(error: unknown): void {
  if (!isAnswer(error)) throw error
  debug('PostgreSQL refused the settings of its planner: %O', error)
}

/**
 * Refuses a pooler that gives each transaction another connection: settings and prepared statements
 * would get lost, or meet those of other programs.
 *
 * @param take takes a connection; two are needed at the same time
 * @throws ConfigurationError `ERR_SCIM_DATABASE`
 */
export async function requireSessions(take: () => Promise<SqlClient>): Promise<void> {
  const first = await take()
  try {
    const second = await take()
    try {
      if (await keepsSettings(first, second)) return
    } finally {
      second.release()
    }
  } finally {
    first.release()
  }
  throw new ConfigurationError(
    'ERR_SCIM_DATABASE',
    'PostgreSQL is reached through a pooler in transaction mode, where settings and prepared ' +
      'statements get lost. Let it pool sessions, or give the address of PostgreSQL itself.',
  )
}

/** By chance, such a pooler may give the same connections again in some of them. */
const rounds = 8
const longestPauseMs = 5

async function keepsSettings(first: SqlClient, second: SqlClient): Promise<boolean> {
  for (let round = 0; round < rounds; round += 1) {
    if (!(await keepsMark(first, second))) return false
    // So that others who use the pooler change the order of its connections.
    await delay(Math.random() * longestPauseMs)
  }
  return true
}

/**
 * The transaction of the second one keeps the connection that a pooler would give next which gives
 * out the last one first. One that gives them out in turns gives another one when asked twice.
 */
async function keepsMark(first: SqlClient, second: SqlClient): Promise<boolean> {
  const mark = (value: string) =>
    `select set_config('label_studio_scim.connection', '${value}', false)`
  const own = randomUUID()
  await first.run(mark(own), [])
  await second.run(mark('second'), [])
  await second.run('begin', [])
  try {
    return (await readMark(first)) === own && (await readMark(first)) === own
  } finally {
    await second.run('commit', [])
  }
}

async function readMark(client: SqlClient): Promise<unknown> {
  const read = `select current_setting('label_studio_scim.connection', true) as mark`
  const [row] = (await client.run(read, [])).rows as readonly { readonly mark: unknown }[]
  return row?.mark
}
