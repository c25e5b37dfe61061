import { mkdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { ConfigurationError } from '../../../lib/errors.js'
import type { Connection } from './dialect.js'
import { sqliteDialect } from './sqlite.js'
import { type SqliteHandle, sqliteKysely } from './sqlite-driver.js'
import { walFlusher } from './wal-flusher.js'

/** Opens connections with one of the drivers. */
type Open = (path: string) => SqliteHandle

/** What of `node:sqlite` is used. */
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

/** What of `better-sqlite3`, and of `libsql`, which has the same interface, is used. */
type BetterSqlite = new (
  path: string,
  options: { timeout: number },
) => {
  prepare(text: string): {
    readonly reader: boolean
    all(parameters: readonly unknown[]): unknown[]
    run(parameters: readonly unknown[]): { changes: number }
  }
  close(): void
}

/** Settings of each connection. NORMAL: commits are not flushed to the disk by SQLite, but by `durable`. */
const pragmas = [
  'journal_mode = wal',
  'synchronous = normal',
  'foreign_keys = on',
  // The wait for a lock is ours, so that it does not block the event loop.
  'busy_timeout = 0',
  'cache_size = -65536',
]

/**
 * Opens an SQLite database, creating the file and its folder where they are missing. Several processes may have it open.
 *
 * @param path a file, or `:memory:`
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` when there is no driver, naming what to install
 */
export async function openSqlite(path: string, timeoutMs: number): Promise<Connection> {
  const open = await findDriver()
  const isMemory = path === ':memory:'
  if (!isMemory) mkdirSync(dirname(resolve(path)), { recursive: true })
  const writer = await connect(open, path, pragmas, timeoutMs)
  if (isMemory) return { dialect: sqliteDialect, writer: kysely(writer, true) }
  const reader = await connect(open, path, [...pragmas, 'query_only = on'], timeoutMs)
  return {
    dialect: sqliteDialect,
    writer: kysely(writer, true),
    reader: kysely(reader, false),
    // SQLite follows symbolic links before it names the log.
    durability: walFlusher(`${realpathSync(path)}-wal`),
  }

  function kysely(handle: SqliteHandle, exclusive: boolean) {
    return sqliteKysely(handle, { timeoutMs, exclusive })
  }
}

async function connect(
  open: Open,
  path: string,
  settings: readonly string[],
  timeoutMs: number,
): Promise<SqliteHandle> {
  const handle = open(path)
  const { createDriver } = sqliteKysely(handle, { timeoutMs, exclusive: false })
  const connection = await createDriver().acquireConnection()
  for (const setting of settings) {
    await connection.executeQuery({
      sql: `pragma ${setting}`,
      parameters: [],
    } as unknown as Parameters<typeof connection.executeQuery>[0])
  }
  return handle
}

async function findDriver(): Promise<Open> {
  const driver = nodeSqlite() ?? (await betterSqlite()) ?? (await libsql())
  if (driver) return driver
  throw new ConfigurationError(
    'ERR_SCIM_NO_DRIVER',
    `Node.js ${process.versions.node} has no SQLite of its own (22.13 and newer have). Install one: ` +
      `npm install ${isBefore(22, 0) ? 'better-sqlite3@12' : 'better-sqlite3'}, or npm install libsql.`,
  )
}

function nodeSqlite(): Open | undefined {
  if (isBefore(22, 13)) return undefined
  const module = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
  if (!module) return undefined
  return (path) => {
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
}

function returnsRows(text: string): boolean {
  return /^\s*(select|pragma|with(?![\s\S]*\b(insert|update|delete)\b))|\breturning\b/i.test(text)
}

async function betterSqlite(): Promise<Open | undefined> {
  // better-sqlite3 13 ends a process that runs on Node.js before 22, so there its version must be known before it loads.
  if (isBefore(22, 0)) {
    const hostRequire = createRequire(join(process.cwd(), 'package.json'))
    const version = attempt(() => hostRequire('better-sqlite3/package.json') as { version: string })
    if (!version || Number.parseInt(version.version, 10) > 12) return undefined
    return opener(attempt(() => hostRequire('better-sqlite3')))
  }
  return opener(await import('better-sqlite3' as string).catch(() => undefined))
}

async function libsql(): Promise<Open | undefined> {
  return opener(await import('libsql').catch(() => undefined))
}

function opener(module: unknown): Open | undefined {
  const exported = (module as { default?: unknown } | undefined)?.default ?? module
  if (typeof exported !== 'function') return undefined
  const Database = exported as BetterSqlite
  return (path) => {
    const database = new Database(path, { timeout: 0 })
    return {
      prepare(text) {
        const prepared = database.prepare(text)
        return {
          reader: prepared.reader,
          all: (parameters) => prepared.all(parameters),
          run: (parameters) => prepared.run(parameters).changes,
        }
      },
      close: () => database.close(),
    }
  }
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
