import { setTimeout as delay } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { isBusy } from './sqlite.js'
import { createTurns } from './turns.js'

/** A prepared statement of any driver. */
export interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean
  all(parameters: readonly unknown[]): unknown[]
  /** Returns the number of changed rows. */
  run(parameters: readonly unknown[]): number
}

/** An open connection of any driver; everything is synchronous. */
export interface SqliteHandle {
  prepare(text: string): SqliteStatement
  close(): void
}

export interface SqliteDriverOptions {
  /** How long to wait for another connection's write lock, in milliseconds. */
  readonly timeoutMs: number
  /** Whether users of the connection take turns; needed wherever there are transactions. */
  readonly exclusive: boolean
}

const maxStatements = 500

/**
 * A Kysely dialect over one connection. It prepares each statement once, begins transactions with
 * the write lock (BEGIN IMMEDIATE), and waits for the locks of other connections without blocking
 * the event loop.
 */
export function sqliteKysely(handle: SqliteHandle, options: SqliteDriverOptions): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(handle, options),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

function sqliteDriver(handle: SqliteHandle, { timeoutMs, exclusive }: SqliteDriverOptions): Driver {
  const turns = exclusive ? createTurns(1, timeoutMs) : undefined
  const connection = sqliteConnection(handle, timeoutMs)
  const command = (text: string) => async () => {
    await connection.executeQuery(CompiledQuery.raw(text))
  }
  return {
    async init() {},
    async acquireConnection() {
      await turns?.take()
      return connection
    },
    async releaseConnection() {
      turns?.give()
    },
    beginTransaction: command('begin immediate'),
    commitTransaction: command('commit'),
    // A full disk or a failed read or write has already ended the transaction; that failure is the
    // one to report.
    rollbackTransaction: () => command('rollback')().catch(() => {}),
    async destroy() {
      await turns?.takeAtLast()
      handle.close()
    },
  }
}

function sqliteConnection(handle: SqliteHandle, timeoutMs: number): DatabaseConnection {
  const prepare = statementCache(handle)
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        try {
          const prepared = prepare(sql)
          if (prepared.reader) return { rows: prepared.all(parameters) as Row[] }
          return { rows: [], numAffectedRows: BigInt(prepared.run(parameters)) }
        } catch (error) {
          if (!isBusy(error) || Date.now() >= deadline) throw error
        }
        await delay(1 + Math.random() * 15)
      }
    },
    // biome-ignore lint/correctness/useYield: nothing here streams
    async *streamQuery() {
      throw new Error('Streaming is not used.')
    },
  }
}

/**
 * Caches prepared statements and drops the least recently used ones, because filters produce an
 * unlimited number of texts.
 */
function statementCache(handle: SqliteHandle): (text: string) => SqliteStatement {
  const statements = new Map<string, SqliteStatement>()
  return (text) => {
    const known = statements.get(text)
    if (known) statements.delete(text)
    const prepared = known ?? handle.prepare(text)
    statements.set(text, prepared)
    if (statements.size > maxStatements) {
      for (const oldest of statements.keys()) {
        statements.delete(oldest)
        break
      }
    }
    return prepared
  }
}
