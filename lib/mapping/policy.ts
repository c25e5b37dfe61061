import { flag, oneOf, optionTable } from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import { organizationRoles } from './roles.js'
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
})

/** The policy in force when a host says nothing. */
export const defaultPolicy: MappingPolicy = mappingPolicy()

/**
 * A complete policy from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_POLICY` naming the option, the value and the fix
 */
export function mappingPolicy(given: Partial<MappingPolicy> = {}): MappingPolicy {
  return readOptions(policyTable, given)
}
