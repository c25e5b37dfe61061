import type { ResolvedFilter } from '../filter/ast.js'
import { lookupName } from '../schema/lookups.js'
import type { AttributePath } from '../schema/types.js'

/**
 * The index look-ups that find all resources which can match a filter. Their results must still be
 * checked against the filter: a plan may find too many, never too few.
 */
export type IndexPlan =
  | { readonly kind: 'id'; readonly id: string }
  /** Resources with this lookup key (see `LookupKey`). */
  | { readonly kind: 'lookup'; readonly attribute: string; readonly key: string }
  /** Groups with this direct member. */
  | { readonly kind: 'groupsWith'; readonly memberId: string }
  /**
   * Users in this group, or in groups with this name in comparable form, directly or through other
   * groups.
   */
  | { readonly kind: 'usersIn'; readonly by: 'value' | 'display'; readonly group: string }
  | { readonly kind: 'union'; readonly plans: readonly IndexPlan[] }

/**
 * The plan for a filter, or `undefined` if every resource has to be read. `userName eq "x"`,
 * `emails[type eq "work" and value eq "x"]`, `id eq "x"`, `members.value eq "x"`, any of these
 * combined with others by `and`, and several of these joined by `or` have one.
 */
export function indexPlan(filter: ResolvedFilter, resourceType: string): IndexPlan | undefined {
  switch (filter.kind) {
    case 'compare':
      return filter.operator === 'eq'
        ? equalityPlan(filter.path, String(filter.value), resourceType)
        : undefined
    case 'valuePath':
      return indexPlan(outside(filter.filter, filter.path), resourceType)
    case 'and':
      return planOfFirst(filter.nodes, resourceType)
    case 'or':
      return planOfAll(filter.nodes, resourceType)
    default:
      return undefined
  }
}

/**
 * Whether the plan of a filter finds exactly the matching resources, so that no check is needed:
 * `userName eq "x"`, `members[value eq "x"]`, and several of these joined by `or`.
 */
export function isAnsweredByPlan(filter: ResolvedFilter, resourceType: string): boolean {
  switch (filter.kind) {
    case 'compare':
      return indexPlan(filter, resourceType) !== undefined
    case 'valuePath':
      return filter.filter.kind === 'compare' && indexPlan(filter, resourceType) !== undefined
    case 'or':
      return filter.nodes.every((node) => isAnsweredByPlan(node, resourceType))
    default:
      return false
  }
}

function equalityPlan(
  path: AttributePath,
  value: string,
  resourceType: string,
): IndexPlan | undefined {
  // Empty values are not indexed.
  if (value === '') return undefined
  const attribute = lookupName(path)
  if (attribute !== undefined) return { kind: 'lookup', attribute, key: value }
  if (path.extension !== undefined) return undefined
  if (path.attribute?.name === 'id') return { kind: 'id', id: value }
  if (resourceType === 'User' && path.attribute?.name === 'groups') {
    const by = path.sub?.name
    return by === 'value' || by === 'display' ? { kind: 'usersIn', by, group: value } : undefined
  }
  // A host's own type may also have `members`, which are ordinary values there.
  return resourceType === 'Group' &&
    path.attribute?.name === 'members' &&
    path.sub?.name === 'value'
    ? { kind: 'groupsWith', memberId: value }
    : undefined
}

/**
 * The condition outside the brackets that follows from the filter inside: `emails.value eq "x"`
 * from `emails[value eq "x"]`.
 */
function outside(filter: ResolvedFilter, path: AttributePath): ResolvedFilter {
  switch (filter.kind) {
    case 'compare':
      return {
        ...filter,
        path: { ...path, ...(filter.path.attribute && { sub: filter.path.attribute }) },
      }
    case 'and':
    case 'or':
      return { ...filter, nodes: filter.nodes.map((node) => outside(node, path)) }
    default:
      return { kind: 'constant', value: true }
  }
}

function planOfFirst(
  nodes: readonly ResolvedFilter[],
  resourceType: string,
): IndexPlan | undefined {
  for (const node of nodes) {
    const plan = indexPlan(node, resourceType)
    if (plan !== undefined) return plan
  }
  return undefined
}

function planOfAll(nodes: readonly ResolvedFilter[], resourceType: string): IndexPlan | undefined {
  const plans: IndexPlan[] = []
  for (const node of nodes) {
    const plan = indexPlan(node, resourceType)
    if (plan === undefined) return undefined
    plans.push(plan)
  }
  return { kind: 'union', plans }
}
