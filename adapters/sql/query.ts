import {
  type IndexPlan,
  indexPlan,
  isAnsweredByPlan,
  lookupName,
  type Page,
  type PageRequest,
  positionOf,
  type Query,
  type ResolvedFilter,
  type Resource,
  type Scope,
} from '../../lib/adapter/index.js'
import { atMost, type Database, type Statement, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { filterCondition } from './filter.js'
import { countAll, type Extent } from './listing.js'
import { digestMark, hasKey, storedKey } from './lookups.js'
import { isMember } from './member-rows.js'
import {
  isInListing,
  isOfType,
  listColumns,
  listOf,
  type ResourceRow,
  resourceColumns,
  toResource,
  toResources,
} from './rows.js'
import { orderOf } from './sort.js'
import { isStorable, type Sql, sql } from './sql.js'
import { usersInGroup } from './users-in.js'

/** The requested resources, with the scope. */
interface ScopedExtent extends Extent {
  readonly scope: Scope
}

/** Runs the statements of a query. */
interface Reader {
  readonly database: Database
  all<Row>(query: Sql<Row>): Promise<readonly Row[]>
  /** SELECT of the ids that an index finds for the filter, if that helps. */
  ids(): Promise<Sql | undefined>
}

/** Queries that no index answers run outside the host's thread. */
function readerOf(
  database: Database,
  extent: Extent,
  { filter, sort }: Query,
  scope: Scope,
): Reader {
  const plan = filter && indexPlan(filter, extent.type)
  const isScan = plan === undefined && (filter !== undefined || sort !== undefined)
  const all: Reader['all'] = (query) => (isScan ? database.scan(query, scope) : database.all(query))
  const findIds = async () => {
    if (plan) return idsOf(plan, extent, database.dialect)
    const beginning = filter && beginningIn(filter)
    return beginning && idsBeginning({ database, all }, beginning, extent)
  }
  let ids: Promise<Sql | undefined> | undefined
  return {
    database,
    all,
    ids() {
      ids ??= findIds()
      return ids
    },
  }
}

/**
 * A page of a filtered or sorted result: one query, and another one to count if the page does not
 * show the total.
 */
export async function queryResources<R extends Resource>(
  database: Database,
  { scope, tenant, type }: ScopedExtent,
  query: Query,
): Promise<Page<R>> {
  const { page } = query
  const extent = { tenant, type }
  const read = readerOf(database, extent, query, scope)
  const found = await readPage<R>(read, extent, query)
  const resources = found.slice(0, page.limit)
  const last = resources.at(-1)
  const hasMore = found.length > page.limit
  return {
    resources,
    totalResults:
      totalOf(page, found.length) ??
      (query.withoutTotal ? found.length : await count(read, extent, query)),
    ...(page.kind === 'cursor' && hasMore && last && { next: positionOf(last, query.sort) }),
  }
}

/** The resources of the page, and one more if there are more. */
async function readPage<R extends Resource>(
  read: Reader,
  extent: Extent,
  query: Query,
): Promise<readonly R[]> {
  const { database, all } = read
  const { page, filter, sort } = query
  const offset = page.kind === 'index' ? page.offset : 0
  if (page.kind === 'index' && page.limit === 0) return []
  if (page.kind === 'index' && filter && !sort) {
    const alone = await readAlone<R>(database, extent, filter)
    if (alone) return alone.slice(offset)
  }
  const order = orderOf(sort, database.dialect)
  const after = page.kind === 'cursor' && page.after ? [order.after(page.after)] : []
  const from = await matching(read, extent, query, after)
  const ids = sql`
    select resource.id ${from}
    order by ${order.orderBy} ${atMost(page.limit + 1)} offset ${offset}`
  // Documents would be sorted with all that comes before the page.
  const rows = sql`select ${listColumns} from ${database.dialect.joinEach(
    sql`(${ids}) as page`,
    'scim_resources as resource',
    sql`resource.tenant = ${extent.tenant} and resource.id = page.id`,
  )}`
  const [list] = await all(listOf(rows, database.dialect))
  return toResources(extent.type, list)
}

/**
 * The only resource that a look-up finds, or none; `undefined` if it finds several, or the filter
 * asks for more. To find one takes less time than to prepare to sort.
 */
async function readAlone<R extends Resource>(
  database: Database,
  { tenant, type }: Extent,
  filter: ResolvedFilter,
): Promise<readonly R[] | undefined> {
  const wanted = loneLookup(filter, { tenant, type })
  if (wanted === undefined) return undefined
  const rows = await database.prepared(firstByLookup, wanted)
  return rows.length > 1 ? undefined : rows.map((row) => toResource(type, row))
}

/** What is looked up by a single key. */
export interface LoneLookup extends Extent {
  readonly attribute: string
  readonly key: string
}

/** The look-up that answers a filter, if it is a single one. */
export function loneLookup(
  filter: ResolvedFilter,
  { tenant, type }: Extent,
): LoneLookup | undefined {
  const plan = indexPlan(filter, type)
  if (plan?.kind !== 'lookup' || !isAnsweredByPlan(filter, type)) return undefined
  return { tenant, type, attribute: plan.attribute, key: storedKey(plan.key) }
}

/** FROM and WHERE of the first resources that are looked up: two, to know that there are several. */
export const firstFound: Statement<LoneLookup>['build'] = (value, { joinEach }) => sql`
  from ${joinEach(
    sql`scim_lookups as lookup`,
    'scim_resources as resource',
    sql`resource.tenant = lookup.tenant and resource.id = lookup.resource_id`,
  )}
  where lookup.tenant = ${value('tenant')} and lookup.resource_type = ${value('type')}
    and lookup.attribute = ${value('attribute')} and lookup.lookup_key = ${value('key')}
    and lookup.${hasKey}
  limit 2`

const firstByLookup = statement<LoneLookup, ResourceRow>(
  (value, dialect) => sql`select ${resourceColumns} ${firstFound(value, dialect)}`,
)

/**
 * The total number of matches, if the page shows it: it is the last one, and not beyond the end.
 */
function totalOf(page: PageRequest, found: number): number | undefined {
  if (found > page.limit || (page.kind === 'cursor' && page.after)) return undefined
  const offset = page.kind === 'index' ? page.offset : 0
  if (page.limit === 0 || (found === 0 && offset > 0)) return undefined
  return offset + found
}

async function count(read: Reader, extent: Extent, query: Query): Promise<number> {
  if (query.filter === undefined) return countAll(read.database, extent)
  const from = await matching(read, extent, query, [])
  const [row] = await read.all(sql<{ total: number }>`select count(*) as total ${from}`)
  return row?.total ?? 0
}

/**
 * FROM and WHERE of a query. If an index finds the resources, they are joined to its result; with a
 * condition instead, SQLite would read every resource.
 */
async function matching(
  { database: { dialect }, ids: findIds }: Reader,
  { tenant, type }: Extent,
  { filter }: Query,
  more: readonly Sql[],
): Promise<Sql> {
  const ids = await findIds()
  const isExact =
    ids && filter && (isAnsweredByPlan(filter, type) || beginningIn(filter) === filter)
  const conditions = [
    ...(filter && !isExact ? [filterCondition(filter, dialect, { tenant, type })] : []),
    ...more,
  ]
  const { joinEach } = dialect
  if (ids === undefined) {
    const all = [
      sql`resource.tenant = ${tenant}`,
      sql`resource.resource_type = ${type}`,
      isInListing(dialect),
    ]
    const every = sql.join([...all, ...conditions], sql` and `)
    return sql`from scim_resources as resource where ${every}`
  }
  const found = joinEach(
    sql`(${ids}) as found`,
    'scim_resources as resource',
    sql`resource.tenant = ${tenant} and resource.id = found.id`,
  )
  return sql`from ${found}
    where ${sql.join([sql`resource.${isOfType(type)}`, ...conditions], sql` and `)}`
}

type Beginning = Extract<ResolvedFilter, { kind: 'compare' }>

/** `userName sw "x"`, alone or as one of several conditions joined by `and`. */
function beginningIn(filter: ResolvedFilter): Beginning | undefined {
  if (filter.kind === 'and')
    return filter.nodes.find((node) => node === beginningIn(node)) as Beginning | undefined
  if (filter.kind !== 'compare' || filter.operator !== 'sw') return undefined
  const isLookedUp = lookupName(filter.path) !== undefined
  const { value } = filter
  return isLookedUp && typeof value === 'string' && value !== '' && isStorable(value)
    ? filter
    : undefined
}

/** Fewer are always read by index. */
const maxFew = 1000
/** To read a resource by index takes about as long as to read this many in order. */
const indexCost = 4

/**
 * Uses the index of lookup keys, unless so many begin like this that reading all resources takes
 * less time. Long keys are stored as digests, so their resources are checked.
 */
async function idsBeginning(
  { database, all }: Pick<Reader, 'database' | 'all'>,
  filter: Beginning,
  extent: Extent,
): Promise<Sql | undefined> {
  const { tenant, type } = extent
  const { dialect } = database
  const isOfAttribute = sql`lookup.tenant = ${tenant} and lookup.resource_type = ${type}
    and lookup.attribute = ${lookupName(filter.path)} and lookup.${hasKey}`
  const begins = hasBeginning(String(filter.value))
  const most = Math.max(maxFew, Math.floor((await countAll(database, extent)) / indexCost))
  const [counted] = await all(sql<{ found: number }>`select count(*) as found from (
    select 1 from scim_lookups as lookup
    where ${isOfAttribute} and ${begins} ${atMost(most + 1)}) as found`)
  if (counted && counted.found > most) return undefined
  const isDigest = hasBeginning(digestMark)
  const digests = dialect.joinEach(
    sql`scim_lookups as lookup`,
    'scim_resources as resource',
    sql`resource.tenant = lookup.tenant and resource.id = lookup.resource_id`,
  )
  return sql`
    select lookup.resource_id as id from scim_lookups as lookup
    where ${isOfAttribute} and ${begins} and not (${isDigest})
    union
    select resource.id from ${digests}
    where ${isOfAttribute} and ${isDigest} and ${filterCondition(filter, dialect, extent)}`
}

function hasBeginning(text: string): Sql {
  const end = afterAll(text)
  const isBefore = end === undefined ? sql`` : sql`and lookup.lookup_key < ${end}`
  return sql`lookup.lookup_key >= ${text} ${isBefore}`
}

/**
 * The first text after all that begin with this one, by code point; `undefined` if there is none.
 */
function afterAll(beginning: string): string | undefined {
  const points = [...beginning].map((character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Surrogates are not characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

/**
 * The keys that plans look up, grouped by kind, because SQLite refuses a union of more than 500
 * queries (B2).
 */
interface LookupKeys {
  readonly ids: string[]
  readonly lookups: [attribute: string, key: string][]
  readonly members: string[]
  readonly groups: Extract<IndexPlan, { kind: 'usersIn' }>[]
}

function idsOf(plan: IndexPlan, extent: Extent, dialect: SqlDialect): Sql {
  const wanted: LookupKeys = { ids: [], lookups: [], members: [], groups: [] }
  collect(plan, wanted)
  const { ids, lookups, members, groups } = wanted
  const { json } = dialect
  const queries = [
    ...(ids.length > 0
      ? [sql`select distinct value as id from (${json.strings(JSON.stringify(ids))}) as listed`]
      : []),
    ...(lookups.length > 0 ? [lookedUp(lookups, extent, dialect)] : []),
    ...(members.length > 0 ? [groupsWith(members, extent, dialect)] : []),
    ...groups.map((plan) => usersInGroup(plan, extent.tenant, dialect)),
  ]
  return sql.join(queries, sql` union `)
}

function collect(plan: IndexPlan, wanted: LookupKeys): void {
  switch (plan.kind) {
    case 'id':
      wanted.ids.push(isStorable(plan.id) ? plan.id : '')
      return
    case 'lookup':
      wanted.lookups.push([plan.attribute, storedKey(plan.key)])
      return
    case 'groupsWith':
      wanted.members.push(isStorable(plan.memberId) ? plan.memberId : '')
      return
    case 'usersIn':
      wanted.groups.push(plan)
      return
    case 'union':
      for (const each of plan.plans) collect(each, wanted)
  }
}

function lookedUp(
  lookups: LookupKeys['lookups'],
  { tenant, type }: Extent,
  { json, joinEach }: SqlDialect,
): Sql {
  const [only] = lookups
  if (lookups.length === 1 && only) {
    return sql`select resource_id as id from scim_lookups
      where tenant = ${tenant} and resource_type = ${type}
        and attribute = ${only[0]} and lookup_key = ${only[1]} and ${hasKey}`
  }
  const rows = json.rows(JSON.stringify(lookups), { attribute: 'text', lookup_key: 'text' })
  return sql`select distinct lookup.resource_id as id from ${joinEach(
    sql`${rows} as wanted`,
    'scim_lookups as lookup',
    sql`lookup.tenant = ${tenant} and lookup.resource_type = ${type}
      and lookup.attribute = wanted.attribute and lookup.lookup_key = wanted.lookup_key
      and lookup.${hasKey}`,
  )}`
}

function groupsWith(
  members: readonly string[],
  { tenant }: Extent,
  { json, joinEach }: SqlDialect,
): Sql {
  return sql`select distinct member.group_id as id from ${joinEach(
    sql`(${json.strings(JSON.stringify(members))}) as wanted`,
    'scim_members as member',
    sql`member.tenant = ${tenant} and member.member_id = wanted.value and member.${isMember}`,
  )}`
}
