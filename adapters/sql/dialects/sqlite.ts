import { sql } from 'kysely'
import type { FailureKind, JsonSql, SqlDialect } from './dialect.js'

/** SQLite 3.38 or newer. */
export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  json: jsonSql(),
  textType: sql`text`,
  jsonType: sql`text`,
  sequenceType: sql`integer primary key autoincrement`,
  sequenceIsKey: true,
  keyTable: sql`without rowid`,
  // A transaction that writes holds the only write lock from its start.
  forUpdate: sql``,
  forKeyShare: sql``,
  skipLocked: sql``,
  // LIKE ignores the case of ASCII letters in SQLite; these compare exactly, and know no wildcards.
  contains: (value, part) => sql`instr(${value}, ${part}) > 0`,
  startsWith: (value, part) => sql`substr(${value}, 1, length(${part})) = ${part}`,
  endsWith: (value, part) =>
    part === '' ? sql`${value} is not null` : sql`substr(${value}, -length(${part})) = ${part}`,
  failureKind,
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
      sql`exists (select 1 from json_tree(${source}, ${jsonPath(path)}) as leaf where leaf.atom <> '')`,
    strings: (array) => sql`select value from json_each(${array})`,
    rows: (array, columns) => {
      const fields = Object.keys(columns).map(
        (name, index) => sql`json_extract(value, ${sql.lit(`$[${index}]`)}) as ${sql.ref(name)}`,
      )
      return sql`(select ${sql.join(fields)} from json_each(${array}))`
    },
  }
}

/** Names come from schemas and are letters, digits, `-`, `_`, `$`, `:` and `.`; quoted, none of them is special. */
function jsonPath(path: readonly string[]): string {
  return `$${path.map((name) => `.${JSON.stringify(name)}`).join('')}`
}

const failures: Readonly<Record<number, FailureKind>> = {
  5: 'unavailable', // busy
  6: 'unavailable', // locked
  8: 'unavailable', // read-only
  10: 'unavailable', // input or output
  13: 'unavailable', // disk full
  14: 'unavailable', // cannot open
}

const namedFailures: Readonly<Record<string, FailureKind>> = {
  SQLITE_BUSY: 'unavailable',
  SQLITE_LOCKED: 'unavailable',
  SQLITE_READONLY: 'unavailable',
  SQLITE_IOERR: 'unavailable',
  SQLITE_FULL: 'unavailable',
  SQLITE_CANTOPEN: 'unavailable',
}

const foreignKeyCode = 787
const uniqueCodes: readonly unknown[] = [1555, 2067]

function failureKind(error: unknown): FailureKind {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const number = 'errcode' in error ? error.errcode : 'rawCode' in error ? error.rawCode : undefined
  const { code, message } = error
  if (number === foreignKeyCode || /FOREIGN KEY constraint/i.test(message)) return 'foreignKey'
  if (uniqueCodes.includes(number) || /UNIQUE constraint/i.test(message)) return 'unique'
  if (typeof number === 'number' && failures[number & 0xff]) return failures[number & 0xff]
  const name = typeof code === 'string' ? code.split('_').slice(0, 2).join('_') : ''
  return namedFailures[name]
}

/** Whether another connection is writing right now. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  const number = 'errcode' in error ? error.errcode : 'rawCode' in error ? error.rawCode : undefined
  if (typeof number === 'number') return (number & 0xff) === 5
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY')
}
