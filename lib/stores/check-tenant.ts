import { ConfigurationError } from '../errors.js'
import type { Adapters } from './adapters.js'

/**
 * Refuses a tenant whose people the target does not have: there, everybody would be unknown, and
 * might be let in.
 *
 * @throws ConfigurationError naming both tenants
 */
export function checkTenant(
  { factory, code }: { readonly factory: string; readonly code: `ERR_SCIM_${string}` },
  { users }: Adapters,
  tenant: string,
): void {
  if (users.tenant === undefined || users.tenant === tenant) return
  throw new ConfigurationError(
    code,
    `${factory}: "tenant" is "${tenant}", but these adapters act for the people of ` +
      `"${users.tenant}". Give that tenant, or the adapters of "${tenant}".`,
  )
}
