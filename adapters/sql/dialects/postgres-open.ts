import { createHash } from 'node:crypto'
import type { Pool, PoolClient, PoolConfig } from 'pg'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { Connection, SqlClient, SqlClients } from './dialect.js'
import { postgresDialect } from './postgres.js'
import { type ClientLimits, clientOf } from './postgres-client.js'
import { type ServerClock, serverClock } from './postgres-clock.js'
import { prepareSession, requireSessions, type SessionLimits } from './postgres-session.js'
import { createTurns, type Turns } from './turns.js'

const int8 = 20
const maxNames = 500

/** What a pool of connections is opened with. */
export interface PoolSettings {
  readonly poolSize: number
  readonly timeoutMs: number
  /** How long the server may work on one statement; 0 for as long as it must. */
  readonly statementMs?: number
  /** Whether it is known that no pooler in transaction mode is in front. */
  readonly isChecked?: boolean
}

/**
 * Opens a pool of connections to PostgreSQL. A lost connection only fails the statements on it.
 *
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` when `pg` is not installed, `ERR_SCIM_DATABASE`
 *   behind a pooler in transaction mode, which two connections are needed to tell
 */
export async function openPostgres(
  url: string,
  { poolSize, timeoutMs, statementMs = timeoutMs * 3, isChecked = false }: PoolSettings,
): Promise<Connection> {
  const { Pool, types } = await loadPg()
  const limits = {
    loneMs: timeoutMs,
    statementMs,
    lockMs: timeoutMs,
    // Shorter than `query_timeout`: the server has ended a transaction whose COMMIT does not arrive
    // before this host gives it up.
    idleMs: timeoutMs * 2,
  }
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    // Longer than the server's own limit, so that it only ends statements without any answer.
    query_timeout: statementMs === 0 ? 0 : statementMs + 1000,
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
  })
  const names = new Map<string, string>()
  const connections = trackConnections(pool, { names, ...limits })
  if (poolSize > 1 && !isChecked) {
    await requireSessions(connections.take).catch(async (error: unknown) => {
      await pool.end()
      throw error
    })
  }
  const onCompiled = (text: string) => {
    // Filters produce an unlimited number of texts; the first ones are usually the frequent ones.
    if (names.size < maxNames && !names.has(text)) names.set(text, nameOf(text))
  }
  const atMost = (most: number, take: Take) =>
    inTurns(take, createTurns(most, timeoutMs), () => pool.ending)
  const mostWriters = Math.max(1, poolSize - Math.ceil(poolSize / 4))
  // Leaves a connection to what is urgent. Readers get one even while writers wait for a row.
  const others = atMost(Math.max(mostWriters + 1, poolSize - 1), connections.take)
  const writers = atMost(mostWriters, others)
  // Leaves half of the connections for what indexes answer.
  const scans = atMost(Math.ceil(poolSize / 2), others)
  return {
    dialect: postgresDialect,
    writer: { take: writers },
    reader: { take: others },
    urgent: { take: connections.take },
    scanner: scannerOn({ take: scans }, onCompiled),
    onCompiled,
    server: connections.server,
    close: () => pool.end(),
  }
}

/** The same on each host, so that a name never stands for another statement. */
function nameOf(text: string): string {
  return `scim_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

/** Takes a client; `onRelease` is called once it is given back. */
type Take = (onRelease?: () => void) => Promise<SqlClient>

/** Takes a client once there is a turn. */
function inTurns(take: Take, turns: Turns, isEnding: () => boolean): Take {
  return async (onRelease = () => {}) => {
    // It refuses at once, while those who have a turn may wait for a client until they time out.
    if (isEnding()) return take(onRelease)
    await turns.take()
    const give = () => {
      turns.give()
      onRelease()
    }
    return take(give).catch((error: unknown) => {
      turns.give()
      throw error
    })
  }
}

function scannerOn(
  clients: SqlClients,
  onCompiled: (text: string) => void,
): NonNullable<Connection['scanner']> {
  return {
    async scan({ text, values }, signal) {
      onCompiled(text)
      const client = await clients.take()
      try {
        signal?.throwIfAborted()
        return (await client.run(text, values)).rows
      } finally {
        client.release()
      }
    },
    close: async () => {},
  }
}

interface Opened {
  readonly at: number
  readonly clock: ServerClock
  /** Resolves once the planner is set and the server's clock is known. */
  readonly isReady: Promise<void>
}

interface Settings extends ClientLimits, SessionLimits {
  readonly names: ReadonlyMap<string, string>
}

/**
 * Gives out connections of a pool, and removes failed ones. If a connection did not answer in time,
 * all connections as old as it are removed too, because their packets are probably lost as well.
 * So are those to another server than the one that answered last, e.g. one that was replaced.
 */
function trackConnections(pool: Pool, settings: Settings) {
  const opened = new WeakMap<PoolClient, Opened>()
  let keptSince = Number.NEGATIVE_INFINITY
  let server: string | undefined
  pool.on('connect', (client) => {
    const at = performance.now()
    const clock = serverClock()
    const prepare = async () => {
      await prepareSession(client, settings)
      const name = await clock.read((text) => client.query(text))
      if (server !== undefined && server !== name) keptSince = Math.max(keptSince, at)
      server = name
    }
    const isReady = prepare()
    // Whoever gets the connection learns of it.
    isReady.catch(() => {})
    opened.set(client, { at, clock, isReady })
  })
  const connect = async () => {
    const client = await pool.connect()
    const found = opened.get(client) as Opened
    try {
      await found.isReady
    } catch (error) {
      client.release(true)
      throw error
    }
    return { client, ...found }
  }
  return {
    server: () => server,
    async take(onRelease = () => {}): Promise<SqlClient> {
      let { client, at, clock } = await connect()
      while (at < keptSince) {
        client.release(true)
        ;({ client, at, clock } = await connect())
      }
      const onSilence = () => {
        keptSince = performance.now()
      }
      return clientOf(client, { ...settings, clock, onSilence, onRelease })
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
