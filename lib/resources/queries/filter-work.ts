import { tooMany } from '../../errors.js'
import type { ResolvedFilter } from '../../filter/ast.js'
import type { AttributePath, ResourceType } from '../../schema/types.js'
import { indexPlan } from '../../stores/index-plan.js'
import type { ResourceStore } from '../../stores/resource-store.js'
import type { Scope } from '../../stores/scope.js'
import type { Limits } from '../options.js'

/**
 * The cost of searching the values of a multi-valued attribute, in comparisons with a simple one.
 */
const listCost = 8

/** The comparisons that a filter makes per resource. */
interface Effort {
  readonly terms: number
  /** Number of value paths and comparisons with a multi-valued attribute. */
  readonly lists: number
}

interface FilterCost {
  readonly type: ResourceType
  readonly filter: ResolvedFilter
  readonly limits: Limits
}

/**
 * Refuses an expensive filter that no index answers: one with many value paths, or with many terms
 * over many resources. No promise if an index answers it.
 *
 * @throws ScimError `tooMany` (400)
 */
export function requireAffordable(
  store: ResourceStore,
  scope: Scope,
  cost: FilterCost,
): Promise<void> | undefined {
  return indexPlan(cost.filter, cost.type.name) ? undefined : limitWork(store, scope, cost)
}

async function limitWork(
  store: ResourceStore,
  scope: Scope,
  { filter, limits }: FilterCost,
): Promise<void> {
  const { terms, lists } = effortOf(filter)
  if (lists > limits.maxValuePaths) {
    throw tooMany(
      `The filter looks through multi-valued attributes ${lists} times, more than the ` +
        `${limits.maxValuePaths} allowed. Ask in several requests, or for values that are ` +
        'looked up, such as "userName eq".',
    )
  }
  const work = terms + lists * listCost
  // A short filter is affordable for any number of resources.
  if (work < listCost) return
  const most = Math.floor(limits.maxFilterWork / work)
  if (await hasMore(store, scope, most)) {
    throw tooMany(
      `The filter would compare ${terms + lists} terms with each of more than ${most} ` +
        'resources. Ask in several requests, or for values that are looked up, such as ' +
        '"userName eq".',
    )
  }
}

/** Whether a store has more resources than this. */
async function hasMore(store: ResourceStore, scope: Scope, most: number): Promise<boolean> {
  const omit = new Set(['members'])
  const page = { kind: 'index', offset: most, limit: 1 } as const
  const { resources } = await store.query(scope, { omit, page, withoutTotal: true })
  return resources.length > 0
}

function effortOf(filter: ResolvedFilter): Effort {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.nodes.map(effortOf).reduce(sum, { terms: 0, lists: 0 })
    case 'not':
      return effortOf(filter.node)
    case 'constant':
      return { terms: 0, lists: 0 }
    case 'valuePath':
      return sum({ terms: 0, lists: 1 }, { ...effortOf(filter.filter), lists: 0 })
    default:
      return isList(filter.path) ? { terms: 0, lists: 1 } : { terms: 1, lists: 0 }
  }
}

function isList({ attribute, sub }: AttributePath): boolean {
  return attribute?.multiValued === true || sub?.multiValued === true
}

function sum(a: Effort, b: Effort): Effort {
  return { terms: a.terms + b.terms, lists: a.lists + b.lists }
}
