import { exemptionsOf } from '../../access/exemption.js'
import { RefusedError } from '../../stores/errors.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import type { Resource, User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { Exemption } from '../../stores/user-store.js'
import type { Services } from '../call.js'

/**
 * Refuses a change of a person whose account is not managed through SCIM. It checks the state
 * before and after the change, because a rename must neither remove the protection nor take over a
 * protected name.
 *
 * @throws RefusedError 403 for protected people, 409 for those who must not be taken over
 */
export async function refuseExempt(
  services: Services,
  scope: Scope,
  states: readonly (Resource | undefined)[],
): Promise<void> {
  const people = states.filter((state) => state !== undefined) as unknown as readonly User[]
  const [exemption] = (await exemptionsOf(services.adapters, scope, people)).filter(isThere)
  if (exemption) throw refusalOf(exemption)
}

interface MemberIds {
  readonly ids: readonly string[]
  readonly effective: (ids: readonly string[]) => Promise<readonly string[]> | readonly string[]
}

/**
 * Refuses to add or remove protected people as members of a group. `effective` is called only if
 * some of them are protected, and returns the memberships that the request really changes: sending
 * an existing membership again is allowed. Costs one query of the target.
 *
 * @throws RefusedError 403
 */
export async function refuseProtectedMembers(
  services: Services,
  scope: Scope,
  { ids, effective }: MemberIds,
): Promise<void> {
  const { adapters } = services
  if (ids.length === 0 || !adapters.users.exemptions) return
  const people = await readMany(adapters.users, scope, ids, omitGroups)
  const exemptions = await exemptionsOf(adapters, scope, people)
  const isProtected = (_: User, index: number) => exemptions[index]?.kind === 'protected'
  const concerned = people.filter(isProtected).map(({ id }) => id)
  if (concerned.length === 0) return
  const [changed] = await effective(concerned)
  const exemption = exemptions[people.findIndex(({ id }) => id === changed)]
  if (exemption) throw refusalOf(exemption)
}

function isThere(exemption: Exemption | undefined): exemption is Exemption {
  return exemption !== undefined
}

function refusalOf({ kind, reason }: Exemption): RefusedError {
  return new RefusedError(reason, kind === 'protected' ? 403 : 409)
}
