import type { Pool, PoolClient, PoolConfig } from 'pg'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { Connection, SqlClient } from './dialect.js'
import { postgresDialect } from './postgres.js'
import { createTurns } from './turns.js'

const int8 = 20
const maxNames = 500

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

interface PoolSettings {
  readonly poolSize: number
  readonly timeoutMs: number
}

/**
 * Opens a pool of connections to PostgreSQL. A lost connection only fails the statements on it.
 *
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` when `pg` is not installed
 */
export async function openPostgres(
  url: string,
  { poolSize, timeoutMs }: PoolSettings,
): Promise<Connection> {
  const { Pool, types } = await loadPg()
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs * 3,
    lock_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs * 6,
    // Longer than the server's own limit, so that it only ends statements without any answer.
    query_timeout: timeoutMs * 3 + 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    application_name: 'label-studio-scim',
    types: {
      // Numbers stay far below 2^53: milliseconds, counts and sequence numbers.
      getTypeParser: (oid: number, format?: 'text') =>
        oid === int8 ? Number : types.getTypeParser(oid, format),
    } as NonNullable<PoolConfig['types']>,
  })
  // Without a listener, losing an idle connection would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    client.query(planning).catch(() => {})
  })
  const names = new Map<string, string>()
  const connections = trackConnections(pool, names)
  const writers = createTurns(Math.max(1, poolSize - Math.ceil(poolSize / 4)), timeoutMs)
  return {
    dialect: postgresDialect,
    writer: {
      async take() {
        await writers.take()
        return connections.take(writers.give).catch((error: unknown) => {
          writers.give()
          throw error
        })
      },
    },
    // Reserves a quarter of the connections for readers, even while writers wait for a row.
    reader: { take: () => connections.take() },
    onCompiled(text) {
      // Filters produce an unlimited number of texts; the first ones are usually the frequent ones.
      if (names.size < maxNames && !names.has(text)) names.set(text, `scim_${names.size}`)
    },
    close: () => pool.end(),
  }
}

/**
 * Gives out connections of a pool, and removes failed ones. If a connection did not answer in time,
 * all connections as old as it are removed too, because their packets are probably lost as well.
 */
function trackConnections(pool: Pool, names: ReadonlyMap<string, string>) {
  const openedAt = new WeakMap<PoolClient, number>()
  let silentSince = Number.NEGATIVE_INFINITY
  pool.on('connect', (client) => openedAt.set(client, performance.now()))
  return {
    async take(onRelease = () => {}): Promise<SqlClient> {
      let client = await pool.connect()
      while ((openedAt.get(client) ?? 0) < silentSince) {
        client.release(true)
        client = await pool.connect()
      }
      return clientOf(client, names, {
        onSilence: () => {
          silentSince = performance.now()
        },
        onRelease,
      })
    },
  }
}

interface ClientEvents {
  readonly onSilence: () => void
  readonly onRelease: () => void
}

const silence = 'Query read timeout'

/** Named statements are parsed only once per connection. */
function clientOf(
  client: PoolClient,
  names: ReadonlyMap<string, string>,
  { onSilence, onRelease }: ClientEvents,
): SqlClient {
  let isBroken = false
  return {
    async run(text, values) {
      // An abandoned connection needs no rollback, and the first failure is the one to report.
      if (isBroken && text === 'rollback') return { rows: [], count: 0 }
      const name = names.get(text)
      try {
        const query = { text, values: [...values], ...(name !== undefined && { name }) }
        const { rows, rowCount } = await client.query(query)
        return { rows, count: rowCount ?? 0 }
      } catch (error) {
        const { message, severity } = error as { message?: unknown; severity?: unknown }
        // Only the server's answers have a severity.
        isBroken ||= severity === undefined || severity === 'FATAL'
        if (message === silence) onSilence()
        throw error
      }
    },
    release() {
      client.release(isBroken)
      onRelease()
    },
  }
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
