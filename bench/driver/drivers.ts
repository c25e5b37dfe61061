import { type FileHandle, open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import pg from 'pg'
import type { Row, Statement } from './template.js'

/** A database with nothing but its driver. */
export interface PlainDriver {
  /** A connection for one request. */
  connect(): Connection | Promise<Connection>
  close(): Promise<void>
}

/** A connection on which a transaction may run. */
export interface Connection {
  run(
    statement: Statement,
    parameters: readonly unknown[],
  ): readonly Row[] | Promise<readonly Row[]>
  /** Makes a setting, unless the connection has it. */
  set(text: string): Promise<void>
  /** Resolves when everything committed survives a power failure. */
  flush(): Promise<void>
  release(): void
}

/** The driver that the adapter would use. */
export function plainDriver(url: string): PlainDriver {
  return url.startsWith('sqlite:') ? sqliteDriver(url.replace('sqlite:', '')) : postgresDriver(url)
}

interface PlainStatement {
  all(...parameters: unknown[]): Row[]
  run(...parameters: unknown[]): unknown
}
/** `node:sqlite` or `libsql`, which have the same interface as far as it is used here. */
type Open = new (
  path: string,
) => { prepare(text: string): PlainStatement; exec(text: string): void; close(): void }

/** One connection with the settings of the adapter. Everything but flushes is synchronous. */
function sqliteDriver(path: string): PlainDriver {
  const builtin = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Open } | undefined
  const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)('libsql') as Open)
  const database = new Database(path)
  database.exec(`pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;
    pragma busy_timeout = 5000; pragma cache_size = -65536`)
  const prepared = new Map<string, PlainStatement>()
  const flush = flusher(`${path}-wal`)
  const connection: Connection = {
    run({ kind, text }, parameters) {
      const known = prepared.get(text) ?? database.prepare(text)
      prepared.set(text, known)
      if (kind === 'rows') return known.all(...parameters)
      known.run(...parameters)
      return []
    },
    async set() {},
    flush,
    release() {},
  }
  return { connect: () => connection, close: async () => database.close() }
}

/** Flushes once for all who wait, as the adapter does. */
function flusher(path: string): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    running = flush(path).finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (running === undefined) return start()
    next ??= running.then(() => {
      next = undefined
      return start()
    })
    return next
  }
}

async function flush(path: string): Promise<void> {
  const file: FileHandle = await open(path, 'r+')
  await file.datasync()
  await file.close()
}

function postgresDriver(url: string): PlainDriver {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  const settings = new WeakMap<pg.PoolClient, Set<string>>()
  pool.on('connect', (client) => settings.set(client, new Set()))
  return {
    async connect() {
      const client = await pool.connect()
      return {
        async run({ text, name }, parameters) {
          const named = name === undefined ? {} : { name }
          return (await client.query({ text, values: [...parameters], ...named })).rows
        },
        async set(text) {
          const made = settings.get(client)
          if (made?.has(text)) return
          made?.add(text)
          await client.query(text)
        },
        async flush() {},
        release: () => client.release(),
      }
    },
    close: () => pool.end(),
  }
}
