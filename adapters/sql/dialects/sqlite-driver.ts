import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { UnavailableError } from '../../../lib/adapter/index.js'
import type { SqlClient, SqlClients, StatementResult } from './dialect.js'
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

/** The users of one connection. */
export interface SqliteClients extends SqlClients {
  /** Runs a statement that only reads; `undefined` while somebody uses the connection. */
  readIfIdle(text: string, values: readonly unknown[]): StatementResult | undefined
  /** As of a `Connection`; for an exclusive connection. */
  state(): string | undefined
  /** Waits until nobody uses the connection, and closes it. */
  close(): Promise<void>
}

const maxStatements = 500

/**
 * Gives one connection to one user after the other, or to all at once. It prepares each statement
 * once, and waits for the locks of other connections without blocking the event loop.
 */
export function sqliteClients(
  handle: SqliteHandle,
  { timeoutMs, exclusive }: SqliteDriverOptions,
): SqliteClients {
  const turns = exclusive ? createTurns(1, timeoutMs) : undefined
  const cached = statementCache(handle)
  let isClosed = false
  let uses = 0
  const prepare = (text: string) => {
    if (isClosed) throw new UnavailableError('The database is closed.')
    return cached(text)
  }
  const client: SqlClient = {
    run(text, values) {
      const attempt = () => resultOf(prepare(text), values)
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      return whenUnlocked(attempt, timeoutMs)
    },
    release: () => turns?.give(),
  }
  return {
    take() {
      uses += 1
      return turns?.take()?.then(() => client) ?? client
    },
    state() {
      if (turns?.areFree() === false) return undefined
      try {
        // Tells what others have committed, but nothing of what this connection has.
        const [row] = prepare('pragma data_version').all([])
        return `${uses} ${(row as { data_version: number }).data_version}`
      } catch {
        // The statement that reads instead reports what is wrong.
        return undefined
      }
    },
    readIfIdle(text, values) {
      if (turns?.areFree() === false) return undefined
      try {
        return resultOf(prepare(text), values)
      } catch (error) {
        if (isBusy(error)) return undefined
        throw error
      }
    },
    async close() {
      await turns?.close()
      isClosed = true
      handle.close()
    },
  }
}

/**
 * Reads on the connection of the writer while it is idle. After each commit of another connection,
 * SQLite drops everything that a connection has cached, which takes longer than most reads.
 */
export function readerOf(writer: SqliteClients, other: SqlClient): SqlClients {
  const client: SqlClient = {
    run: (text, values) => writer.readIfIdle(text, values) ?? other.run(text, values),
    release: other.release,
  }
  return { take: () => client }
}

function resultOf(prepared: SqliteStatement, values: readonly unknown[]): StatementResult {
  if (!prepared.reader) return { rows: [], count: prepared.run(values) }
  const rows = prepared.all(values)
  return { rows, count: rows.length }
}

/** Tries again until no other connection has a lock. */
async function whenUnlocked<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    await delay(1 + Math.random() * 15)
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
  }
}

/**
 * Caches prepared statements and drops the least recently used ones, because filters produce an
 * unlimited number of texts.
 */
function statementCache(handle: SqliteHandle): (text: string) => SqliteStatement {
  const statements = new Map<string, SqliteStatement>()
  return (text) => {
    const prepared = statements.get(text) ?? handle.prepare(text)
    statements.delete(text)
    statements.set(text, prepared)
    if (statements.size > maxStatements) {
      const [oldest = ''] = statements.keys()
      statements.delete(oldest)
    }
    return prepared
  }
}

/** After this time, statements let other work of the event loop come in between. */
const mostAtOnceMs = 2

/**
 * For a driver that works in this thread: runs a statement in the next turn of the event loop if
 * earlier ones have taken long, so that a request of many statements does not block it until its
 * end. Readers and writers each keep their own pace, so that a short read waits for no long change.
 */
export function paced(clients: SqlClients): SqlClients {
  const pace = createPace()
  const wrap = ({ run, release }: SqlClient): SqlClient => ({
    run: (text, values) => pace(() => run(text, values)),
    release,
  })
  return {
    take() {
      const client = clients.take()
      return client instanceof Promise ? client.then(wrap) : wrap(client)
    },
  }
}

function createPace() {
  let spentMs = 0
  const timed = <T>(work: () => T): T => {
    const startedAt = performance.now()
    const result = work()
    spentMs += performance.now() - startedAt
    return result
  }
  return <T>(work: () => T | Promise<T>): T | Promise<T> => {
    if (spentMs < mostAtOnceMs) return timed(work)
    return nextTurn().then(() => {
      spentMs = 0
      return timed(work)
    })
  }
}
