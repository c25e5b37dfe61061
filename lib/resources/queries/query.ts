import type { ResolvedFilter } from '../../filter/ast.js'
import type { ResourceType } from '../../schema/types.js'
import { comparePositions, positionOf } from '../../sort/index.js'
import type { KeysetPosition, Page, PageRequest, Query, Sort } from '../../stores/query.js'
import { needsScan, queryStore, tooManyToScan } from '../../stores/query-store.js'
import type { Resource } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import { callOf, type Services } from '../call.js'
import { checkPage } from '../store-output.js'
import { requireAffordable } from './filter-work.js'

/** The part of a query for one resource type, with names resolved. */
export interface TypeQuery {
  readonly type: ResourceType
  readonly filter?: ResolvedFilter
  /** Also absent if the type has no such attribute: all its resources count as having no value. */
  readonly sort?: Sort
  readonly omit: ReadonlySet<string>
  /** The total number of results is not needed. */
  readonly withoutTotal?: boolean
}

/** A query over one or more resource types. */
export interface ResourceQuery {
  readonly parts: readonly TypeQuery[]
  /** The direction, if the result is sorted; each part has its own `sort`. */
  readonly sorted?: { readonly descending: boolean }
  readonly page: PageRequest
}

/** One resource of a result, with its type. */
export interface FoundResource {
  readonly type: ResourceType
  readonly resource: Resource
}

/** A page of a result over several types. */
export interface SearchResult {
  readonly found: readonly FoundResource[]
  readonly totalResults: number
  readonly next?: KeysetPosition
  /** The groups of each user, if they were read with the page. */
  readonly groups?: Page<Resource>['groups'] | undefined
}

/**
 * Answers a query. Over several resource types, index pages go through the types one after the
 * other; sorted pages and cursor pages go through all of them in one common order.
 *
 * @throws ScimError `tooMany` (400) when that would mean reading more than
 *   `options.limits.maxScanned` resources
 */
export async function queryResources(
  services: Services,
  scope: Scope,
  query: ResourceQuery,
): Promise<SearchResult> {
  const { parts, sorted, page } = query
  const [only] = parts
  if (parts.length === 1 && only) return single(services, scope, { part: only, page })
  if (page.kind === 'index' && !sorted) return concatenated(services, scope, { parts, page })
  return merged(services, scope, query)
}

interface SingleQuery {
  readonly part: TypeQuery
  readonly page: PageRequest
}

async function single(
  services: Services,
  scope: Scope,
  { part, page }: SingleQuery,
): Promise<SearchResult> {
  const result = await queryType(services, scope, { part, page, isShown: true })
  const { resources, totalResults, next } = result
  // A host's store may have added resources to the page of another one.
  const groups = resources.every(({ id }) => result.groups?.has(id)) ? result.groups : undefined
  const found = resources.map((resource) => ({ type: part.type, resource }))
  return { found, totalResults, groups, ...(next && { next }) }
}

interface ConcatenatedQuery {
  readonly parts: readonly TypeQuery[]
  readonly page: Extract<PageRequest, { kind: 'index' }>
}

async function concatenated(
  services: Services,
  scope: Scope,
  { parts, page }: ConcatenatedQuery,
): Promise<SearchResult> {
  const found: FoundResource[] = []
  let totalResults = 0
  for (const part of parts) {
    const offset = Math.max(page.offset - totalResults, 0)
    const limit = page.limit - found.length
    const result = await queryType(services, scope, {
      part,
      page: { kind: 'index', offset, limit },
    })
    found.push(...result.resources.map((resource) => ({ type: part.type, resource })))
    totalResults += result.totalResults
  }
  return { found, totalResults }
}

/** Reads from each type as much as the page can need, and merges it into one order. */
async function merged(
  services: Services,
  scope: Scope,
  { parts, sorted, page }: ResourceQuery,
): Promise<SearchResult> {
  const { maxScanned } = services.options.limits
  const needed = page.kind === 'index' ? page.offset + page.limit : page.limit
  if (needed > maxScanned) throw tooManyToScan(maxScanned)
  const partPage = page.kind === 'index' ? { ...page, offset: 0, limit: needed } : page
  const results = await Promise.all(
    parts.map((part) =>
      queryType(services, scope, {
        part,
        page: sorted ? unsortedPage(part, partPage, sorted) : partPage,
      }),
    ),
  )
  const totalResults = results.reduce((sum, result) => sum + result.totalResults, 0)
  const rows = results.flatMap(({ resources }, index) => rowsOf(parts[index], resources, sorted))
  rows.sort(byPosition(sorted))
  const start = page.kind === 'index' ? page.offset : 0
  const found = rows.slice(start, start + page.limit)
  const last = found.at(-1)
  const hasMore = rows.length > found.length || results.some(({ next }) => next !== undefined)
  return {
    found,
    totalResults,
    ...(page.kind === 'cursor' && hasMore && last && { next: last.position }),
  }
}

type Row = FoundResource & { readonly position: KeysetPosition }

function rowsOf(
  part: TypeQuery | undefined,
  resources: readonly Resource[],
  sorted: ResourceQuery['sorted'],
): Row[] {
  if (!part) return []
  return resources.map((resource) => ({
    type: part.type,
    resource,
    position: { ...(sorted && { sortKey: null }), ...positionOf(resource, part.sort) },
  }))
}

function byPosition(sorted: ResourceQuery['sorted']): (a: Row, b: Row) => number {
  // Positions carry their sort keys, so only the direction of the sort matters here.
  const compare = comparePositions(sorted && { path: {}, descending: sorted.descending })
  return (a, b) => compare(a.position, b.position)
}

/**
 * The page of a type without the sort attribute. Its resources, in order of creation, are together
 * where unassigned values are, so a position among assigned values is before or after all of them.
 */
function unsortedPage(
  part: TypeQuery,
  page: PageRequest,
  { descending }: { readonly descending: boolean },
): PageRequest {
  if (part.sort || page.kind === 'index' || !page.after) return page
  const { sortKey = null, created, id } = page.after
  const { limit } = page
  if (sortKey === null) return { kind: 'cursor', after: { created, id }, limit }
  return descending ? { kind: 'index', offset: 0, limit: 0 } : { kind: 'cursor', limit }
}

async function queryType(
  services: Services,
  scope: Scope,
  { part, page, isShown }: SingleQuery & { readonly isShown?: boolean },
): Promise<Page<Resource>> {
  const { type, filter, sort, omit, withoutTotal } = part
  if (filter?.kind === 'constant' && !filter.value) return { resources: [], totalResults: 0 }
  const isEverything = filter?.kind === 'constant'
  const call = callOf(services, type, scope)
  const query: Query = {
    omit,
    page,
    ...(filter && !isEverything && { filter }),
    ...(sort && { sort }),
    ...(withoutTotal && { withoutTotal }),
    ...(isShown && call.kind.wantsGroups?.(call, omit) && { withGroups: true }),
  }
  const { store } = call
  const { limits } = services.options
  if (query.filter && !needsScan(store, query)) {
    const checked = requireAffordable(store, scope, { type, filter: query.filter, limits })
    if (checked !== undefined) await checked
  }
  const source = { store, type: type.name, maxScanned: limits.maxScanned }
  return checkPage(call, await queryStore(source, scope, query), page.limit)
}
