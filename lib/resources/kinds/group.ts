import type { AuditEvent } from '../../events/audit-entry.js'
import { memberChange, membersToKnow } from '../../patch/members.js'
import type { PatchOperation } from '../../patch/operation.js'
import { extended } from '../../schema/json.js'
import type { Json, JsonObject } from '../../schema/types.js'
import type { MemberChange } from '../../stores/group-store.js'
import { inTurns } from '../../stores/in-steps.js'
import { memberIds } from '../../stores/people-below.js'
import { omitMembers, omitNothing } from '../../stores/reads.js'
import type { Member, Resource } from '../../stores/resource.js'
import { type Call, isConditional, type ResourceCall, type Services } from '../call.js'
import { type Change, type Kind, noMembers, type WriteSpec } from '../kind.js'
import { patchOptions } from '../options.js'
import {
  type ChangedGroup,
  deprovisionWithoutRole,
  expectLosses,
  finishLosses,
} from '../people/access.js'
import { foreseeLoss, type GroupLoss } from '../people/losing.js'
import { refuseProtectedMembers } from '../people/protection.js'
import { type Computed, referenceTo } from '../represent.js'
import { changedAttributes, replacement } from '../state.js'
import { hasMembers } from '../store-input.js'
import { checkedDeletion } from '../write.js'
import {
  distinctIds,
  effectiveChange,
  memberDifference,
  membersNamed,
  requireFewMembers,
  withoutMembers,
} from './members.js'
import { deletionOf, patched, plain, present } from './plain.js'

/**
 * Groups: a change of a group can change the access of its members. Stores may keep members
 * separately.
 */
export const group: Kind = {
  ...plain,
  noun: 'group',
  storeIn: (adapters) => adapters.groups,
  required: [{ name: 'displayName', types: ['string'] }],
  namesOthers: true,
  // Entra ID prefers this, and it avoids loading and sending thousands of members.
  patchAnswersNothing: true,

  create(_call, resource) {
    return {
      decide: async (_current, ignored) => {
        const add = [...(await distinctIds(resource, ignored))]
        const after = withMemberIds(resource, add)
        const attributes = changedAttributes(undefined, after)
        return { kind: 'created', after, secrets: {}, members: { add, remove: [] }, attributes }
      },
    }
  },

  /** Compares the requested members with the current ones and writes only the difference. */
  replace(call, sent) {
    const keepsMembers =
      call.services.options.putWithoutMembers === 'keep' && !sent.names.has('members')
    return {
      read: keepsMembers && keepsMembersApart(call) ? omitMembers : omitNothing,
      decide: (current, ignored) => {
        const before = present(current)
        const next = replacement(call, before, sent.attributes)
        const after = keepsMembers ? withMemberIds(next, memberIds(before)) : next
        return wholeChange(call, 'replaced', { before, after, ignored })
      },
    }
  },

  /**
   * If the operations only add and remove members, the members are not loaded; without other
   * operations and `If-Match`, not even the group is. The cost is then that of the change.
   */
  async patch(call, operations) {
    const { services, type, scope } = call
    const deltas = keepsMembersApart(call)
      ? await inTurns(memberChange(type, operations, patchOptions(services.options)), scope)
      : undefined
    if (!deltas) return patchWhole(call, operations)
    const { change, rest } = deltas
    requireFewMembers(call, change)
    const isAlone = rest.length === 0 && !isConditional(call)
    return isAlone && hasMembers(change)
      ? patchMembers(call, change)
      : patchWithDeltas(call, change, { rest, isRest: rest.length < operations.length })
  },

  deletion: (call) => ({
    read: needsMembers(call.services) ? omitNothing : omitMembers,
    decide: (current) => {
      const last = present(current)
      return { ...deletionOf(last), members: { add: [], remove: memberIds(last) } }
    },
  }),

  withdrawal(call, change) {
    const { before, members } = change
    const { remove } = members
    if (before === undefined || remove.length === 0) return undefined
    const leaving = new Set(remove)
    const staying = memberIds(before).filter((id) => !leaving.has(id))
    return {
      ...change,
      after: keepsMembersApart(call) ? withoutMembers(before) : withMemberIds(before, staying),
      members: { add: [], remove },
      attributes: ['members'],
    }
  },

  async check(call, change) {
    const { services, scope } = call
    const { members, kind, before, after } = change
    if (kind !== 'deleted') requireFewMembers(call, members)
    const isUnread = kind === 'patched' && before === undefined
    await refuseProtectedMembers(services, scope, {
      ids: [...members.add, ...members.remove],
      effective: (ids) => (isUnread ? effectiveAmong(call, after.id, members, ids) : ids),
    })
    for (const loss of lossesOf(change)) await foreseeLoss(services, scope, loss)
    if (!isUnread) await expectLosses(services, scope, changedGroup(change))
  },

  pending(call, change) {
    const { kind, after, members } = change
    if (!concernsAll(change)) return [...members.add, ...members.remove]
    // A store with an outbox marks the members before it deletes the group; later they could not be
    // found.
    const isLate = kind === 'deleted' && !call.store.supports?.outbox
    return isLate ? [after.id, ...members.remove] : [after.id]
  },

  events: ({ kind, members }) => (kind === 'deleted' ? [] : memberEvents(members)),

  async settle({ services, scope }, change) {
    await deprovisionWithoutRole(services, scope, changedGroup(change))
    // An earlier request may have stored this state without finishing in time.
    if (change.kind === 'replaced') await finishLosses(services, scope, change.after.id)
  },

  settleUnchanged: ({ services, scope }, resource) => finishLosses(services, scope, resource.id),

  /** A group that is already gone may be one whose deletion did not finish in time. */
  async beforeDeletion(call) {
    await finishLosses(call.services, call.scope, call.id)
    return checkedDeletion(call)
  },

  longAttribute: 'members',

  compute: (resource, computed) => ({ members: shownMembers(resource, computed) ?? null }),

  // RFC 7643 §2.5 allows omitting an empty list, but then authentik does not restore lost members.
  completeAlone(representation, { omit }) {
    if (!omit.has('members')) representation['members'] ??= []
  },

  showsOthers: (resource, { omit }) => !omit.has('members') && resource['members'] !== undefined,

  isPartial: (call, { omit }) => keepsMembersApart(call) && !omit.has('members'),
}

