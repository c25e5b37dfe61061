import type { AuditEvent } from '../events/audit-entry.js'
import type { Scope } from '../stores/scope.js'
import { endAccessOfRoleless } from './access.js'
import type { Change, TypeRules } from './change.js'
import { checkGroupLoss, type GroupLoss } from './losing.js'
import { memberIds, requireFewMembers } from './members.js'
import { refuseProtectedMembers } from './protection.js'
import type { Services } from './stores.js'

/** Attributes of a group by which mapping rules know it. */
const identifying = ['displayName', 'externalId']

/** Rules of the resource type Group: what happens to it happens to the access of its members. */
export const groupRules: TypeRules = {
  async check(services, scope, change) {
    const { members } = change
    requireFewMembers(services, members)
    const ids = [...members.add, ...members.remove]
    await refuseProtectedMembers(services, scope, { ids, effective: (concerned) => concerned })
    for (const loss of lossesOf(change)) await checkGroupLoss(services, scope, loss)
  },

  pending: (change) =>
    concernsAll(change) ? [change.after.id] : [...change.members.add, ...change.members.remove],

  happenings: (_, { members }) => memberHappenings(members),

  async afterWrite(services, scope, { kind, after, attributes, members }) {
    const isRenamed = kind !== 'created' && isIdentified(attributes)
    const concerned = isRenamed ? await everyMember(services, scope, after.id) : []
    await endAccessOfRoleless(services, scope, [...concerned, ...members.remove])
  },

  afterNothing: () => undefined,
}

/** What a change can take from members: those who leave, and all by another name. */
function lossesOf({ kind, before, after, attributes, members }: Change): GroupLoss[] {
  const name = String(before?.['displayName'] ?? after['displayName'])
  const newName = String(after['displayName'])
  const isRenamed = kind !== 'created' && attributes.includes('displayName')
  const losses: GroupLoss[] = []
  if (isRenamed) {
    const cause = `Renaming the group "${name}" to "${newName}"`
    losses.push({ id: after.id, leaving: 'everybody', renamed: { from: name, to: newName }, cause })
  }
  if (members.remove.length > 0) {
    const cause = `Removing members of the group "${name}"`
    losses.push({ id: after.id, leaving: members.remove, cause })
  }
  return losses
}

/** The events of members that came and went. */
export function memberHappenings({ add, remove }: Change['members']): AuditEvent[] {
  return [
    ...(add.length > 0 ? [{ event: 'member.added' as const, members: add }] : []),
    ...(remove.length > 0 ? [{ event: 'member.removed' as const, members: remove }] : []),
  ]
}

function concernsAll({ kind, attributes }: Change): boolean {
  return kind === 'created' || kind === 'deleted' || isIdentified(attributes)
}

function isIdentified(attributes: readonly string[]): boolean {
  return identifying.some((name) => attributes.includes(name))
}

async function everyMember(
  services: Services,
  scope: Scope,
  id: string,
): Promise<readonly string[]> {
  const { access } = services.adapters
  // Without rules that give a role by group, a name takes nothing from anybody (D13).
  if (!access || (await access.rules(scope)).rules.roles_groups.length === 0) return []
  return memberIds(await services.adapters.groups.get(scope, id, { omit: new Set() }))
}
