import { tooMany } from '../errors.js'
import type { ResolvedFilter } from '../filter/ast.js'
import { evaluate } from '../filter/evaluate.js'
import { comparePositions, compareResources, positionOf } from '../sort/index.js'
import type { Page, PageRequest, Query } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { Scope } from '../stores/scope.js'

const scanPageSize = 500

/** Whether a store cannot answer a query alone. */
export function needsScan({ supports = {} }: ResourceStore, query: Query): boolean {
  const { filter, sort, page } = query
  return (
    (filter !== undefined && !supports.filter) ||
    (sort !== undefined && !supports.sort) ||
    (page.kind === 'cursor' && !supports.cursor)
  )
}

/**
 * Answers a query over a store that cannot: reads its resources, as far as `maxScanned` allows, and filters, sorts and
 * pages them here.
 *
 * @throws ScimError `tooMany` (400) when the store has more resources of this type
 */
export async function scan(
  store: ResourceStore,
  scope: Scope,
  { query, maxScanned }: { query: Query; maxScanned: number },
): Promise<Page<Resource>> {
  const all = await readAll(store, scope, { query, maxScanned })
  return pageOf(all, query)
}

/** One page of resources that are all there is; pure. */
export function pageOf(all: readonly Resource[], query: Query): Page<Resource> {
  const { filter, sort, page } = query
  const matching = filter ? all.filter((resource) => evaluate(filter, resource)) : [...all]
  const sorted = matching.sort(compareResources(sort))
  const start = startOf(sorted, page, query)
  const resources = sorted.slice(start, start + page.limit)
  const last = resources.at(-1)
  const hasMore = page.kind === 'cursor' && start + resources.length < sorted.length
  return {
    resources,
    totalResults: sorted.length,
    ...(hasMore && last && { next: positionOf(last, sort) }),
  }
}

function startOf(
  sorted: readonly Resource[],
  page: PageRequest,
  { sort }: Pick<Query, 'sort'>,
): number {
  if (page.kind === 'index') return page.offset
  const { after } = page
  if (!after) return 0
  const compare = comparePositions(sort)
  const next = sorted.findIndex((resource) => compare(positionOf(resource, sort), after) > 0)
  return next < 0 ? sorted.length : next
}

async function readAll(
  store: ResourceStore,
  scope: Scope,
  { query, maxScanned }: { query: Query; maxScanned: number },
): Promise<readonly Resource[]> {
  const omit = new Set([...query.omit].filter((name) => !query.filter || !uses(query.filter, name)))
  const all: Resource[] = []
  for (;;) {
    scope.signal.throwIfAborted()
    const page = { kind: 'index', offset: all.length, limit: scanPageSize } as const
    const { resources, totalResults } = await store.query(scope, { omit, page })
    if (totalResults > maxScanned) throw tooManyToScan(maxScanned)
    all.push(...resources)
    if (all.length >= totalResults || resources.length === 0) return all
  }
}

/** Whether a filter looks at an attribute. */
function uses(filter: ResolvedFilter, name: string): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.nodes.some((node) => uses(node, name))
    case 'not':
      return uses(filter.node, name)
    case 'constant':
      return false
    default:
      return filter.path.attribute?.name === name
  }
}

/** 400 for a query that would read more than the service provider is willing to (RFC 7644 §3.4.2.1). */
export function tooManyToScan(maxScanned: number) {
  return tooMany(
    `This query would have to look at more than ${maxScanned} resources. Narrow it down, or leave out the sorting.`,
  )
}
