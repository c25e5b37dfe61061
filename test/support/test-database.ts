import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { sqlAdapters } from '../../adapters/sql/index.js'

/** A database for one test, with no data. */
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
 * Creates a database for `sqlAdapters`: an empty file on SQLite, a new database with empty tables
 * on PostgreSQL. Test files that use it are named `*.sql.test.ts`. They run on SQLite in `npm test`
 * and again on PostgreSQL in `npm run test:postgres`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  return testDialect === 'postgres' ? await postgresDatabase() : sqliteDatabase()
}

/** Creates a database without tables, for tests of what the first start does. */
export async function untouchedDatabase(): Promise<TestDatabase> {
  if (testDialect === 'sqlite') return sqliteDatabase()
  const name = newName()
  await asSuperuser(`CREATE DATABASE ${name}`)
  return named(name)
}

/** An empty file of SQLite. */
export function sqliteDatabase(): TestDatabase {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-sqlite-'))
  return {
    dialect: 'sqlite',
    url: `sqlite:${path.join(folder, 'scim.db')}`,
    drop: async () => fs.rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * Migrating each database would cost more than most of the tests. `file_copy`, the cheapest way of
 * copying it, needs PostgreSQL 15.
 */
const template = 'scim_template'

/** A database in the PostgreSQL under test, with empty tables. */
export async function postgresDatabase(): Promise<TestDatabase> {
  const name = newName()
  const copying = `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`
  const copy = () => asSuperuser(copying)
  await copy().catch(async (error) => {
    if (codeOf(error) !== unknownDatabase) throw error
    await makeTemplate()
    await copy()
  })
  return named(name)
}

const unknownDatabase = '3D000'
const nameTaken = '42P04'

/** Renames the finished database, because other workers may make the template at the same time. */
async function makeTemplate(): Promise<void> {
  const name = newName()
  const made = named(name)
  await asSuperuser(`CREATE DATABASE ${name}`)
  const adapters = await sqlAdapters({ url: made.url })
  await adapters.close()
  try {
    await asSuperuser(`ALTER DATABASE ${name} RENAME TO ${template}`)
  } catch (error) {
    await made.drop()
    if (codeOf(error) !== nameTaken) throw error
  }
}

const newName = () => `scim_test_${randomUUID().replaceAll('-', '')}`

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

function named(name: string): TestDatabase {
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
