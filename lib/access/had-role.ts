import { givesRoleByRule } from '../mapping/index.js'
import type { AccessStore } from '../stores/access-store.js'
import { emptyRecord } from '../stores/empty-record.js'
import { resolveMany } from '../stores/read-many.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { AccessAdapters } from './adapters.js'
import { exemptionsOf } from './exemption.js'

/**
 * Notes that a rule has given these people an organization role. The effect of `onNoRole` on them
 * must not depend on whether a reconciler reached them while they had it.
 */
export async function noteRole(
  access: AccessStore,
  scope: Scope,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return
  if (access.noteRole) return access.noteRole(scope, userIds)
  for (const userId of userIds) {
    const record = (await access.getRecord(scope, userId)) ?? emptyRecord(userId, new Date())
    if (!record.hadRole) await access.saveRecord(scope, { ...record, hadRole: true })
  }
}

/**
 * Calls {@link noteRole} for those of these people who are managed through SCIM and to whom a rule
 * gives a role now, including inactive ones. To be called before their groups or the rules change.
 * Costs the same few queries for any number of people.
 */
export async function noteRolesByRule(
  adapters: AccessAdapters,
  scope: Scope,
  people: readonly User[],
): Promise<void> {
  const { access, groups } = adapters
  if (people.length === 0) return
  const asActive = people.map((user) => (user.active ? user : { ...user, active: true }))
  const accesses = await resolveMany(groups, scope, asActive)
  const withRole = people.filter((_, index) => {
    const given = accesses[index]
    return given !== undefined && givesRoleByRule(given)
  })
  const ids = withRole.map(({ id }) => id)
  const noted = new Set(
    (await access.getRecords(scope, ids)).flatMap(({ userId, hadRole }) => (hadRole ? userId : [])),
  )
  const due = withRole.filter(({ id }) => !noted.has(id))
  const exemptions = await exemptionsOf(adapters, scope, due)
  const ours = due.filter((_, index) => exemptions[index] === undefined)
  await noteRole(
    access,
    scope,
    ours.map(({ id }) => id),
  )
}
