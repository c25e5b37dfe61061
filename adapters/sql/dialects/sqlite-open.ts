import { mkdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { Connection } from './dialect.js'
import { isBusy, sqliteDialect } from './sqlite.js'
import {
  paced,
  readerOf,
  type SqliteClients,
  type SqliteDriverOptions,
  type SqliteHandle,
  type SqliteStatement,
  sqliteClients,
} from './sqlite-driver.js'
import { sqliteScanner } from './sqlite-scanner.js'
import { walFlusher } from './wal-flusher.js'

/** An SQLite driver. */
interface SqliteLibrary {
  open(path: string): SqliteHandle
  /** The module with which another thread gets the same driver; `undefined` if unknown. */
  readonly module: string | undefined
}

/** The part of `node:sqlite` that is used. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
  ) => {
    prepare(text: string): {
      all(...parameters: unknown[]): unknown[]
      run(...parameters: unknown[]): { changes: number | bigint }
    }
    close(): void
  }
}

/** The part of `better-sqlite3` that is used, and of `libsql`, which has the same interface. */
type BetterSqlite = new (
  path: string,
  options: { timeout: number },
) => {
  prepare(text: string): {
    readonly reader: boolean
    all(parameters: readonly unknown[]): unknown[]
    run(parameters: readonly unknown[]): { changes: number }
  }
  exec(text: string): void
  readonly inTransaction: boolean
  close(): void
}

/**
 * Settings of each connection. NORMAL: commits are flushed to the disk by `walFlusher` instead of
 * SQLite.
 */
const pragmas = [
  'journal_mode = wal',
  'synchronous = normal',
  'foreign_keys = on',
  // The driver waits for locks itself, so that the event loop is not blocked.
  'busy_timeout = 0',
  'cache_size = -65536',
  // A statement that changes many pages, or sorts, needs a temporary file otherwise. Hosts whose
  // file system is read-only but for the database have no place for one.
  'temp_store = memory',
  // A log that grew while somebody read for long is cut to 128 MB once it begins anew.
  'journal_size_limit = 134217728',
]

/**
 * In pages: more than a change of 100,000 members writes. Checkpoints are made in another thread
 * (`walFlusher`); this is for when that fails.
 */
const rareCheckpoints = 'wal_autocheckpoint = 64000'
/** How long a checkpoint waits for writers and readers, during which nobody else can write. */
const maxCheckpointWaitMs = 50

/**
 * Opens an SQLite database, and creates its file and folder if missing. Several processes may have
 * it open. Queries that no index answers run in threads; a database in memory can only be read by
 * its one connection, in this thread.
 *
 * @param path a file, or `:memory:`
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` when there is no driver; the message names what
 *   to install
 */
export async function openSqlite(path: string, timeoutMs: number): Promise<Connection> {
  const library = await findDriver()
  const { open, module: driver } = library
  const isMemory = path === ':memory:'
  if (!isMemory) mkdirSync(dirname(resolve(path)), { recursive: true })
  const settings = driver === undefined ? pragmas : [...pragmas, rareCheckpoints]
  const writer = await connect(open, path, { settings, timeoutMs, exclusive: true })
  const common = { dialect: sqliteDialect, writer: paced(writer) }
  if (isMemory) return { ...common, reader: common.writer, close: writer.close }
  const readOnly = [...pragmas, 'query_only = on']
  const reader = await connect(open, path, { settings: readOnly, timeoutMs, exclusive: false })
  const threads = (count: number, busyMs: number) =>
    driver === undefined
      ? undefined
      : sqliteScanner({
          path,
          driver,
          pragmas: [...readOnly, `busy_timeout = ${busyMs}`],
          threads: count,
          timeoutMs,
        })
  // A separate thread may block while it waits for a lock.
  const scanner = threads(2, timeoutMs)
  const checkpoints = threads(1, maxCheckpointWaitMs)
  return {
    ...common,
    reader: paced(readerOf(writer, await reader.take())),
    ...(scanner && { scanner }),
    // SQLite resolves symbolic links before it names the log.
    state: writer.state,
    durability: walFlusher(`${realpathSync(path)}-wal`, checkpoints),
    async close() {
      await writer.close()
      await reader.close()
    },
  }
}

interface ConnectOptions extends SqliteDriverOptions {
  readonly settings: readonly string[]
}

async function connect(
  open: SqliteLibrary['open'],
  path: string,
  { settings, ...options }: ConnectOptions,
): Promise<SqliteClients> {
  const clients = sqliteClients(open(path), options)
  const client = await clients.take()
  for (const setting of settings) await client.run(`pragma ${setting}`, [])
  client.release()
  return clients
}

async function findDriver(): Promise<SqliteLibrary> {
  const driver = nodeSqlite() ?? (await betterSqlite()) ?? (await libsql())
  if (driver) return driver
  throw new ConfigurationError(
    'ERR_SCIM_NO_DRIVER',
    `Node.js ${process.versions.node} has no SQLite of its own (22.13 and newer have). ` +
      'Install one: npm install libsql.',
  )
}

function nodeSqlite(): SqliteLibrary | undefined {
  if (isBefore(22, 13)) return undefined
  const module = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
  if (!module) return undefined
  const open = (path: string): SqliteHandle => {
    const database = new module.DatabaseSync(path)
    return {
      prepare(text) {
        const prepared = database.prepare(text)
        return {
          reader: returnsRows(text),
          all: (parameters) => prepared.all(...parameters),
          run: (parameters) => Number(prepared.run(...parameters).changes),
        }
      },
      close: () => database.close(),
    }
  }
  return { open, module: 'node:sqlite' }
}

function returnsRows(text: string): boolean {
  return /^\s*(select|pragma|with(?![\s\S]*\b(insert|update|delete)\b))|\breturning\b/i.test(text)
}

async function betterSqlite(): Promise<SqliteLibrary | undefined> {
  // better-sqlite3 13 crashes on Node.js before 22, so its version must be checked before it is
  // loaded there.
  if (isBefore(22, 0)) {
    const hostRequire = createRequire(join(process.cwd(), 'package.json'))
    const version = attempt(() => hostRequire('better-sqlite3/package.json') as { version: string })
    if (!version || Number.parseInt(version.version, 10) > 12) return undefined
    return opener(
      'better-sqlite3',
      attempt(() => hostRequire('better-sqlite3')),
    )
  }
  return opener('better-sqlite3', await import('better-sqlite3' as string).catch(() => undefined))
}

async function libsql(): Promise<SqliteLibrary | undefined> {
  return opener('libsql', await import('libsql').catch(() => undefined))
}

function opener(name: string, module: unknown): SqliteLibrary | undefined {
  const exported = (module as { default?: unknown } | undefined)?.default ?? module
  if (typeof exported !== 'function') return undefined
  const Database = exported as BetterSqlite
  const open = (path: string): SqliteHandle => {
    const database = new Database(path, { timeout: 0 })
    const prepare =
      name === 'libsql' ? locking(database) : (text: string) => prepared(database, text)
    return { prepare, close: () => database.close() }
  }
  return { open, module: fileOf(name, exported) }
}

type BetterDatabase = InstanceType<BetterSqlite>

function prepared(database: BetterDatabase, text: string): SqliteStatement {
  const statement = database.prepare(text)
  return {
    reader: statement.reader,
    all: (parameters) => statement.all(parameters),
    run: (parameters) => statement.run(parameters).changes,
  }
}

const writes = /^\s*(insert|update|delete|with\b[\s\S]*\b(insert|update|delete)\b)/i

/**
 * libsql does not reset a statement that failed because of another connection's lock. If it writes,
 * SQLite then neither commits what others do on this connection nor lets them read anything newer,
 * until the same statement runs again. So the lock is taken first, by a statement that ends. If it
 * reads, which fails only while a crashed database is recovered, it runs again before any other.
 */
function locking(database: BetterDatabase): (text: string) => SqliteStatement {
  let unended: (() => unknown) | undefined
  const endFirst = <T>(work: () => T): T => {
    unended?.()
    unended = undefined
    return work()
  }
  const alone = <T>(work: () => T): T => {
    if (database.inTransaction) return work()
    database.exec('begin immediate')
    try {
      const result = work()
      database.exec('commit')
      return result
    } catch (error) {
      if (database.inTransaction) database.exec('rollback')
      throw error
    }
  }
  const read = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (isBusy(error) && !database.inTransaction) unended = work
      throw error
    }
  }
  return (text) => {
    if (text.startsWith('begin')) {
      const begin = () => {
        endFirst(() => database.exec(text))
        return 0
      }
      return { reader: false, all: () => [], run: begin }
    }
    const { reader, all, run } = prepared(database, text)
    const ended = writes.test(text) ? alone : read
    return {
      reader,
      all: (parameters) => endFirst(() => ended(() => all(parameters))),
      run: (parameters) => endFirst(() => ended(() => run(parameters))),
    }
  }
}

/** The file from which a package was loaded. */
function fileOf(name: string, exported: unknown): string | undefined {
  const { cache, resolve: find } = createRequire(join(process.cwd(), 'package.json'))
  const loaded = Object.values(cache).find((module) => module?.exports === exported)
  return loaded?.filename ?? attempt(() => find(name))
}

function attempt<T>(load: () => T): T | undefined {
  try {
    return load()
  } catch {
    return undefined
  }
}

function isBefore(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  return ownMajor < major || (ownMajor === major && ownMinor < minor)
}
