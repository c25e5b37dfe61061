import { type Sql, sql } from '../sql.js'
import type { FailureKind, JsonSql, ScalarKind, SqlDialect } from './dialect.js'

const countBody = `
  declare
    changed scim_resources;
    step integer := 1;
  begin
    if tg_op = 'DELETE' then changed := old; step := -1; else changed := new; end if;
    insert into scim_counts as kept (tenant, resource_type, slot, count, changes)
    values (changed.tenant, changed.resource_type, pg_backend_pid() % 64, step, 1)
    on conflict (tenant, resource_type, slot) do update
      set count = kept.count + step, changes = kept.changes + 1;
    return null;
  end `

const makeCount = sql.raw(
  `create or replace function scim_count() returns trigger language plpgsql as $$${countBody}$$`,
)

const countTrigger = sql`
  create constraint trigger scim_count after insert or delete on scim_resources
    deferrable initially deferred for each row execute function scim_count()`

/** Other versions may have indented it otherwise. */
function withoutSpaces(text: Sql): Sql {
  return sql`regexp_replace(${text}, '\\s+', '', 'g')`
}

/** PostgreSQL 13 or newer. */
export const postgresDialect: SqlDialect = {
  name: 'postgres',
  json: jsonSql(),
  begin: 'begin',
  placeholder: (nth) => `$${nth}`,
  encoding: sql`select current_setting('server_encoding') as encoding`,
  textType: sql`text collate "C"`,
  jsonType: sql`jsonb`,
  sequenceType: sql`bigint generated always as identity`,
  sequenceIsKey: false,
  now: sql`cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`,
  keyTable: sql``,
  forUpdate: sql`for no key update`,
  forDelete: sql`for update`,
  forKeyShare: sql`for key share`,
  skipLocked: sql`for update skip locked`,
  changesTogether: true,
  writersTakeTurns: false,
  countingTriggers: [
    sql.raw(`create function scim_count() returns trigger language plpgsql as $$
      declare
        changed scim_resources;
        step integer := 1;
      begin
        if tg_op = 'DELETE' then changed := old; step := -1; else changed := new; end if;
        insert into scim_counts as kept (tenant, resource_type, slot, count)
        values (changed.tenant, changed.resource_type, pg_backend_pid() % 64, step)
        on conflict (tenant, resource_type, slot) do update set count = kept.count + step;
        return null;
      end $$`),
    countTrigger,
  ],
  lockCounted: [sql`lock table scim_resources in share row exclusive mode`],
  countingChanges: [makeCount],
  counting: {
    isThere: sql`select exists (
      select 1 from pg_trigger join pg_proc on pg_proc.oid = tgfoid
      where tgrelid = to_regclass('scim_resources') and tgname = 'scim_count' and tgenabled <> 'D'
        and ${withoutSpaces(sql`prosrc`)} = ${withoutSpaces(sql`cast(${countBody} as text)`)}
    ) as there`,
    again: [
      sql`lock table scim_resources in access exclusive mode`,
      makeCount,
      sql`drop trigger if exists scim_count on scim_resources`,
      countTrigger,
    ],
  },
  // The lock number of Kysely's migrator, which made the tables of versions before 0.2.
  hasMigrations: sql`select to_regclass('scim_migrations') is not null as there`,
  lockMigrations: [
    sql`select set_config('label_studio_scim.lock_timeout', current_setting('lock_timeout'), true),
      set_config('lock_timeout', '0', true)`,
    sql`select pg_advisory_xact_lock(3853314791062309107)`,
    sql`select set_config('lock_timeout', current_setting('label_studio_scim.lock_timeout'), true)`,
  ],
  // OFFSET prevents the planner from reversing the join and reading a whole tenant first.
  joinEach: (from, table, condition, lock = sql``) => sql`${from} cross join lateral (
    select * from ${sql.raw(table)} where ${condition}
    offset 0 ${lock}) ${sql.raw(aliasOf(table))}`,
  leftJoinEach: (from, table, condition) => sql`${from} left join lateral (
    select * from ${sql.raw(table)} where ${condition}
    offset 0) ${sql.raw(aliasOf(table))} on true`,
  isListed: (table, column, tenant, array) => sql`ctid = any (array(
    select found.ctid from (${strings(array)}) as listed cross join lateral (
      select ctid from ${sql.raw(table)} as each
      where each.tenant = ${tenant} and each.${sql.raw(column)} = listed.value
        and each.${sql.raw(column)} >= '' offset 0) as found))`,
  exists: (query) => sql`exists (${query})`,
  // There is no square root of -1. The clock is read for each row, so nothing is known before.
  inTime: (earliest, latest) => sql`sqrt(case
    when clock_timestamp() between to_timestamp(${earliest}) and to_timestamp(${latest})
    then 1 else -1 end)`,
  contains: (value, part) => sql`strpos(${value}, ${part}::text) > 0`,
  startsWith: (value, part) => sql`starts_with(${value}, ${part}::text)`,
  endsWith: (value, part) => sql`right(${value}, char_length(${part}::text)) = ${part}::text`,
  failureKind,
}