/** Whether the store accepts changes of members without the whole group. */
function keepsMembersApart({ services }: Call): boolean {
  const { groups } = services.adapters
  return groups.supports?.memberDeltas === true && groups.changeMembers !== undefined
}

/**
 * Whether a write of the group needs its members, to know whose access may change and who is
 * protected.
 */
function needsMembers({ adapters: { access, users } }: Services): boolean {
  return access !== undefined || users.exemptions !== undefined
}

async function patchWhole(
  call: ResourceCall,
  operations: readonly PatchOperation[],
): Promise<WriteSpec> {
  const { type, services, scope } = call
  const toKnow = await inTurns(
    membersToKnow(type, operations, patchOptions(services.options)),
    scope,
  )
  return {
    read: omitNothing,
    decide: async (current, ignored) => {
      const before = present(current)
      const more = toKnow.length > 0 ? { members: await membersNamed(call, toKnow) } : {}
      const { after } = await patched(call, before, operations, more)
      return wholeChange(call, 'patched', { before, after, ignored })
    },
  }
}

/** Nothing is read, so concurrent requests do not interfere. */
function patchMembers(call: ResourceCall, change: MemberChange): WriteSpec {
  const at = ''
  const meta = { resourceType: call.type.name, created: at, lastModified: at, version: '' }
  const after: Resource = { id: call.id, meta }
  return {
    decide: (_current, ignored) => ({
      kind: 'patched',
      after,
      secrets: {},
      members: known(change, ignored),
      attributes: ['members'],
    }),
  }
}

function patchWithDeltas(
  call: ResourceCall,
  change: MemberChange,
  operations: { readonly rest: readonly PatchOperation[]; readonly isRest: boolean },
): WriteSpec {
  const { rest, isRest } = operations
  return {
    read: omitMembers,
    decide: async (current, ignored) => {
      const before = withoutMembers(present(current))
      const { after: changed } = await patched(call, before, rest, { isRest })
      const after = withoutMembers(changed)
      const members = await effectiveChange(call, before.id, known(change, ignored))
      const attributes = withMembersName(changedAttributes(before, after), members)
      return { kind: 'patched', before, after, secrets: {}, members, attributes }
    },
  }
}

/**
 * A change whose states include members, which are removed if the store keeps members separately.
 */
