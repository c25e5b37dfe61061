import type { Database } from '../../adapters/sql/database.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { sql } from '../../adapters/sql/sql.js'
import { runConformance } from '../../lib/testing/index.js'
import { recordStatements } from '../adapters/sql/statements.js'
import { insertNumbered, openDirectly } from '../support/direct-database.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

/**
 * Statements whose answer depends on everything: lists, counts, filters without an index, status
 * pages.
 */
const mayRead = [
  /from scim_resources as resource where resource\.tenant = \S+ and resource\.resource_type = \S+/,
  /from scim_pending where tenant = \S+.*\s+order by since/,
  /from scim_pending\s+where tenant = \S+ group by parked/,
  /where tenant = \S+ and last_error is not null/,
  /update scim_pending set parked = 0/,
  /from scim_sweeps/,
  // Once at the start, and when the clock was set back.
  /with ahead as materialized/,
  /from scim_migrations/,
  // Once, at the start.
  /from pg_trigger/,
  /from scim_records\s+where tenant = \S+ and user_id > \S+/,
  // Once a day, a page at a time: those of all tenants whose people were deleted.
  /from scim_records as record\s+left join scim_resources as resource/,
  /from scim_audit/,
  /select min\(at\) as at/,
  // A fan-out looks its groups up by name once, when it begins.
  /^select id, display from scim_resources\s+where tenant = \S+ and resource_type = 'Group'/,
  // Whose a token is, its digest alone tells: by the index of digests.
  /from scim_tokens where digest = \S+$/,
  // One entry at most.
  /exists \(select 1 from scim_members where tenant = \S+ and nested = 1\)/,
  // Migrations, once.
  /insert into scim_counts .* select tenant, resource_type, -1, count/s,
  /update scim_records set had_role = 1 where record like/,
]

/** Statements with `isPlannedAnew`. */
const isPlannedAnew = /^with claimed as materialized/

let database: TestDatabase
let direct: Database
let statements: readonly string[]

beforeAll(async () => {
  database = await testDatabase()
  const texts = await recordStatements(() =>
    runConformance(() => sqlAdapters({ url: database.url })),
  )
  statements = [...new Set(texts.map(statementIn))].filter(
    (text) => text.includes('scim_') && /^(select|insert|update|delete|with)/.test(text),
  )
  direct = await openDirectly(database.url)
  await emptied()
})
afterAll(async () => {
  await direct.close()
  await database.drop()
})

/** What the planner knows when a statement is planned, which it then keeps to. */
const states: readonly [string, () => Promise<unknown>][] = [
  ['never analysed', filled],
  [
    'analysed while it was empty',
    async () => {
      await emptied()
      await direct.all(sql`analyze`)
      await filled()
    },
  ],
  ['analysed when it was full', () => direct.all(sql`analyze`)],
  [
    'analysed before the tenant came',
    async () => {
      await emptied()
      await filled('others')
      await direct.all(sql`analyze`)
      await filled()
    },
  ],
]

it.each<[string, () => Promise<unknown>]>([
  ['were never analysed', emptied],
  [
    'were analysed',
    async () => {
      await emptied()
      await direct.all(sql`analyze`)
    },
  ],
])('keeps plans by index that it made for empty tables which %s', async (_name, prepare) => {
  await prepare()
  const offending = await offendingIn(statements.filter((text) => !isPlannedAnew.test(text)))
  expect(offending).toEqual([])
})

it.each(states)('plans by index on a database that is %s (I1)', async (_name, prepare) => {
  expect(statements.length).toBeGreaterThan(60)
  await prepare()
  expect(await offendingIn(statements)).toEqual([])
})

/** The statements that read more than they should, with their plans. */
async function offendingIn(texts: readonly string[]): Promise<readonly string[]> {
  const plans = await Promise.all(
    texts.map(async (text) => ({ text, scans: scansIn(await explain(text)) })),
  )
  return plans
    .map(({ text, scans }) => ({ text, scans: scans.filter((scan) => !isNarrow(scan)) }))
    .filter(({ text, scans }) => scans.length > 0 && !mayRead.some((known) => known.test(text)))
    .map(({ text, scans }) => `${text.replace(/\s+/g, ' ')}\n${JSON.stringify(scans)}`)
}

it('never compiles a query, whatever it is thought to cost (D2)', async () => {
  expect(await direct.all(sql<{ jit: string }>`show jit`)).toEqual([{ jit: 'off' }])
})

