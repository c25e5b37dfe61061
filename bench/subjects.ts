import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startPostgres } from '../test/support/postgres-server.js'
import type { Subject } from './measures.js'
import type { Options } from './options.js'
import { seed } from './seed.js'
import { type ServerSpec, startServer } from './start-server.js'

/** Databases for the duration of a run. */
export interface Databases {
  /**
   * Creates an empty database and returns its connection string, or `undefined` if that kind of
   * database is not available.
   */
  create(kind: 'sqlite' | 'postgres'): Promise<string | undefined>
  drop(): Promise<void>
}

const names = ['bare', 'memory', 'sqlite', 'postgres'] as const
type Name = (typeof names)[number]

/** Starts a server of each kind for each number of users, and fills it. */
export async function startSubjects(
  { sizes, servers, nodeOptions }: Options,
  databases: Databases,
): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const users of sizes) {
    for (const name of names) {
      if (servers && !servers.includes(name)) continue
      const spec = await specOf(name, databases)
      if (spec === undefined) {
        console.log(`${name} is left out: none on this machine, and TEST_POSTGRES_URL is not set`)
        continue
      }
      const startedAt = performance.now()
      const server = await startServer({ ...spec, nodeOptions })
      const seeded = await seed(server.baseUrl, users)
      await server.collectGarbage()
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
      console.log(`${name} with ${users} users is up, filled in ${seconds} s`)
      subjects.push({ name, users, server, ...seeded })
    }
  }
  return subjects
}

/** How to start a kind of server; `undefined` if its database is not available. */
export async function specOf(name: Name, databases: Databases): Promise<ServerSpec | undefined> {
  if (name === 'bare' || name === 'memory') return { kind: name }
  const url = await databases.create(name)
  return url === undefined ? undefined : { kind: 'sql', url }
}

/** SQLite files in a temporary folder, and databases on a PostgreSQL that starts at first use. */
export function temporaryDatabases(): Databases {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-bench-'))
  let postgres: ReturnType<typeof startPostgres> | undefined
  const created: string[] = []
  return {
    async create(kind) {
      const name = `scim_bench_${process.pid}_${created.length}`
      if (kind === 'sqlite') {
        created.push(name)
        return `sqlite:${path.join(folder, `${name}.db`)}`
      }
      postgres ??= startPostgres()
      const server = await postgres
      if (server === undefined) return undefined
      await run(server.url, `CREATE DATABASE ${name}`)
      created.push(name)
      return Object.assign(new URL(server.url), { pathname: `/${name}` }).href
    },
    async drop() {
      const server = await postgres
      if (server) {
        for (const name of created)
          await run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        await server.stop()
      }
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function run(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(statement)
  await client.end()
}
