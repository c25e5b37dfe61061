import { sql } from '../sql.js'
import type { FailureKind, JsonSql, SqlDialect } from './dialect.js'

/** SQLite 3.38 or newer. */
export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  json: jsonSql(),
  // With the write lock from its start.
  begin: 'begin immediate',
  placeholder: () => '?',
  encoding: sql`select encoding from pragma_encoding`,
  textType: sql`text`,
  jsonType: sql`text`,
  sequenceType: sql`integer primary key autoincrement`,
  sequenceIsKey: true,
  now: sql`cast(round((julianday('now') - 2440587.5) * 86400000) as integer)`,
  keyTable: sql`without rowid`,
  // A transaction has the only write lock.
  forUpdate: sql``,
  forDelete: sql``,
  forKeyShare: sql``,
  skipLocked: sql``,
  changesTogether: false,
  writersTakeTurns: true,
  countingTriggers: [countingTrigger('insert', 'new', 1), countingTrigger('delete', 'old', -1)],
  lockCounted: [],
  lockMigrations: [],
  hasMigrations: sql`select count(*) as there from sqlite_schema where name = 'scim_migrations'`,
  countingChanges: [
    sql`drop trigger scim_count_insert`,
    sql`drop trigger scim_count_delete`,
    changesTrigger('insert', 'new', 1),
    changesTrigger('delete', 'old', -1),
  ],
  planFor: (table, index, rowsPerPrefix) => sql`
    insert into sqlite_stat1 (tbl, idx, stat)
    values (${table}, ${index}, ${rowsPerPrefix.join(' ')})`,
  joinEach: (from, table, condition) => sql`${from} cross join ${sql.raw(table)} on ${condition}`,
  leftJoinEach: (from, table, condition) =>
    sql`${from} left join ${sql.raw(table)} on ${condition}`,
  isListed: (_table, column, tenant, array) =>
    sql`tenant = ${tenant} and ${sql.raw(column)} in (select value from json_each(${array}))`,
  // SQLite 3.51 turns a bare EXISTS into a join and then applies OFFSET to the rows of that join.
  exists: (query) => sql`coalesce(exists (${query}), false)`,
  // In SQLite, LIKE ignores the case of ASCII letters; these functions compare exactly and have no
  // wildcards.
  contains: (value, part) => sql`instr(${value}, ${part}) > 0`,
  startsWith: (value, part) => sql`substr(${value}, 1, length(${part})) = ${part}`,
  endsWith: (value, part) =>
    part === '' ? sql`${value} is not null` : sql`substr(${value}, -length(${part})) = ${part}`,
  failureKind,
}

function countingTrigger(event: string, row: string, by: number) {
  return sql.raw(`create trigger scim_count_${event} after ${event} on scim_resources begin
    insert into scim_counts (tenant, resource_type, slot, count)
    values (${row}.tenant, ${row}.resource_type, 0, ${by})
    on conflict (tenant, resource_type, slot) do update set count = count + ${by};
  end`)
}

function changesTrigger(event: string, row: string, by: number) {
  return sql.raw(`create trigger scim_count_${event} after ${event} on scim_resources begin
    insert into scim_counts (tenant, resource_type, slot, count, changes)
    values (${row}.tenant, ${row}.resource_type, 0, ${by}, 1)
    on conflict (tenant, resource_type, slot) do update
      set count = count + ${by}, changes = changes + 1;
  end`)
}

function jsonSql(): JsonSql {
  return {
    scalar: (source, path) => sql`json_extract(${source}, ${jsonPath(path)})`,
    literal: (value) => sql`${typeof value === 'boolean' ? Number(value) : value}`,
    each: (source, path, alias) => sql`json_each(${source}, ${jsonPath(path)}) as ${alias}`,
    eachInOrder: (source, path, alias) => sql`json_each(${source}, ${jsonPath(path)}) as ${alias}`,
    place: (alias) => sql`${alias}.key`,
    element: (alias) => sql`case when ${alias}.type = 'object' then ${alias}.value end`,
    elementScalar: (alias) =>
      sql`case when ${alias}.type not in ('object', 'array') then ${alias}.value end`,
    isPresent: (source, path) =>
      sql`coalesce(exists (select 1 from json_tree(${source}, ${jsonPath(path)}) as leaf
        where leaf.atom <> ''), false)`,
    isOneOf: (text, array) => sql`${text} in (select value from json_each(${array}))`,
    strings: (array) => sql`select value from json_each(${array})`,
    list: (columns, from) => sql`select json_group_array(json_array(${sql.raw(columns.join())}))
      from ${from}`,
    quoted: (text) => sql`json_quote(${text})`,
    joined: (text) => sql`group_concat(${text}, ',')`,
    rows: (array, columns) => {
      const fields = Object.keys(columns).map(
        (name, index) => `json_extract(value, '$[${index}]') as ${name}`,
      )
      return sql`(select ${sql.raw(fields.join())} from json_each(${array}))`
    },
  }
}

/**
 * Names come from schemas and consist of letters, digits, `-`, `_`, `$`, `:` and `.`, none of which
 * is special when quoted.
 */
function jsonPath(path: readonly string[]): string {
  return `$${path.map((name) => `.${JSON.stringify(name)}`).join('')}`
}

const codes = { busy: 5, foreignKey: 787, primaryKey: 1555, unique: 2067 }

/**
 * Primary result codes of temporary failures: busy, locked, read-only, input or output, disk full,
 * cannot open. A thread may lack memory or file descriptors.
 */
const unavailable: readonly number[] = [5, 6, 8, 10, 13, 14]
const unavailableNames =
  /^(?:SQLITE_(?:BUSY|LOCKED|READONLY|IOERR|FULL|CANTOPEN)|ERR_WORKER_INIT_FAILED$)/

/**
 * The drivers' members of a failure: `node:sqlite` gives a number, `libsql` a number and a name,
 * `better-sqlite3` a name.
 */
interface SqliteFailure {
  readonly errcode?: number
  readonly rawCode?: number
  readonly code?: unknown
  readonly message?: string
}

function failureKind(error: unknown): FailureKind {
  if (typeof error !== 'object' || error === null) return undefined
  const failure: SqliteFailure = error
  const number = numberOf(failure)
  const { code, message = '' } = failure
  if (number === codes.foreignKey || /FOREIGN KEY constraint/.test(message)) return 'foreignKey'
  const isUnique = number === codes.unique || number === codes.primaryKey
  if (isUnique || /UNIQUE constraint/.test(message)) return 'unique'
  const isUnavailable =
    unavailable.includes((number ?? 0) & 0xff) ||
    (typeof code === 'string' && unavailableNames.test(code))
  return isUnavailable ? 'unavailable' : undefined
}

/** Whether another connection is writing right now. */
export function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const failure: SqliteFailure = error
  const number = numberOf(failure)
  if (number !== undefined) return (number & 0xff) === codes.busy
  return typeof failure.code === 'string' && failure.code.startsWith('SQLITE_BUSY')
}

function numberOf({ errcode, rawCode }: SqliteFailure): number | undefined {
  return errcode ?? rawCode
}
