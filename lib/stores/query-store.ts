import { tooMany } from '../errors.js'
import type { ResolvedFilter } from '../filter/ast.js'
import { evaluate } from '../filter/evaluate.js'
import { comparePositions, compareResources, positionOf } from '../sort/index.js'
import { type IndexPlan, indexPlan } from './index-plan.js'
import type { Page, PageRequest, Query } from './query.js'
import type { Resource } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'

const scanPageSize = 500
const defaultMaxScanned = 50_000

/** The source of a query. */
export interface QuerySource<R extends Resource> {
  readonly store: ResourceStore<R>
  /** Name of the resource type. */
  readonly type: string
  /** The most resources to read for a query that the store cannot answer alone. Default 50 000. */
  readonly maxScanned?: number
}

/**
 * Answers a query over any store: by the store if it declares support (`supports`), otherwise here.
 *
 * A filter that looks up resources by key (`userName eq "x"`) is answered by the store's `find`, or
 * by reading all resources without limit, because provisioning depends on look-ups. Everything else
 * reads at most `maxScanned`.
 *
 * @throws ScimError `tooMany` (400) when the store has more resources of this type
 */
export async function queryStore<R extends Resource>(
  { store, type, maxScanned = defaultMaxScanned }: QuerySource<R>,
  scope: Scope,
  query: Query,
): Promise<Page<R>> {
  if (!needsScan(store, query)) return store.query(scope, query)
  const plan = query.filter && indexPlan(query.filter, type)
  const isLookup = plan !== undefined && isOfKeys(plan)
  const found = isLookup ? await findByKeys(store, scope, plan, query) : undefined
  const most = isLookup ? Number.POSITIVE_INFINITY : maxScanned
  return pageOfAll(found ?? (await readAll(store, scope, query, most)), query)
}

/** Whether a store cannot answer a query alone. */
export function needsScan(
  { supports = {} }: Pick<ResourceStore, 'supports'>,
  query: Query,
): boolean {
  const { filter, sort, page } = query
  return (
    (filter !== undefined && !supports.filter) ||
    (sort !== undefined && !supports.sort) ||
    (page.kind === 'cursor' && !supports.cursor)
  )
}

function isOfKeys(plan: IndexPlan): boolean {
  if (plan.kind === 'union') return plan.plans.every(isOfKeys)
  return plan.kind === 'id' || plan.kind === 'lookup'
}

/** The resources that a plan finds, each once; `undefined` if the store has no `find`. */
async function findByKeys<R extends Resource>(
  store: ResourceStore<R>,
  scope: Scope,
  plan: IndexPlan,
  { omit, filter }: Query,
): Promise<readonly R[] | undefined> {
  const read = { omit: neededBy(filter, omit) }
  const { ids, keys } = keysOf(plan)
  if (keys.length > 0 && !store.find) return undefined
  const byKey = keys.length > 0 ? await store.find?.(scope, keys, read) : []
  const byId = await Promise.all(ids.map((id) => store.get(scope, id, read)))
  const found = [...(byKey ?? []), ...byId].filter((resource) => resource !== undefined)
  return [...new Map(found.map((resource) => [resource.id, resource])).values()]
}

function keysOf(plan: IndexPlan): { ids: string[]; keys: { attribute: string; key: string }[] } {
  if (plan.kind === 'id') return { ids: [plan.id], keys: [] }
  if (plan.kind === 'lookup') {
    return { ids: [], keys: [{ attribute: plan.attribute, key: plan.key }] }
  }
  const parts = plan.kind === 'union' ? plan.plans.map(keysOf) : []
  return { ids: parts.flatMap(({ ids }) => ids), keys: parts.flatMap(({ keys }) => keys) }
}

/** One page of the given resources. */
export function pageOfAll<R extends Resource>(all: readonly R[], query: Query): Page<R> {
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

/** Reads all resources and keeps those that match. */
async function readAll<R extends Resource>(
  store: ResourceStore<R>,
  scope: Scope,
  { omit, filter }: Query,
  maxScanned: number,
): Promise<readonly R[]> {
  const needed = neededBy(filter, omit)
  const matching: R[] = []
  for (let offset = 0; ; ) {
    scope.signal.throwIfAborted()
    const page = { kind: 'index', offset, limit: scanPageSize } as const
    const { resources, totalResults } = await store.query(scope, { omit: needed, page })
    if (totalResults > maxScanned) throw tooManyToScan(maxScanned)
    for (const resource of resources) {
      if (!filter || evaluate(filter, resource)) matching.push(resource)
    }
    offset += resources.length
    if (offset >= totalResults || resources.length === 0) return matching
  }
}

/** The attributes that need not be loaded, without those that the filter uses. */
function neededBy(filter: Query['filter'], omit: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...omit].filter((name) => !filter || !uses(filter, name)))
}

/** Whether a filter uses an attribute. */
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

/**
 * 400 for a query that would read more than the service provider is willing to (RFC 7644 §3.4.2.1).
 */
export function tooManyToScan(maxScanned: number) {
  return tooMany(
    `This query would have to look at more than ${maxScanned} resources. ` +
      'Narrow it down, or leave out the sorting.',
  )
}
