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
): Promise<readonly (Exemption | undefined)[]> {
  if (!users.exemptions || people.length === 0) return []
  return users.exemptions(scope, people)
}

/** Why one person's account is not ours to manage; `undefined` when it is. */
export async function exemptionOf(
  adapters: Adapters,
  scope: Scope,
  user: User,
): Promise<Exemption | undefined> {
  return (await exemptionsOf(adapters, scope, [user]))[0]
}
