/** Enterprise's codes of organization roles; Community has none. */
export type RoleCode = 'OW' | 'AD' | 'MA' | 'RE' | 'AN' | 'NO' | 'DI' | 'VO'

/**
 * Roles that may be assigned to a member. Owner is unique and never assigned; View Only is only
 * read.
 */
export type AssignableRoleCode = Exclude<RoleCode, 'OW' | 'VO'>

/** Codes of project roles; no code means the organization role (Inherit). */
export type ProjectRoleCode = 'RE' | 'AN'

/** The names in Label Studio's SCIM settings for the codes of its membership API. */
export const roleNames = {
  OW: 'Owner',
  AD: 'Administrator',
  MA: 'Manager',
  RE: 'Reviewer',
  AN: 'Annotator',
  NO: 'Not Activated',
  DI: 'Deactivated',
  VO: 'View Only',
} as const satisfies Record<RoleCode, string>

/** `value` if it is a known role code, else `undefined`. */
export function toRoleCode(value: unknown): RoleCode | undefined {
  return typeof value === 'string' && Object.hasOwn(roleNames, value)
    ? (value as RoleCode)
    : undefined
}
