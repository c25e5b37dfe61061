import { ConfigurationError } from '../errors.js'
import { organizationRoles } from './roles.js'
import type { MappingPolicy, OnNoRole } from './types.js'

const onNoRoleValues: readonly OnNoRole[] = ['deactivate', 'keep', 'default', 'notActivated']

/** The policy in force when a host says nothing. */
export const defaultPolicy: MappingPolicy = {
  onNoRole: 'deactivate',
  defaultRole: null,
  ignoreCase: false,
  allowSystemRoles: false,
}

/**
 * A complete policy from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_POLICY` naming the option, the value and the fix
 */
export function mappingPolicy(given: Partial<MappingPolicy> = {}): MappingPolicy {
  const policy = { ...defaultPolicy, ...given }
  refuseUnless(
    onNoRoleValues.includes(policy.onNoRole),
    'onNoRole',
    policy.onNoRole,
    onNoRoleValues,
  )
  refuseUnless(
    policy.defaultRole === null || organizationRoles.includes(policy.defaultRole),
    'defaultRole',
    policy.defaultRole,
    [...organizationRoles, null],
  )
  for (const name of ['ignoreCase', 'allowSystemRoles'] as const) {
    refuseUnless(typeof policy[name] === 'boolean', name, policy[name], [true, false])
  }
  return policy
}

function refuseUnless(
  ok: boolean,
  option: string,
  value: unknown,
  allowed: readonly unknown[],
): void {
  if (ok) return
  const list = allowed.map((each) => JSON.stringify(each)).join(', ')
  throw new ConfigurationError(
    'ERR_SCIM_POLICY',
    `policy.${option} is ${JSON.stringify(value)}; give one of ${list}.`,
  )
}
