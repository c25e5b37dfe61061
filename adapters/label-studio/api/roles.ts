/** Enterprise's codes of organization roles; Community has none. */
export type RoleCode = 'OW' | 'AD' | 'MA' | 'RE' | 'AN' | 'NO' | 'DI' | 'VO'

/** Roles that may be given to a member. Owner is unique and never given; View Only is read only. */
export type AssignableRoleCode = Exclude<RoleCode, 'OW' | 'VO'>

/**
 * Codes a project member's own role may have; no code at all means the organization role (Inherit).
 */
export type ProjectRoleCode = 'RE' | 'AN'

/** The words Label Studio's SCIM settings use for the codes of its membership API. */
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

/** `value` when it is a role code this library knows, else `undefined`. */
export function toRoleCode(value: unknown): RoleCode | undefined {
  return typeof value === 'string' && Object.hasOwn(roleNames, value)
    ? (value as RoleCode)
    : undefined
}
