import { sql } from 'kysely'
import {
  type KeysetPosition,
  type Page,
  type PageRequest,
  positionOf,
  type Resource,
} from '../../lib/adapter/index.js'
import { atMost, type Session, statement } from './database.js'
import { isInListing, type ListRow, listColumns, listOf, toResources } from './rows.js'

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

/** The beginning of a part of a list, and how many resources to pass over after it. */
interface Beginning {
  readonly created: number
  readonly id: string
  readonly offset: number
}

const selectPart = statement<Extent & Beginning & { readonly limit: number }, ListRow & Counts>(
  (value, dialect) => {
    const rows = sql`
      select ${listColumns} from scim_resources as resource
      where resource.tenant = ${value('tenant')} and resource.resource_type = ${value('type')}
        and ${isInListing(dialect)}
        and (resource.created, resource.id) > (${value('created')}, ${value('id')})
      order by resource.created, resource.id
      ${atMost(value('limit'))} offset cast(${value('offset')} as bigint)`
    return sql`select (${listOf(rows, dialect)}) as list, kept.total, kept.changes
      from (${keptCounts(value)}) as kept`
  },
)

/** Reads pages of all resources, in order of `(created, id)`. */
export type Listing = <R extends Resource>(extent: Extent, page: PageRequest) => Promise<Page<R>>

/**
 * A page that begins where another one ended, on this host, is found by the key of that end, unless
 * a resource was created or deleted meanwhile. Other index pages pass over all earlier resources,
 * which takes longer the deeper they are.
 */
export function createListing(session: Session): Listing {
  const ends = recentEnds()
  const read = async (extent: Extent, beginning: Beginning, limit: number) => {
    const [row] = await session.prepared(selectPart, { ...extent, ...beginning, limit })
    if (row === undefined) throw new Error('Counts always have a row.')
    return row
  }
  return async <R extends Resource>(extent: Extent, page: PageRequest): Promise<Page<R>> => {
    if (page.kind === 'cursor') {
      const row = await read(extent, after(page.after), page.limit + 1)
      const found = toResources<R>(extent.type, row)
      const resources = found.slice(0, page.limit)
      const last = resources.at(-1)
      const hasMore = found.length > page.limit && last
      return { resources, totalResults: row.total, ...(hasMore && { next: positionOf(last) }) }
    }
    const { offset, limit } = page
    const end = ends.get(extent, offset)
    const byKey = end && (await read(extent, after(end.position), limit))
    const isSame = byKey !== undefined && byKey.changes === end?.changes
    const row = isSame ? byKey : await read(extent, { ...after(undefined), offset }, limit)
    const resources = toResources<R>(extent.type, row)
    const last = resources.at(-1)
    if (last) {
      const { changes } = row
      ends.set(extent, offset + resources.length, { position: positionOf(last), changes })
    }
    return { resources, totalResults: row.total }
  }
}

function after(position: KeysetPosition | undefined): Beginning {
  if (position === undefined) return { created: Number.MIN_SAFE_INTEGER, id: '', offset: 0 }
  return { created: Date.parse(position.created), id: position.id, offset: 0 }
}

/** The last resource of a page, and the changes until then. */
interface End {
  readonly position: KeysetPosition
  readonly changes: number
}

const maxEnds = 1000

/** The ends of recent pages, by the number of resources up to there. */
function recentEnds() {
  const ends = new Map<string, End>()
  const nameOf = ({ tenant, type }: Extent, place: number) => JSON.stringify([tenant, type, place])
  return {
    get: (extent: Extent, place: number) => ends.get(nameOf(extent, place)),
    set(extent: Extent, place: number, end: End) {
      const name = nameOf(extent, place)
      ends.delete(name)
      ends.set(name, end)
      const [oldest = ''] = ends.keys()
      if (ends.size > maxEnds) ends.delete(oldest)
    },
  }
}
