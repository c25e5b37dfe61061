import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'

/** An empty database for one test. */
export interface TestDatabase {
  readonly dialect: 'sqlite' | 'postgres'
  /** The URL for `sqlAdapters({ url })`. Several connections to it see the same data. */
  readonly url: string
  /** Removes the database even if connections to it are open. */
  drop(): Promise<void>
}

/** The kind of database under test: PostgreSQL in `npm run test:postgres`, otherwise SQLite. */
export const testDialect: TestDatabase['dialect'] =
  process.env['TEST_SUITE'] === 'postgres' ? 'postgres' : 'sqlite'

/**
 * Creates an empty database: a file on SQLite, a new database on PostgreSQL. Test files that use it
 * are named `*.sql.test.ts`. They run on SQLite in `npm test` and again on PostgreSQL in
 * `npm run test:postgres`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  return testDialect === 'postgres' ? await postgresDatabase() : sqliteDatabase()
}

/** An empty database in a file. */
export function sqliteDatabase(): TestDatabase {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-sqlite-'))
  return {
    dialect: 'sqlite',
    url: `sqlite:${path.join(folder, 'scim.db')}`,
    drop: async () => fs.rmSync(folder, { recursive: true, force: true }),
  }
}

/** An empty database in the PostgreSQL under test. */
export async function postgresDatabase(): Promise<TestDatabase> {
  const name = `scim_test_${randomUUID().replaceAll('-', '')}`
  await asSuperuser(`CREATE DATABASE ${name}`)
  const url = new URL(serverUrl())
  url.pathname = `/${name}`
  return {
    dialect: 'postgres',
    url: url.href,
    drop: () => asSuperuser(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function serverUrl(): string {
  const url = process.env['TEST_POSTGRES_URL']
  if (!url)
    throw new Error(
      'TEST_POSTGRES_URL is not set; run a suite with PostgreSQL, such as `npm run test:postgres`.',
    )
  return url
}