/** The ` as alias` part of `table as alias`. */
function aliasOf(table: string): string {
  return table.slice(table.indexOf(' as '))
}

const leaf =
  '$.** ? (@.type() == "number" || @.type() == "boolean" || (@.type() == "string" && @ != ' + '""))'

function jsonSql(): JsonSql {
  return {
    scalar: (source, path, kind) => scalarOf(source, textArray(path), kind),
    literal: (value, kind) => {
      if (kind === 'text') return sql`${String(value)}::text`
      return kind === 'number' ? sql`to_jsonb(${value}::numeric)` : sql`to_jsonb(${value}::boolean)`
    },
    each: (source, path, alias) => sql`${elements(source, path)} as ${alias}(value)`,
    eachInOrder: (source, path, alias) =>
      sql`${elements(source, path)} with ordinality as ${alias}(value, place)`,
    place: (alias) => sql`${alias}.place`,
    element: (alias) =>
      sql`case jsonb_typeof(${alias}.value) when 'object' then ${alias}.value end`,
    elementScalar: (alias, kind) =>
      scalarOf(
        sql`case when jsonb_typeof(${alias}.value) not in ('object', 'array')
          then ${alias}.value end`,
        textArray([]),
        kind,
      ),
    isPresent: (source, path) =>
      sql`coalesce(jsonb_path_exists((${source}) #> ${textArray(path)},
        '${sql.raw(leaf)}'::jsonpath), false)`,
    isOneOf: (text, array) => sql`${text} = any (array(${strings(array)}))`,
    strings,
    list: (columns, from) => sql`
      select coalesce(json_agg(json_build_array(${sql.raw(columns.join())})), '[]')::text
      from ${from}`,
    quoted: (text) => sql`to_json(${text})::text`,
    joined: (text) => sql`string_agg(${text}, ',')`,
    rows: (array, columns) => {
      const fields = Object.entries(columns).map(
        ([name, type], index) => `(fields ->> ${index})::${type} as ${name}`,
      )
      return sql`(select ${sql.raw(fields.join())}
        from jsonb_array_elements(${array}::jsonb) as listed(fields))`
    },
  }
}

function strings(array: unknown): Sql {
  return sql`select jsonb_array_elements_text(${array}::jsonb) collate "C" as value`
}

function elements(source: Sql, path: readonly string[]): Sql {
  const value = sql`(${source}) #> ${textArray(path)}`
  return sql`jsonb_array_elements(
    case jsonb_typeof(${value}) when 'array' then ${value} else '[]' end)`
}

/**
 * Text is ordered by code point. Numbers and booleans are compared as JSON, which is exact and
 * never fails.
 */
function scalarOf(source: Sql, path: Sql, kind: ScalarKind): Sql {
  return kind === 'text'
    ? sql`((${source}) #>> ${path}) collate "C"`
    : sql`nullif((${source}) #> ${path}, 'null'::jsonb)`
}

function textArray(path: readonly string[]): Sql {
  return sql`${path}::text[]`
}

/** The failure of `inTime`. */
export const lateCode = '2201F'

const retried: readonly unknown[] = ['40001', '40P01']

/**
 * Connections refused or lost, shutting down, too many clients, out of resources (also of this
 * machine: files, ports, buffers), time-outs, a read-only standby.
 */
const unavailable =
  /^(08...|53...|57P0[1-5]|57014|55P03|25006|25P03|E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|[MN]FILE|NOBUFS|ADDRNOTAVAIL))$/
const unavailableMessage =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Client was closed|Cannot use a pool after calling end)/

function failureKind(error: unknown): FailureKind {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, message, errors } = error as PostgresFailure
  if (typeof code === 'string' && retried.includes(code)) return 'retry'
  if (code === lateCode) return 'late'
  if (code === '23503') return 'foreignKey'
  if (code === '23505') return 'unique'
  const isUnavailable =
    (typeof code === 'string' && unavailable.test(code)) || unavailableMessage.test(String(message))
  if (isUnavailable) return 'unavailable'
  // A host name with several addresses has one failure per address.
  return Array.isArray(errors) ? failureKind(errors[0]) : undefined
}

/** Members of a failure by `pg` and Node.js. */
interface PostgresFailure {
  readonly code?: unknown
  readonly message?: unknown
  readonly errors?: unknown
}
