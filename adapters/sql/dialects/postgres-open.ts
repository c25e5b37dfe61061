import { PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { PoolClient, PoolConfig } from 'pg'
import { ConfigurationError } from '../../../lib/errors.js'
import type { Connection } from './dialect.js'
import { postgresDialect } from './postgres.js'

const int8 = 20
const mostNames = 500

/**
 * How queries are planned, so that they are as fast on a database that has just been filled as on one that has been
 * analysed. Joins are made in the order in which they are written, by indexes. The planner cannot know how few rows a bound list or
 * a recursive step has, and would read a tenant's whole table to hash it. Plans are made for each execution: one that is kept was made when the
 * tables were as small as they are no more. And no plan is worth compiling, however many rows the planner expects.
 */
const planning = [
  'set jit = off',
  'set plan_cache_mode = force_custom_plan',
  'set join_collapse_limit = 1',
  'set enable_seqscan = off',
  'set enable_hashjoin = off',
  'set enable_mergejoin = off',
  'set enable_material = off',
].join('; ')

/**
 * Opens a pool of connections to PostgreSQL. A lost connection fails the statements on it and nothing else.
 *
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` when `pg` is not installed
 */
export async function openPostgres(
  url: string,
  { poolSize, timeoutMs }: { readonly poolSize: number; readonly timeoutMs: number },
): Promise<Connection> {
  const { Pool, types } = await loadPg()
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs * 3,
    lock_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs * 6,
    keepAlive: true,
    application_name: 'label-studio-scim',
    types: {
      // Numbers stay far below 2^53: milliseconds, counts and sequence numbers.
      getTypeParser: (oid: number, format?: 'text') =>
        oid === int8 ? Number : types.getTypeParser(oid, format),
    } as NonNullable<PoolConfig['types']>,
  })
  // Without listeners, a connection that is lost while nobody uses it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    client.query(planning).catch(() => {})
  })
  const names = new Map<string, string>()
  return {
    dialect: postgresDialect,
    writer: new PostgresDialect({
      pool: {
        connect: async () => clientOf(await pool.connect(), names),
        end: () => pool.end(),
      },
    }),
    onCompiled(text) {
      // Filters make texts without end; those that come first are those that come often.
      if (names.size < mostNames && !names.has(text)) names.set(text, `scim_${names.size}`)
    },
  }
}

/** Statements with a name are parsed and planned once for each connection. */
function clientOf(client: PoolClient, names: ReadonlyMap<string, string>): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]) => {
    const name = names.get(text)
    return client.query({ text, values: [...values], ...(name !== undefined && { name }) })
  }
  return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release() }
}

async function loadPg(): Promise<typeof import('pg')> {
  try {
    const module = await import('pg')
    return (module.default as typeof module | undefined) ?? module
  } catch {
    throw new ConfigurationError(
      'ERR_SCIM_NO_DRIVER',
      'PostgreSQL needs the package "pg": npm install pg.',
    )
  }
}
