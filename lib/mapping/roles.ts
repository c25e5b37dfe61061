import type { OrganizationRole, ProjectRole } from './types.js'

/** Organization roles that a rule can name, highest first. If several apply, the highest wins. */
export const organizationRoles: readonly OrganizationRole[] = [
  'Administrator',
  'Manager',
  'Reviewer',
  'Annotator',
  'Not Activated',
  'Deactivated',
]

/** Roles that are states of an account; allowed in rules only with `allowSystemRoles`. */
export const systemRoles: readonly OrganizationRole[] = ['Not Activated', 'Deactivated']

/** Project roles, highest first. */
export const projectRoles: readonly ProjectRole[] = ['Reviewer', 'Annotator', 'Inherit']

/** Whether `role` is higher than `other`, in the order of `ranking`. */
export function outranks<R>(ranking: readonly R[], role: R, other: R): boolean {
  return ranking.indexOf(role) < ranking.indexOf(other)
}
