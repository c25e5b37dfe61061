import { notFound } from '../errors.js'
import { auditEntries } from '../events/audit-entry.js'
import { applyPatch } from '../patch/apply.js'
import { memberChange } from '../patch/members.js'
import type { PatchOperation } from '../patch/operation.js'
import { extended } from '../schema/json.js'
import type { JsonObject } from '../schema/types.js'
import type { MemberChange, MembersChanged } from '../stores/group-store.js'
import type { Read } from '../stores/query.js'
import type { Group, Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { endAccessOfRoleless } from './access.js'
import { type Change, noMembers } from './change.js'
import { changedAttributes, checkImmutable, replacement } from './changes.js'
import { writeDurably } from './durable-write.js'
import { groupRules, memberHappenings } from './group-rules.js'
import { checkGroupLoss } from './losing.js'
import {
  effectiveChange,
  ignoringUnknown,
  memberDifference,
  memberIds,
  requireFewMembers,
  withoutMembers,
  withPlainMembers,
} from './members.js'
import { notePassedOver } from './passed-over.js'
import { patchOptions } from './patch-options.js'
import { refuseProtectedMembers } from './protection.js'
import { checkStored } from './stored.js'
import type { Services } from './stores.js'
import {
  announce,
  changeResource,
  createResource,
  inverseOf,
  isConditional,
  isRefusal,
  type Target,
  tellUndone,
  unhurried,
  type Written,
} from './write-service.js'

const withMembers: Read = { omit: new Set() }
const withoutThem: Read = { omit: new Set(['members']) }

/** Stores a new group with its members. */
export async function createGroup(
  services: Services,
  target: Pick<Target, 'type' | 'scope'>,
  group: Resource,
): Promise<Resource> {
  const plain = withPlainMembers(group)
  return ignoringUnknown(services, target.scope, (ignored) => {
    const add = memberIds(plain).filter((id) => !ignored.has(id))
    const after = withMemberIds(plain, add)
    const members = { add, remove: [] }
    const attributes = changedAttributes(undefined, after)
    const change: Change = { kind: 'created', after, secrets: {}, members, attributes }
    return createResource(services, target, { rules: groupRules, change })
  })
}

/**
 * Replaces a group. The members it shall have are compared with those it has; only the difference is written.
 *
 * @param sent the attributes of the body
 * @param keepsMembers the members stay as they are: the body did not name them, and the host chose so
 */
export async function replaceGroup(
  services: Services,
  target: Target,
  { sent, keepsMembers }: { sent: JsonObject; keepsMembers: boolean },
): Promise<Written> {
  return ignoringUnknown(services, target.scope, (ignored) =>
    changeResource(services, target, {
      rules: groupRules,
      read: keepsMembers && usesDeltas(services) ? withoutThem : withMembers,
      next: async (before) => {
        const next = withPlainMembers(replacement(target.type, before, sent))
        const after = keepsMembers ? withMemberIds(next, memberIds(before)) : next
        return groupChange(services, 'replaced', { before, after, ignored })
      },
    }),
  )
}

/**
 * Patches a group. When the operations say of members only who comes and who goes, the members are not loaded, and
 * without other operations and `If-Match` not even the group: the cost is that of the change (and requests at the same
 * time do not disturb each other).
 */
export async function patchGroup(
  services: Services,
  target: Target,
  operations: readonly PatchOperation[],
): Promise<Written> {
  const deltas = usesDeltas(services)
    ? memberChange(target.type, operations, patchOptions(services.options))
    : undefined
  if (!deltas) return patchWhole(services, target, operations)
  const { change, rest } = deltas
  requireFewMembers(services, change)
  return ignoringUnknown(services, target.scope, (ignored) => {
    const members = { ...change, add: change.add.filter((id) => !ignored.has(id)) }
    return rest.length === 0 && !isConditional(target) && hasMembers(members)
      ? changeMembers(services, target, members)
      : patchWithDeltas(services, target, {
          ...{ members, rest },
          isRest: rest.length < operations.length,
        })
  })
}

/** Whether the store of groups takes changes of members. */
export function usesDeltas({ adapters: { groups } }: Services): boolean {
  return groups.supports?.memberDeltas === true && groups.changeMembers !== undefined
}

async function patchWhole(
  services: Services,
  target: Target,
  operations: readonly PatchOperation[],
): Promise<Written> {
  return ignoringUnknown(services, target.scope, (ignored) =>
    changeResource(services, target, {
      rules: groupRules,
      read: withMembers,
      next: async (before) => {
        const after = withPlainMembers(patched(services, target, { before, operations }))
        return groupChange(services, 'patched', { before, after, ignored })
      },
    }),
  )
}

async function patchWithDeltas(
  services: Services,
  target: Target,
  {
    members,
    rest,
    isRest,
  }: { members: MemberChange; rest: readonly PatchOperation[]; isRest: boolean },
): Promise<Written> {
  const { scope } = target
  return changeResource(services, target, {
    rules: groupRules,
    read: withoutThem,
    next: async (current) => {
      const before = withoutMembers(current)
      const after = withoutMembers(patched(services, target, { before, operations: rest, isRest }))
      const effective = await effectiveChange(services, scope, {
        groupId: before.id,
        change: members,
      })
      const attributes = changedAttributes(before, after)
      return {
        kind: 'patched',
        before,
        after,
        secrets: {},
        members: effective,
        attributes: hasMembers(effective) ? [...attributes, 'members'] : attributes,
      }
    },
  })
}

async function changeMembers(
  services: Services,
  { type, scope, id }: Target,
  change: MemberChange,
): Promise<Written> {
  await refuseProtectedMembers(services, scope, {
    ids: [...change.add, ...change.remove],
    effective: (userIds) => effectiveAmong(services, scope, { groupId: id, change, userIds }),
  })
  if (change.remove.length > 0) {
    const cause = 'Removing members of a group'
    await checkGroupLoss(services, scope, { id, leaving: change.remove, cause })
  }
  const store = services.adapters.groups
  const audit = memberAudit(services, scope, { id, change })
  const effects = { pending: [...change.add, ...change.remove], audit }
  const now = services.clock().toISOString()
  const changed = await writeDurably(services, { scope, store, effects }, (alongside) =>
    Promise.resolve(store.changeMembers?.(scope, id, change, { now, alongside })),
  )
  if (!changed) throw notFound()
  const resource = checkStored(type, changed.group, id)
  const { added, removed } = changed
  const hasChanged = added.length + removed.length > 0
  if (hasChanged)
    announce(services, scope, { ...effects, audit: actualAudit(services, scope, changed) })
  // Also of those who were no members any more: an earlier request may have failed after it removed them.
  await endAccessOfRoleless(services, scope, change.remove).catch(async (error: unknown) => {
    if (isRefusal(error)) await undoMembers(services, scope, changed)
    throw error
  })
  return { resource, hasChanged }
}

/** The host refuses after all to touch somebody: a refused request leaves the members as they were. */
async function undoMembers(
  services: Services,
  scope: Scope,
  { group, added, removed }: MembersChanged,
): Promise<void> {
  const own = unhurried(scope)
  const now = services.clock().toISOString()
  const back = inverseOf({ add: added, remove: removed })
  await services.adapters.groups
    .changeMembers?.(own, group.id, back, { now })
    .catch(() => undefined)
  await tellUndone(services, own, group, 'The host refused; the members before were restored.')
}

function actualAudit(services: Services, scope: Scope, { group, added, removed }: MembersChanged) {
  return memberAudit(services, scope, {
    id: group.id,
    name: group.displayName,
    change: { add: added, remove: removed },
  })
}

function memberAudit(
  services: Services,
  scope: Scope,
  { id, name, change }: { id: string; name?: string; change: MemberChange },
) {
  const target = { resourceType: 'Group', id, ...(name !== undefined && { name }) }
  const own = { event: 'group.patched', attributes: ['members'] } as const
  return auditEntries(scope, services.clock(), [own, ...memberHappenings(change)], target)
}

async function effectiveAmong(
  services: Services,
  scope: Scope,
  {
    groupId,
    change,
    userIds,
  }: { groupId: string; change: MemberChange; userIds: readonly string[] },
): Promise<readonly string[]> {
  const among = new Set(userIds)
  const part = {
    add: change.add.filter((id) => among.has(id)),
    remove: change.remove.filter((id) => among.has(id)),
  }
  const { add, remove } = await effectiveChange(services, scope, { groupId, change: part })
  return [...add, ...remove]
}

/** A change whose states have their members; they are taken out where the store keeps them apart. */
function groupChange(
  services: Services,
  kind: 'replaced' | 'patched',
  { before, after, ignored }: { before: Resource; after: Resource; ignored: ReadonlySet<string> },
): Change {
  const wanted = memberIds(after).filter((id) => !ignored.has(id))
  const members = memberDifference(memberIds(before), wanted)
  const next = usesDeltas(services) ? withoutMembers(after) : withMemberIds(after, wanted)
  const attributes = changedAttributes(withoutMembers(before), withoutMembers(after))
  return {
    kind,
    before,
    after: next,
    secrets: {},
    members: hasMembers(members) ? members : noMembers,
    attributes: hasMembers(members) ? [...attributes, 'members'] : attributes,
  }
}

function patched(
  services: Services,
  { type, scope }: Target,
  {
    before,
    operations,
    isRest = false,
  }: { before: Resource; operations: readonly PatchOperation[]; isRest?: boolean },
): Resource {
  const { resource, passedOver } = applyPatch(type, before as unknown as JsonObject, operations, {
    ...patchOptions(services.options),
    isRest,
  })
  notePassedOver(services, scope, passedOver)
  const after = resource as unknown as Group
  checkImmutable(type, before, after)
  return after
}

function withMemberIds(group: Resource, ids: readonly string[]): Resource {
  const rest = withoutMembers(group)
  return ids.length > 0 ? extended(rest, { members: ids.map((value) => ({ value })) }) : rest
}

function hasMembers({ add, remove }: MemberChange): boolean {
  return add.length + remove.length > 0
}
