import type { AccessRecord } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Exemption } from '../stores/user-store.js'

/**
 * The exemptions of several users, in their order. Without `exemptions` in the target, every
 * account is managed through SCIM.
 */
export async function exemptionsOf(
  { users }: Adapters,
  scope: Scope,
  people: readonly User[],
  records?: readonly AccessRecord[],
): Promise<readonly (Exemption | undefined)[]> {
  if (!users.exemptions || people.length === 0) return []
  return users.exemptions(scope, people, records)
}

/**
 * Why one person's account is not managed through SCIM; `undefined` if it is.
 *
 * @param record their access record, if it was read already
 */
export async function exemptionOf(
  adapters: Adapters,
  scope: Scope,
  user: User,
  record?: AccessRecord,
): Promise<Exemption | undefined> {
  return (await exemptionsOf(adapters, scope, [user], record && [record]))[0]
}
