import type { AccessRecord } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Exemption } from '../stores/user-store.js'

/**
 * Answers for users, in their order; everybody is ours to manage where the target knows no
 * exemptions.
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
 * Why one person's account is not ours to manage; `undefined` when it is.
 *
 * @param record their access record, where it was read already
 */
export async function exemptionOf(
  adapters: Adapters,
  scope: Scope,
  user: User,
  record?: AccessRecord,
): Promise<Exemption | undefined> {
  return (await exemptionsOf(adapters, scope, [user], record && [record]))[0]
}
