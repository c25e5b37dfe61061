import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import type { Connection } from './dialect.js'
import { sqliteDialect } from './sqlite.js'
import {
  paced,
  readerOf,
  type SqliteClients,
  type SqliteDriverOptions,
  sqliteClients,
} from './sqlite-driver.js'
import { findLibrary, type SqliteLibrary } from './sqlite-library.js'
import { sqliteScanner } from './sqlite-scanner.js'
import { walFlusher } from './wal-flusher.js'

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
  const library = await findLibrary()
  const { open, module: driver } = library
  const isMemory = path === ':memory:'
  if (!isMemory && driver !== undefined) refuseWithoutThreads()
  if (!isMemory) mkdirSync(dirname(resolve(path)), { recursive: true })
  const settings = driver === undefined ? pragmas : [...pragmas, rareCheckpoints]
  const writer = await connect(open, path, { settings, timeoutMs, exclusive: true })
  const common = { dialect: sqliteDialect, writer: paced(writer) }
  if (isMemory) return { ...common, reader: common.writer, close: writer.close }
  const files = {
    path: resolve(path),
    opened: statSync(path),
    // SQLite resolves symbolic links before it names the log.
    log: `${realpathSync(path)}-wal`,
  }
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
    state: writer.state,
    durability: walFlusher(files, checkpoints),
    async close() {
      await writer.close()
      await reader.close()
    },
  }
}

/**
 * Node's permission model forbids threads unless it is told otherwise. Without them, requests that
 * read many rows would fail, one by one.
 */
function refuseWithoutThreads(): void {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  if (permission?.has('worker') !== false) return
  throw new ConfigurationError(
    'ERR_SCIM_DATABASE',
    'SQLite in a file needs threads, which Node.js forbids with --permission. ' +
      'Start it with --allow-worker too, or use PostgreSQL.',
  )
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
