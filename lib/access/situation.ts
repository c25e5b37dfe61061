import { type Access, givesRoleByRule } from '../mapping/index.js'
import type { AccessRecord } from '../stores/access-store.js'
import { readMany, resolveMany } from '../stores/read-many.js'
import { omitGroups } from '../stores/reads.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Exemption } from '../stores/user-store.js'
import type { AccessAdapters } from './adapters.js'
import { exemptionsOf } from './exemption.js'
import { noteRole } from './had-role.js'

/** What the enforcement of one person's access depends on. */
export interface Situation {
  /** Absent: deleted. */
  readonly user?: User | undefined
  readonly record?: AccessRecord | undefined
  readonly exemption?: Exemption | undefined
  /** Absent for people who are inactive, exempt or deleted. */
  readonly access?: Access | undefined
}

/** Situations by user id. */
export type Situations = ReadonlyMap<string, Situation>

/**
 * The situations of people whose leases the caller holds, in a few queries for any number of them.
 * The roles that rules give them are noted before they are given, so that they can be revoked
 * whatever fails in between.
 */
export async function prepareSituations(
  adapters: AccessAdapters,
  scope: Scope,
  userIds: readonly string[],
): Promise<Situations> {
  const situations = await readSituations(adapters, scope, userIds)
  const withNewRole = userIds.filter((id) => {
    const { record, access } = situations.get(id) ?? {}
    return access?.active === true && givesRoleByRule(access) && !record?.hadRole
  })
  await noteRole(adapters.access, scope, withNewRole)
  return situations
}

async function readSituations(
  adapters: AccessAdapters,
  scope: Scope,
  userIds: readonly string[],
): Promise<Situations> {
  const found = await readMany(adapters.users, scope, userIds, omitGroups)
  const known = await adapters.access.getRecords(scope, userIds)
  const users = new Map(found.map((user) => [user.id, user]))
  const records = new Map(known.map((record) => [record.userId, record]))
  const deleted = known.filter(({ userId }) => !users.has(userId)).map(deletedUser)
  const people = [...found, ...deleted]
  const exemptions = zip(people, await exemptionsOf(adapters, scope, people, known))
  const active = found.filter((user) => user.active === true && !exemptions.get(user.id))
  const accesses = zip(active, await resolveMany(adapters.groups, scope, active))
  return new Map(
    userIds.map((id) => {
      const [user, record, exemption] = [users.get(id), records.get(id), exemptions.get(id)]
      return [id, { user, record, exemption, access: accesses.get(id) }]
    }),
  )
}

/** Values by the ids of the people to whom they belong. */
function zip<T>(people: readonly User[], values: readonly T[]): ReadonlyMap<string, T | undefined> {
  return new Map(people.map(({ id }, index) => [id, values[index]]))
}

/** A stand-in for a user whose resource is gone; adapters find the account by its id. */
export function deletedUser({ userId, email, at }: AccessRecord): User {
  return {
    id: userId,
    userName: email ?? userId,
    active: false,
    meta: { resourceType: 'User', created: at, lastModified: at, version: '0' },
  }
}
