import { PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { Pool, PoolClient, PoolConfig } from 'pg'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { Connection } from './dialect.js'
import { postgresDialect } from './postgres.js'
import { createTurns } from './turns.js'

const int8 = 20
const maxNames = 500

/**
 * How queries are planned, so that they are as fast on a database that has just been filled as on
 * one that has been analysed. Joins are made in the order in which they are written, by indexes.
 * The planner cannot know how few rows a bound list or a recursive step has, and would read a
 * tenant's whole table to hash it. Plans are made for each execution: one that is kept was made
 * when the tables were as small as they are no more. And no plan is worth compiling, however many
 * rows the planner expects.
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

interface PoolSettings {
  readonly poolSize: number
  readonly timeoutMs: number
}

/**
 * Opens a pool of connections to PostgreSQL. A lost connection fails the statements on it and
 * nothing else.
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
    // Longer than the server's own limit, so that it ends only what gets no answer at all.
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
  // Without listeners, a connection that is lost while nobody uses it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    client.query(planning).catch(() => {})
  })
  const names = new Map<string, string>()
  const connections = trackConnections(pool, names)
  const writers = createTurns(Math.max(1, poolSize - Math.ceil(poolSize / 4)), timeoutMs)
  const end = endOnce(() => pool.end())
  return {
    dialect: postgresDialect,
    writer: new PostgresDialect({
      pool: {
        async connect() {
          await writers.take()
          return connections.take(writers.give).catch((error: unknown) => {
            writers.give()
            throw error
          })
        },
        end,
      },
    }),
    // Writers that wait for one row leave a quarter of the connections to readers.
    reader: new PostgresDialect({ pool: { connect: () => connections.take(), end } }),
    onCompiled(text) {
      // Filters make texts without end; those that come first are those that come often.
      if (names.size < maxNames && !names.has(text)) names.set(text, `scim_${names.size}`)
    },
  }
}

function endOnce(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined
  return () => {
    ended ??= end()
    return ended
  }
}

/**
 * Gives connections of a pool, and takes out of it those that failed. When one of them has been
 * silent for too long, all that are older than that are not used any more: whatever swallowed its
 * packets swallows theirs.
 */
function trackConnections(pool: Pool, names: ReadonlyMap<string, string>) {
  const openedAt = new WeakMap<PoolClient, number>()
  let silentSince = Number.NEGATIVE_INFINITY
  pool.on('connect', (client) => openedAt.set(client, performance.now()))
  return {
    async take(onRelease = () => {}): Promise<PostgresPoolClient> {
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

/** Statements with a name are parsed and planned once for each connection. */
function clientOf(
  client: PoolClient,
  names: ReadonlyMap<string, string>,
  { onSilence, onRelease }: ClientEvents,
): PostgresPoolClient {
  let isBroken = false
  const query = async (text: string, values: readonly unknown[]) => {
    // A connection that is given up needs no rollback, and the first failure is the one to tell.
    if (isBroken && text === 'rollback') return { command: 'ROLLBACK', rowCount: 0, rows: [] }
    const name = names.get(text)
    try {
      return await client.query({ text, values: [...values], ...(name !== undefined && { name }) })
    } catch (error) {
      const { message, severity } = error as { message?: unknown; severity?: unknown }
      // Only an answer of the server has a severity.
      isBroken ||= severity === undefined || severity === 'FATAL'
      if (message === silence) onSilence()
      throw error
    }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
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
