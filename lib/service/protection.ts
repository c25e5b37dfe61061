import { forbidden } from '../errors.js'
import type { Resource, User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { readMany } from './read-many.js'
import type { Services } from './stores.js'

/**
 * Whether a list of names (of `options.protectedUsers`) names this person: by `id`, `userName` or an e-mail address,
 * the latter two without regard to case.
 */
export function isNamed(names: readonly string[], user: Resource): boolean {
  if (names.length === 0) return false
  const folded = new Set(names.map((name) => name.trim().toLowerCase()))
  return (
    names.includes(user.id) ||
    addressesOf(user).some((address) => folded.has(address.toLowerCase()))
  )
}

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
    const reason = user && (await protectionOf(services, scope, user as User))
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
  const { adapters, options } = services
  if (ids.length === 0) return
  if (!adapters.users.protection && options.protectedUsers.length === 0) return
  for (const user of await readMany(adapters.users, scope, ids)) {
    const reason = await protectionOf(services, scope, user)
    if (reason !== undefined && (await isEffective(user.id))) throw forbidden(reason)
  }
}

async function protectionOf(
  services: Services,
  scope: Scope,
  user: User,
): Promise<string | undefined> {
  if (isNamed(services.options.protectedUsers, user)) {
    return 'This person is protected and cannot be changed through SCIM.'
  }
  return services.adapters.users.protection?.(scope, user)
}

function addressesOf(user: Resource): string[] {
  const emails = Array.isArray(user['emails']) ? user['emails'] : []
  const values = emails.map((email) =>
    typeof email === 'object' && email !== null && !Array.isArray(email) ? email['value'] : email,
  )
  return [user['userName'], ...values].filter((value) => typeof value === 'string')
}
