import { custom, flag, oneOf, optionTable } from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import { organizationRoles, systemRoles } from './roles.js'
import type { MappingPolicy } from './types.js'

/** The options of a mapping policy: how rules are read. */
export const policyTable = optionTable<MappingPolicy>()('policy', 'ERR_SCIM_POLICY', {
  onNoRole: {
    type: oneOf('deactivate', 'keep', 'default', 'notActivated'),
    default: 'deactivate',
  },
  defaultRole: { type: oneOf(...organizationRoles, null), default: null },
  ignoreCase: { type: flag, default: false },
  allowSystemRoles: { type: flag, default: false },
  roles_users: {
    type: custom<NonNullable<MappingPolicy['roles_users']>>(
      'a list of pairs of a role that may be given and a value, e.g. [["Reviewer", "LS.Reviewer"]]',
      (value) => Array.isArray(value) && value.every(isUserRow),
    ),
    default: [],
    shown: 'none',
  },
})

const assignable: readonly unknown[] = organizationRoles.filter(
  (role) => !systemRoles.includes(role),
)

function isUserRow(row: unknown): boolean {
  const [role, value] = Array.isArray(row) && row.length === 2 ? row : []
  return assignable.includes(role) && typeof value === 'string' && value.trim() !== ''
}

/** The default policy. */
export const defaultPolicy: MappingPolicy = mappingPolicy()

/**
 * A complete policy from the host's options.
 *
 * @throws ConfigurationError `ERR_SCIM_POLICY` naming the option, the value and the fix
 */
export function mappingPolicy(given: Partial<MappingPolicy> = {}): MappingPolicy {
  return readOptions(policyTable, given)
}
