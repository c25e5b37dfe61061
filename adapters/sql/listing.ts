import {
  type KeysetPosition,
  type Page,
  type PageRequest,
  positionOf,
  type Resource,
  type Scope,
} from '../../lib/adapter/index.js'
import { atMost, type Database, type Session, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { isInListing, type ListRow, listColumns, listOf, toResources } from './rows.js'
import { type Sql, sql } from './sql.js'

/** All resources of a type and tenant. */
export interface Extent {
  readonly tenant: string
  readonly type: string
}

/** The total, and how many resources were ever created or deleted. */
interface Counts {
  readonly total: number
  readonly changes: number
}

const keptCounts = (value: (name: keyof Extent) => unknown) => sql<Counts>`
  select cast(coalesce(sum(count), 0) as bigint) as total,
    cast(coalesce(sum(changes), 0) as bigint) as changes
  from scim_counts
  where tenant = ${value('tenant')} and resource_type = ${value('type')}`

const selectCounts = statement<Extent, Counts>(keptCounts)

/** The number of all resources, which is stored. */
export async function countAll(session: Session, extent: Extent): Promise<number> {
  const [kept] = await session.prepared(selectCounts, extent)
  return kept?.total ?? 0
}

/** A place in the order of a list: after the resource with this key. */
interface Key {
  readonly created: number
  readonly id: string
}

type Value<T> = (name: keyof T & string) => unknown

function isAfter(value: Value<Extent & Key>, dialect: SqlDialect): Sql {
  return sql`resource.tenant = ${value('tenant')} and resource.resource_type = ${value('type')}
    and ${isInListing(dialect)}
    and (resource.created, resource.id) > (${value('created')}, ${value('id')})`
}

const selectPart = statement<Extent & Key & { readonly limit: number }, ListRow & Counts>(
  (value, dialect) => {
    const rows = sql`
      select ${listColumns} from scim_resources as resource where ${isAfter(value, dialect)}
      order by resource.created, resource.id ${atMost(value('limit'))}`
    return sql`select listed.documents, listed.metas, kept.total, kept.changes
      from (${keptCounts(value)}) as kept cross join (${listOf(rows, dialect)}) as listed`
  },
)

/** How many resources to pass over after a key. */
type Passing = Extent & Key & { readonly passed: number }

/** The key of the last one passed over, which the index alone tells; null if there are fewer. */
interface KeyRow extends Counts {
  readonly created: number | null
  readonly id: string | null
}

const keyQuery = (value: Value<Passing>, dialect: SqlDialect) => sql<KeyRow>`
  select passed.created, passed.id, kept.total, kept.changes
  from (${keptCounts(value)}) as kept left join (
    select resource.created, resource.id from scim_resources as resource
    where ${isAfter(value, dialect)}
    order by resource.created, resource.id
    ${atMost(1)} offset cast(${value('passed')} as bigint) - 1) as passed on true`

const selectKey = statement<Passing, KeyRow>(keyQuery)

/** Where a page of a list ended. */
interface End {
  /** The number of resources up to there. */
  readonly place: number
  readonly key: Key
  /** The changes until then; absent at the beginning, which never moves. */
  readonly changes?: number
}

const beginning: End = { place: 0, key: { created: Number.MIN_SAFE_INTEGER, id: '' } }
/** More resources are passed over in another thread, where the database has one. */
const maxPassedHere = 5_000

/** Reads pages of all resources, in order of `(created, id)`. */
export type Listing = <R extends Resource>(
  scope: Scope,
  type: string,
  page: PageRequest,
) => Promise<Page<R>>

/**
 * A page is found from the nearest known end of a page before it, on this host, unless a resource
 * was created or deleted meanwhile. The resources in between are passed over, which takes longer
 * the more they are.
 */
export function createListing(database: Database): Listing {
  const ends = knownEnds()
  const read = async (extent: Extent, key: Key, limit: number) =>
    always(await database.prepared(selectPart, { ...extent, ...key, limit }))
  const pass = async (scope: Scope, passing: Passing) => {
    if (passing.passed <= maxPassedHere) return always(await database.prepared(selectKey, passing))
    const query = keyQuery((name) => passing[name], database.dialect)
    return always(await database.scan(query, scope))
  }

  /** `undefined` if the end has moved. */
  async function pageFrom<R extends Resource>(
    end: End,
    { scope, type, offset, limit }: Wanted,
  ): Promise<Page<R> | undefined> {
    const server = database.server()
    const extent = { tenant: scope.tenant, type }
    const hasMoved = ({ changes }: Counts) =>
      end.changes !== undefined && (changes !== end.changes || server !== database.server())
    let { key, changes } = end
    if (offset > end.place) {
      const row = await pass(scope, { ...extent, ...key, passed: offset - end.place })
      if (hasMoved(row)) return undefined
      if (row.created === null || row.id === null) return { resources: [], totalResults: row.total }
      key = { created: row.created, id: row.id }
      changes = row.changes
    }
    const row = await read(extent, key, limit)
    if (hasMoved(row)) return undefined
    const resources = toResources<R>(type, row)
    const last = resources.at(-1)
    if (last && (changes === undefined || changes === row.changes)) {
      const place = offset + resources.length
      ends.add({ ...extent, server }, { place, key: keyOf(positionOf(last)), changes: row.changes })
    }
    return { resources, totalResults: row.total }
  }

  return async <R extends Resource>(scope: Scope, type: string, page: PageRequest) => {
    const extent = { tenant: scope.tenant, type }
    const { limit } = page
    if (page.kind === 'cursor') {
      const key = page.after ? keyOf(page.after) : beginning.key
      const row = await read(extent, key, limit + 1)
      const found = toResources<R>(type, row)
      const resources = found.slice(0, limit)
      const last = resources.at(-1)
      const hasMore = found.length > limit && last
      return { resources, totalResults: row.total, ...(hasMore && { next: positionOf(last) }) }
    }
    if (limit === 0) return { resources: [], totalResults: await countAll(database, extent) }
    const { offset } = page
    const wanted = { scope, type, offset, limit }
    const near = ends.upTo({ ...extent, server: database.server() }, offset)
    return (
      (near && (await pageFrom<R>(near, wanted))) ?? always([await pageFrom<R>(beginning, wanted)])
    )
  }
}

interface Wanted {
  readonly scope: Scope
  readonly type: string
  readonly offset: number
  readonly limit: number
}

function always<T>([row]: readonly (T | undefined)[]): T {
  if (row === undefined) throw new Error('A list always has its counts.')
  return row
}

function keyOf({ created, id }: KeysetPosition): Key {
  return { created: Date.parse(created), id }
}

/** One server counts changes; after a failover another one may count the same for others. */
interface ListPlace extends Extent {
  readonly server: string | undefined
}

/** The known ends of pages of one list, in order, all of the same state of it. */
interface KnownEnds {
  readonly changes: number | undefined
  readonly inOrder: End[]
}

const maxEnds = 1_000
const maxLists = 100

function knownEnds() {
  const lists = new Map<string, KnownEnds>()
  const nameOf = ({ server, tenant, type }: ListPlace) => JSON.stringify([server, tenant, type])
  return {
    /** The last one that is not after this place. */
    upTo(extent: ListPlace, place: number): End | undefined {
      return lists.get(nameOf(extent))?.inOrder.findLast((end) => end.place <= place)
    },
    add(extent: ListPlace, end: End) {
      const { changes } = end
      const known = lists.get(nameOf(extent))
      let inOrder = known?.changes === changes ? (known?.inOrder ?? []) : []
      const index = inOrder.findLastIndex(({ place }) => place <= end.place)
      if (inOrder[index]?.place === end.place) return
      inOrder.splice(index + 1, 0, end)
      // Those that stay are spread as before.
      if (inOrder.length > maxEnds) inOrder = inOrder.filter((_, each) => each % 2 === 0)
      if (!known && lists.size >= maxLists) lists.clear()
      lists.set(nameOf(extent), { changes, inOrder })
    },
  }
}
