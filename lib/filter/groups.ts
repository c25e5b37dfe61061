import { invalidFilter } from '../errors.js'
import { userUrn } from '../schema/core-schemas.js'
import type { AttributePath, ResourceType } from '../schema/types.js'
import type { ResolvedFilter } from './ast.js'

/** Whether a path leads into `groups` of a user, which stores answer from the memberships. */
export function isUserGroups(type: ResourceType, { extension, attribute }: AttributePath): boolean {
  return type.schema.id === userUrn && extension === undefined && attribute?.name === 'groups'
}

/**
 * Refuses every expression about a user's groups except `groups.value eq "…"` and `groups.display
 * eq "…"`.
 *
 * @throws ScimError `invalidFilter` (400)
 */
export function requireGroupEquality(type: ResourceType, filter: ResolvedFilter): void {
  if (filter.kind === 'and' || filter.kind === 'or') {
    for (const node of filter.nodes) requireGroupEquality(type, node)
  } else if (filter.kind === 'not') {
    requireGroupEquality(type, filter.node)
  } else if (filter.kind !== 'constant' && isUserGroups(type, filter.path)) {
    const sub = filter.path.sub?.name
    const isKnown = sub === 'value' || sub === 'display'
    if (filter.kind === 'compare' && filter.operator === 'eq' && isKnown) return
    throw invalidFilter(
      'People are found by their groups with "groups.value eq" and "groups.display eq" only.',
    )
  }
}

/** Whether a resolved filter mentions the groups of users. */
export function mentionsGroups(filter: ResolvedFilter): boolean {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.nodes.some(mentionsGroups)
  if (filter.kind === 'not') return mentionsGroups(filter.node)
  if (filter.kind === 'constant') return false
  return filter.path.extension === undefined && filter.path.attribute?.name === 'groups'
}
