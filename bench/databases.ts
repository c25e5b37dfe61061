import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startDurablePostgres } from '../test/support/postgres-server.js'

export type DatabaseKind = 'sqlite' | 'postgres'

/** Databases for the duration of a run. */
export interface Databases {
  /**
   * Creates an empty database and returns its connection string, or `undefined` if that kind of
   * database is not available.
   */
  create(kind: DatabaseKind): Promise<string | undefined>
  /** Creates a copy of a database that nobody has open. */
  copy(url: string): Promise<string>
  drop(): Promise<void>
}

/** An empty database. */
export interface NewDatabase {
  readonly kind: DatabaseKind
  readonly url: string
}

/** An empty database of each kind that is available. */
export async function* oneOfEach(databases: Databases): AsyncGenerator<NewDatabase> {
  for (const kind of ['sqlite', 'postgres'] as const) {
    const url = await databases.create(kind)
    if (url !== undefined) yield { kind, url }
  }
}

/** SQLite files in a temporary folder, and databases on a PostgreSQL that starts at first use. */
export function temporaryDatabases(): Databases {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-bench-'))
  let postgres: ReturnType<typeof startServer> | undefined
  let count = 0
  const created: string[] = []
  const newName = () => {
    count += 1
    return `scim_bench_${process.pid}_${count}`
  }
  const newFile = () => path.join(folder, `${newName()}.db`)
  const createOn = async (server: string, clause = '') => {
    const name = newName()
    await run(server, `CREATE DATABASE ${name} ${clause}`)
    created.push(name)
    return Object.assign(new URL(server), { pathname: `/${name}` }).href
  }
  const serverOf = () => {
    postgres ??= startServer()
    return postgres
  }
  return {
    async create(kind) {
      if (kind === 'sqlite') return `sqlite:${newFile()}`
      const server = await serverOf()
      return server && createOn(server.url)
    },
    async copy(url) {
      if (url.startsWith('sqlite:')) {
        const [from, file] = [url.replace('sqlite:', ''), newFile()]
        fs.copyFileSync(from, file)
        // What a process has left in the log is part of the database.
        if (fs.existsSync(`${from}-wal`)) fs.copyFileSync(`${from}-wal`, `${file}-wal`)
        return `sqlite:${file}`
      }
      const server = await serverOf()
      if (server === undefined) throw new Error('There is no PostgreSQL.')
      return createOn(server.url, `TEMPLATE ${new URL(url).pathname.slice(1)}`)
    },
    async drop() {
      const server = await postgres
      if (server) {
        for (const name of created) {
          await run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        }
        await server.stop()
      }
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * The server in `TEST_POSTGRES_URL`, or one that flushes every commit as in production; `undefined`
 * if PostgreSQL is not installed.
 */
async function startServer() {
  const url = process.env['TEST_POSTGRES_URL']
  if (url) return { url, async stop() {} }
  return startDurablePostgres().catch((error: unknown) => {
    if (String(error).includes('No PostgreSQL found')) return undefined
    throw error
  })
}

async function run(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(statement)
  await client.end()
}
