import { forbidden } from '../errors.js'
import type { Resource, User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { readMany } from './read-many.js'
import type { Services } from './stores.js'

/**
 * Refuses a change of a person whom SCIM must not touch, judged by the person's state before and after the change: a
 * rename must neither lift the protection nor take over a protected name.
 *
 * @throws ScimError 403
 */
export async function refuseProtected(
  services: Services,
  scope: Scope,
  states: readonly (Resource | undefined)[],
): Promise<void> {
  for (const user of states) {
    const reason = user && (await services.adapters.users.protection?.(scope, user as User))
    if (reason !== undefined) throw forbidden(reason)
  }
}

/**
 * Refuses to add or remove protected people as members of a group. `isEffective` is asked only for those who are
 * protected: a client that sends a membership as it already is touches nobody.
 *
 * @throws ScimError 403
 */
export async function refuseProtectedMembers(
  services: Services,
  scope: Scope,
  { ids, isEffective }: { ids: readonly string[]; isEffective: (id: string) => Promise<boolean> },
): Promise<void> {
  const { users } = services.adapters
  if (ids.length === 0 || !users.protection) return
  for (const user of await readMany(users, scope, ids)) {
    const reason = await users.protection(scope, user)
    if (reason !== undefined && (await isEffective(user.id))) throw forbidden(reason)
  }
}