async function wholeChange(
  call: Call,
  kind: Change['kind'],
  { before, after, ignored }: WholeStates,
): Promise<Change> {
  const wanted = await distinctIds(after, ignored)
  const members = await memberDifference(before, wanted)
  const next = keepsMembersApart(call) ? withoutMembers(after) : withMemberIds(after, [...wanted])
  const attributes = changedAttributes(withoutMembers(before), withoutMembers(after))
  return {
    kind,
    before,
    after: next,
    secrets: {},
    members: hasMembers(members) ? members : noMembers,
    attributes: withMembersName(attributes, members),
  }
}

interface WholeStates {
  readonly before: Resource
  readonly after: Resource
  readonly ignored: ReadonlySet<string>
}

function withMembersName(attributes: readonly string[], members: MemberChange): readonly string[] {
  return hasMembers(members) ? [...attributes, 'members'] : attributes
}

function known({ add, remove }: MemberChange, ignored: ReadonlySet<string>): MemberChange {
  return { add: add.filter((id) => !ignored.has(id)), remove }
}

async function effectiveAmong(
  call: Call,
  groupId: string,
  change: MemberChange,
  userIds: readonly string[],
): Promise<readonly string[]> {
  const among = new Set(userIds)
  const part = {
    add: change.add.filter((id) => among.has(id)),
    remove: change.remove.filter((id) => among.has(id)),
  }
  const { add, remove } = await effectiveChange(call, groupId, part)
  return [...add, ...remove]
}

function withMemberIds(resource: Resource, ids: readonly string[]): Resource {
  const rest = withoutMembers(resource)
  return ids.length > 0 ? extended(rest, { members: ids.map((value) => ({ value })) }) : rest
}

/**
 * The members who may lose access: those who leave, or join a group that shuts out, or all if the
 * group gets another name.
 */
function lossesOf(change: Change): GroupLoss[] {
  const { kind, before, after, members } = change
  const given = before?.['displayName'] ?? after['displayName']
  const group = { change, id: after.id, name: typeof given === 'string' ? given : undefined }
  const renamed = renaming(change)
  if (kind === 'deleted') {
    const cause = (name: string) => `Deleting the group "${name}"`
    return [{ ...group, leaving: members.remove, cause }]
  }
  const newName = renamed && { name: renamed.to }
  const losses: GroupLoss[] = []
  if (renamed) {
    const cause = (name: string) => `Renaming the group "${name}" to "${renamed.to}"`
    losses.push({ ...group, leaving: 'everybody', renamed, cause })
  }
  if (members.remove.length > 0) {
    const cause = (name: string) => `Removing members of the group "${name}"`
    losses.push({ ...group, leaving: members.remove, cause })
  }
  if (members.add.length > 0) {
    const cause = (name: string) => `Adding members to the group "${name}"`
    losses.push({ ...group, ...newName, joining: members.add, leaving: [], cause })
  }
  return losses
}

/** The old and new name of a renamed group. */
function renaming({
  kind,
  before,
  after,
  attributes,
}: Pick<Change, 'kind' | 'before' | 'after' | 'attributes'>) {
  if (kind === 'created' || !before || !attributes.includes('displayName')) return undefined
  return { from: String(before['displayName']), to: String(after['displayName']) }
}

function changedGroup(change: Change): ChangedGroup {
  const { after, members } = change
  const renamed = renaming(change)
  const { add: joining, remove: leaving } = members
  return { groupId: after.id, leaving, joining, ...(renamed && { renamed }) }
}

/** The events for members added and removed. */
function memberEvents({ add, remove }: Change['members']): AuditEvent[] {
  return [
    ...(add.length > 0 ? [{ event: 'member.added' as const, members: add }] : []),
    ...(remove.length > 0 ? [{ event: 'member.removed' as const, members: remove }] : []),
  ]
}

function concernsAll({ kind, attributes }: Change): boolean {
  // Rules refer to a group by its name only.
  return kind === 'created' || kind === 'deleted' || attributes.includes('displayName')
}

function shownMembers(group: Resource, computed: Computed): Json[] | undefined {
  const members: unknown = group['members']
  if (!Array.isArray(members) || members.length === 0) return undefined
  return (members as readonly Member[]).map((member) => shownMember(member, computed))
}

function shownMember({ value, type, display }: Member, computed: Computed): JsonObject {
  const shown: JsonObject = { value }
  const $ref = referenceTo(computed, type, value)
  if ($ref !== undefined) shown['$ref'] = $ref
  if (type !== undefined) shown['type'] = type
  if (display !== undefined) shown['display'] = display
  return shown
}