/** Without the time, the name and the duration that `debug` writes around it. */
function statementIn(line: string): string {
  const text = line.replace(/ \+\d+m?s$/, '')
  return text.slice(text.search(/\b(select|insert|update|delete|with|create|begin|pragma)\b/))
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

let count = 0

/** A value of each type that a parameter has. */
const samples: Readonly<Record<string, string>> = {
  text: "'u1'",
  jsonb: '\'["u1"]\'',
  'text[]': "'{u1}'",
  bigint: '1',
  smallint: '1',
  integer: '1',
}

/** The plan for one set of values, made as it is made for a statement with a name. */
async function explain(text: string): Promise<PlanNode> {
  count += 1
  const name = `plan_${count}`
  await direct.all(sql.raw(`prepare ${name} as ${text}`))
  const [prepared] = await direct.all(sql<{ types: readonly string[] }>`
    select parameter_types::text[] as types
      from pg_prepared_statements where name = ${name}`)
  const values = prepared?.types.map((type) => samples[type] ?? 'null') ?? []
  const parameters = values.length === 0 ? '' : `(${values.join()})`
  const rows = await direct.all(
    sql.raw<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `explain (format json) execute ${name}${parameters}`,
    ),
  )
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
  if (plan === undefined) throw new Error(`No plan of ${text}`)
  return plan
}

interface Scan {
  readonly index: string
  readonly condition: string
}

function scansIn(node: PlanNode): Scan[] {
  const below = (node.Plans ?? []).flatMap(scansIn)
  const { 'Index Name': index, 'Relation Name': table, 'Index Cond': condition = '' } = node
  if (index !== undefined) return [...below, { index, condition }]
  const isWhole = node['Node Type'] === 'Seq Scan' && table?.startsWith('scim_')
  return isWhole ? [...below, { index: `all of ${table}`, condition }] : below
}

/** Whether a scan reads a handful of rows, or those of one group or person. */
function isNarrow({ index, condition }: Scan): boolean {
  const has = (...columns: string[]) =>
    columns.every((column) => new RegExp(`\\b${column}\\b(\\)| =| >|, id\\))`).test(condition))
  if (index === 'scim_resources_listing') return has('tenant', 'resource_type', 'created')
  if (index === 'scim_resources_pkey') return has('tenant', 'id')
  if (index === 'scim_lookups_pkey') return has('tenant', 'resource_id')
  if (index.startsWith('scim_lookups')) return has('tenant', 'lookup_key')
  if (index === 'scim_members_member') return has('tenant', 'member_id')
  if (index.startsWith('scim_members')) return has('tenant', 'group_id')
  if (index === 'scim_pending_pkey') return has('tenant', 'user_id')
  if (index === 'scim_pending_due') return condition !== ''
  return has('tenant')
}

async function emptied(): Promise<void> {
  const rows = await direct.all(sql<{ name: string }>`
    select relname as name from pg_class where relname like 'scim_%' and relkind = 'r'
      and relname not like 'scim_migration%'`)
  await direct.all(sql.raw(`truncate ${rows.map(({ name }) => name).join()}`))
}

/** 20,000 people, and groups with all of them, without telling the planner. */
async function filled(tenant = 'u1'): Promise<void> {
  await insertNumbered(
    direct,
    20_000,
    (numbers) => sql`insert into scim_resources
    (tenant, id, resource_type, created, last_modified, version, document, comparable)
    select ${tenant}, 'u' || n, 'User', n, n, 'v', '{}', '{}' from ${numbers}`,
  )
  await direct.all(
    sql.raw(`insert into scim_resources
    (tenant, id, resource_type, created, last_modified, version, document, comparable)
    select '${tenant}', 'g' || n, 'Group', n, n, 'v', '{}', '{}'
      from generate_series(1, 20) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_members (tenant, group_id, member_id, nested)
    select '${tenant}', 'g' || g, 'u' || u, 0
    from generate_series(1, 3) as g, generate_series(1, 20000) as u`),
  )
  await direct.all(
    sql.raw(`insert into scim_pending
    (tenant, user_id, since, mark, attempts, parked, next_at, lease_until, due_at)
    select '${tenant}', 'u' || n, n, 1, 0, 0, n, 0, n from generate_series(1, 20000) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_records (tenant, user_id, account_id, email, account_email, record)
    select '${tenant}', 'u' || n, n, n, n, '{}' from generate_series(1, 20000) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_values (tenant, name, value)
    select '${tenant}', 'n' || n, 'v' from generate_series(1, 20000) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_rules (tenant, rules, version)
    select '${tenant}' || n, '{}', 1 from generate_series(1, 2000) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_sweeps (tenant, id, created, state, remaining)
    select '${tenant}', 's' || n, n, '{}', 1 from generate_series(1, 2000) as n`),
  )
  await direct.all(
    sql.raw(`insert into scim_lookups
    (tenant, resource_type, attribute, lookup_key, resource_id, is_unique)
    select '${tenant}', 'User', 'userName', 'u' || n, 'u' || n, 1
      from generate_series(1, 20000) as n`),
  )
}
