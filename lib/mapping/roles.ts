import type { OrganizationRole, ProjectRole } from './types.js'

/**
 * Organization roles a rule can name, most elevated first; the first that a person's groups give
 * wins.
 */
export const organizationRoles: readonly OrganizationRole[] = [
  'Administrator',
  'Manager',
  'Reviewer',
  'Annotator',
  'Not Activated',
  'Deactivated',
]

/**
 * Roles that are states of an account rather than work; only allowed in rules by
 * `allowSystemRoles`.
 */
export const systemRoles: readonly OrganizationRole[] = ['Not Activated', 'Deactivated']

/** Project roles, most elevated first. */
export const projectRoles: readonly ProjectRole[] = ['Reviewer', 'Annotator', 'Inherit']

/** Whether `role` is more elevated than `other`, in the order of `ranking`. */
export function outranks<R>(ranking: readonly R[], role: R, other: R): boolean {
  return ranking.indexOf(role) < ranking.indexOf(other)
}
