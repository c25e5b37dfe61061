import { existsSync, statSync } from 'node:fs'
import type { Finding } from '../../lib/adapter/index.js'
import { isCounting } from './counts.js'
import type { Database } from './database.js'
import { type MigrationState, migrationState } from './migrations.js'
import { holdsEveryName, reasonOf } from './opening.js'
import { sql } from './sql.js'

const ok = (code: string, message: string): Finding => ({ level: 'ok', code, message })
const warning = (code: string, message: string): Finding => ({ level: 'warning', code, message })
const error = (code: string, message: string): Finding => ({ level: 'error', code, message })

/** The finding about a file that a start would create; `undefined` if it is there. */
export function missingFile(path: string): Finding | undefined {
  if (path === ':memory:') {
    return warning('database-in-memory', 'The database is in memory: a restart loses everything.')
  }
  if (existsSync(path) && statSync(path).size > 0) return undefined
  return warning('database-missing', `There is no database in "${path}" yet. A start creates it.`)
}

/** The finding that a database cannot be opened. */
export function unusable(failure: unknown): Finding {
  return error('database-unusable', (failure as Error).message)
}

/** Examines an open database, and changes nothing in it. */
export async function examineOpen(database: Database, name: string): Promise<readonly Finding[]> {
  const state = await migrationState(database)
  return [
    ok('database-reached', `${name} answers.`),
    ...(await damageFindings(database)),
    tablesFinding(state),
    await writingFinding(database, state),
    await encodingFinding(database),
    ...(await durabilityFindings(database)),
    ...(await countingFindings(database, state)),
  ]
}

/** Damaged pages, which SQLite only meets when it reads them. */
async function damageFindings(database: Database): Promise<readonly Finding[]> {
  if (database.dialect.name !== 'sqlite') return []
  const damage = await database
    .all(sql<{ readonly quick_check: string }>`pragma quick_check(1)`)
    .then(([row]) => row?.quick_check, reasonOf)
  if (damage === 'ok') return []
  const [what] = String(damage).split('\n').reverse()
  const message = `Its file is damaged (${what}). Stop every host and restore a backup.`
  return [error('database-damaged', message)]
}

function tablesFinding(state: MigrationState): Finding {
  const code = 'database-tables'
  switch (state) {
    case 'current':
      return ok(code, 'Its tables are those of this version.')
    case 'newer':
      return error(code, 'A newer version has upgraded its tables: this version does not start.')
    case 'older':
      return warning(
        code,
        'Its tables are older. The next start upgrades them: make a backup first.',
      )
    case 'none':
      return warning(code, 'It has no tables yet. The next start creates them.')
  }
}

class Undone extends Error {}

/** Writes, or creates a table where a start would, and takes it back. */
async function writingFinding(database: Database, state: MigrationState): Promise<Finding> {
  const isReady = state === 'current' || state === 'newer'
  const trial = isReady
    ? sql`insert into scim_values (tenant, name, value) values ('', 'trial', '')`
    : sql`create table scim_trial (number integer)`
  const failure: unknown = await database
    .transaction(async (session) => {
      await session.all(trial)
      throw new Undone()
    })
    .catch((thrown) => thrown)
  if (failure instanceof Undone) return ok('database-writable', 'It can be written to.')
  return error(
    'database-read-only',
    `It cannot be written to: ${reasonOf(failure)}. Nobody can be provisioned or deprovisioned.`,
  )
}

async function encodingFinding(database: Database): Promise<Finding> {
  const [row] = await database.all(database.dialect.encoding)
  const encoding = row?.encoding ?? ''
  if (holdsEveryName(encoding)) {
    return ok('database-encoding', `Its encoding (${encoding}) can hold every name.`)
  }
  return error(
    'database-encoding',
    `Its encoding is ${encoding}, so names with other characters cannot be stored. Create a ` +
      'database with the encoding UTF8.',
  )
}

/** Settings of PostgreSQL without which it forgets what it has committed. */
const durable = ['fsync', 'full_page_writes', 'synchronous_commit']

async function durabilityFindings(database: Database): Promise<readonly Finding[]> {
  if (database.dialect.name !== 'postgres') return []
  const off = await database.all(
    sql<{ readonly name: string }>`select name from pg_settings
      where setting = 'off' and name in (${sql.join(durable.map((name) => sql`${name}`))})
      order by name`,
  )
  if (off.length === 0) return [ok('database-durable', 'It keeps what it has committed.')]
  const names = off.map(({ name }) => name).join(', ')
  const message =
    `It does not keep what it has committed when its server fails (off: ${names}). Somebody who ` +
    'was deactivated may be active again then. Switch these settings on.'
  return [warning('database-durable', message)]
}

async function countingFindings(
  database: Database,
  state: MigrationState,
): Promise<readonly Finding[]> {
  if (state !== 'current' || (await isCounting(database))) return []
  const message =
    'It does not count its people and groups, because the function scim_count or its trigger is ' +
    'missing. The next start makes them again.'
  return [warning('database-counts', message)]
}
