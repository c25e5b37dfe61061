import { randomUUID } from 'node:crypto'
import type { Adapters, Group, MemberChange } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectIds, expectStoreError, expectThat } from '../assert.js'
import { always, type Check, type CheckContext } from '../check.js'
import {
  changed,
  createGroup,
  createUser,
  createUsers,
  instant,
  memberIds,
  writeOf,
} from '../subject.js'
import { idsLike } from './ids.js'

type CheckParts = Omit<Check, 'level' | 'appliesTo'> & Partial<Pick<Check, 'level' | 'appliesTo'>>

/** Whether a store changes members by deltas. */
export const withDeltas = ({ groups }: Adapters) => groups.supports?.memberDeltas === true
const withoutDeltas = (adapters: Adapters) => !withDeltas(adapters)

const wholeGroups: readonly CheckParts[] = [
  {
    id: 'members.create',
    section: 'RFC 7643 §4.2; R-GROUP-04, R-GROUP-06',
    title: 'stores the members of a new group, each once, and tells their type and name',
    async run(context) {
      const user = await createUser(context, { displayName: 'Somebody' })
      const inner = await createGroup(context, [], { displayName: 'Inner' })
      const group = await createGroup(context, [user.id, inner.id, user.id])
      const stored = await readGroup(context, group.id)
      const members = [...(stored?.members ?? [])].map(({ value, type, display }) => ({
        value,
        type,
        display,
      }))
      const wanted = [
        { value: user.id, type: 'User', display: 'Somebody' },
        { value: inner.id, type: 'Group', display: 'Inner' },
      ]
      expectEqual(members.sort(byValue), wanted.sort(byValue), 'members')
    },
  },
  {
    id: 'members.omit',
    section: 'Read.omit; S-DOS-09',
    title: 'leaves members out when they are not asked for, and out of groups without any',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const group = await createGroup(context, [user.id])
      const omit = new Set(['members'])
      const found = await adapters.groups.get(scope, group.id, { omit })
      expectEqual(found?.members, undefined, 'members of get')
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const { resources } = await adapters.groups.query(scope, { omit, page })
      expectEqual(resources[0]?.members, undefined, 'members of query')
      const many = await adapters.groups.getMany?.(scope, [group.id], { omit })
      expectEqual(many?.[0]?.members, undefined, 'members of getMany')
      const { externalId } = await createGroup(context, [user.id], { externalId: 'e' })
      const keys = [{ attribute: 'externalId', key: String(externalId) }]
      const byKey = await adapters.groups.find?.(scope, keys, { omit })
      expectEqual(byKey?.[0]?.members, undefined, 'members of find')
      const empty = await createGroup(context)
      expectEqual((await readGroup(context, empty.id))?.members, undefined, 'no members')
    },
  },
  {
    id: 'members.many',
    section: 'GroupStore.create, GroupStore.get; S-DOS-09',
    title: 'keeps every one of 1200 members, also in answers about all of them',
    async run(context) {
      const users = await createUsers(context, 1_200)
      const ids = users.map(({ id }) => id).sort()
      const group = await createGroup(context, ids)
      const found = await memberIds(context, group.id)
      expectEqual(
        [found.length, ids.find((id) => !found.includes(id))],
        [1_200, undefined],
        'members',
      )
      const of = await context.adapters.groups.groupsOf(context.scope, ids)
      const without = ids.filter((id) => of.get(id)?.[0]?.id !== group.id)
      expectEqual(without, [], 'members of whom groupsOf does not know the group')
      const many = await context.adapters.users.getMany?.(context.scope, ids, omitNothing)
      if (many) expectIds(many, users, 'what getMany returned for all of them')
    },
  },
  {
    id: 'members.query',
    section: 'GroupStore.query',
    title: 'gives each group on a page its own members',
    async run(context) {
      const { adapters, scope } = context
      const [one, two] = [await createUser(context), await createUser(context)]
      const groups = [
        await createGroup(context, [one.id]),
        await createGroup(context, [one.id, two.id]),
        await createGroup(context),
      ]
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const { resources } = await adapters.groups.query(scope, { ...omitNothing, page })
      const sizes = groups.map(
        ({ id }) => resources.find((group) => group.id === id)?.members?.length ?? 0,
      )
      expectEqual(sizes, [1, 2, 0], 'numbers of members')
    },
  },
  {
    id: 'members.unknown',
    section: 'RFC 7643 §4.2; R-GROUP-05',
    title: 'refuses a new group with unknown members, naming all of them, and stores nothing',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const unknown = [randomUUID(), `it's\0`, '', ...idsLike(user.id)]
      const error = await expectStoreError(
        'unknownReference',
        () => createGroup(context, [user.id, ...unknown]),
        'create with unknown members',
      )
      const named = [...((error as { ids?: readonly string[] }).ids ?? [])]
      expectEqual(named.sort(), [...unknown].sort(), 'error.ids')
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const found = await adapters.groups.query(scope, { ...omitNothing, page })
      expectEqual(found.totalResults, 0, 'groups afterwards')
    },
  },
  {
    id: 'members.replaceWhole',
    section: 'GroupStore.replace',
    title: 'without member deltas: takes whole groups, and has no changeMembers',
    appliesTo: withoutDeltas,
    async run(context) {
      const [one, two] = [await createUser(context), await createUser(context)]
      const group = await createGroup(context, [one.id])
      const members = [{ value: two.id }]
      const current = changed(group, { members }) as Group
      await replaceGroup(context, current, group)
      expectEqual(await memberIds(context, group.id), [two.id], 'members afterwards')
      const unknown = [...members, { value: 'nobody' }]
      const refused = { ...current, displayName: 'Refused', members: unknown }
      await expectStoreError(
        'unknownReference',
        () => replaceGroup(context, changed(refused, {}) as Group, current),
        'replace with an unknown member',
      )
      const kept = await readGroup(context, group.id)
      expectEqual(kept?.meta, current.meta, 'meta after what was refused')
      expectEqual(kept?.displayName, current.displayName, 'displayName after what was refused')
      expectEqual(await memberIds(context, group.id), [two.id], 'members after what was refused')
      await replaceGroup(context, changed(current, { members: undefined }) as Group, current)
      expectEqual(await memberIds(context, group.id), [], 'members of a group without any')
      expectThat(
        context.adapters.groups.changeMembers === undefined,
        'changeMembers must be absent: "supports.memberDeltas" is not declared',
      )
    },
  },
]

const deltas: readonly CheckParts[] = (
  [
    {
      id: 'members.change',
      section: 'RFC 7644 §3.5.2; GroupStore.changeMembers',
      title: 'adds and removes members, telling exactly what changed, with another version',
      async run(context) {
        const [one, two, three] = await threeUsers(context)
        const group = await createGroup(context, [one, two])
        const result = await change(context, group.id, { add: [two, three], remove: [one, 'gone'] })
        expectEqual(result?.added, [three], 'added')
        expectEqual(result?.removed, [one], 'removed')
        expectEqual(await memberIds(context, group.id), [two, three].sort(), 'members afterwards')
        const stored = await readGroup(context, group.id)
        expectEqual(stored?.meta, result?.group.meta, 'meta afterwards')
        expectEqual(stored?.meta.lastModified, changedAt, 'lastModified')
        expectThat(stored?.meta.version !== group.meta.version, 'The version must change')
        expectEqual(result?.group.members, undefined, 'members of the group that is returned')
        const next = await change(context, group.id, { add: [one], remove: [] })
        const isNew = next?.group.meta.version !== stored?.meta.version
        expectThat(isNew, 'The version must change again, also with the same "now"')
      },
    },
    {
      id: 'members.change.many',
      section: 'GroupStore.changeMembers',
      title: 'adds 200 members, and removes 200 others, in one step',
      async run(context) {
        const users = await createUsers(context, 400)
        const [leaving, joining] = [users.slice(0, 200), users.slice(200)]
        const [remove, add] = [leaving.map(({ id }) => id), joining.map(({ id }) => id)]
        const group = await createGroup(context, remove)
        const result = await change(context, group.id, { add, remove })
        expectIds(withIds(result?.added), joining, 'added')
        expectIds(withIds(result?.removed), leaving, 'removed')
        expectIds(withIds(await memberIds(context, group.id)), joining, 'members afterwards')
      },
    },
    {
      id: 'members.change.nothing',
      section: 'GroupStore.changeMembers',
      title: 'leaves version and lastModified as they are when nothing changes',
      async run(context) {
        const [one, two] = await threeUsers(context)
        const group = await createGroup(context, [one])
        const result = await change(context, group.id, { add: [one], remove: [two] })
        expectEqual([result?.added, result?.removed], [[], []], 'what changed')
        expectEqual((await readGroup(context, group.id))?.meta, group.meta, 'meta afterwards')
      },
    },
    {
      id: 'members.change.unknown',
      section: 'GroupStore.changeMembers; S-INT-06',
      title:
        'refuses to add unknown ids, naming them, and changes nothing; ' +
        'an unknown group is undefined',
      async run(context) {
        const [one, two] = await threeUsers(context)
        const group = await createGroup(context, [one])
        const error = await expectStoreError(
          'unknownReference',
          () => change(context, group.id, { add: [two, 'nobody'], remove: [one] }),
          'changeMembers with an unknown id',
        )
        expectEqual((error as { ids?: readonly string[] }).ids, ['nobody'], 'error.ids')
        expectEqual(await memberIds(context, group.id), [one], 'members afterwards')
        expectEqual((await readGroup(context, group.id))?.meta, group.meta, 'meta afterwards')
        const none = await change(context, 'unknown', { add: [one], remove: [] })
        expectEqual(none, undefined, 'changeMembers of an unknown group')
      },
    },
    {
      id: 'members.change.parallel',
      section: 'RFC 7644 §3.5.2; S-INT-02',
      title: 'keeps all of 100 members that are added in parallel',
      async run(context) {
        const users = await createUsers(context, 100)
        const ids = users.map(({ id }) => id)
        const group = await createGroup(context)
        await Promise.all(ids.map((id) => change(context, group.id, { add: [id], remove: [] })))
        expectEqual(await memberIds(context, group.id), ids.sort(), 'members afterwards')
      },
    },
    {
      id: 'members.change.crossed',
      section: 'GroupStore.changeMembers; S-INT-02',
      title: 'survives groups that are put into each other, and emptied, by parallel writers',
      async run(context) {
        const [one, two] = [await createGroup(context), await createGroup(context)]
        const changes = Array.from({ length: 20 }, (_, index) => [
          change(context, one.id, { add: [two.id], remove: [] }),
          change(context, two.id, { add: [one.id], remove: [] }),
          change(context, index % 2 ? one.id : two.id, { add: [], remove: [one.id, two.id] }),
        ])
        await Promise.all(changes.flat())
        await change(context, one.id, { add: [two.id], remove: [] })
        expectEqual(await memberIds(context, one.id), [two.id], 'members afterwards')
      },
    },
    {
      id: 'members.replace',
      section: 'GroupStore.replace; S-INT-07',
      title: 'replaces a group and leaves its members alone, unless a change of them is given',
      async run(context) {
        const [one, two] = await threeUsers(context)
        const group = await createGroup(context, [one])
        const next = changed(group, { displayName: 'New', members: undefined }) as Group
        await replaceGroup(context, next, group)
        expectEqual(await memberIds(context, group.id), [one], 'members after the first')
        const last = changed(next, { displayName: 'Last' }) as Group
        await replaceGroup(context, last, next, { add: [two], remove: [one] })
        expectEqual(await memberIds(context, group.id), [two], 'members after the second')
        const refused = changed(last, { displayName: 'Refused' }) as Group
        await expectStoreError(
          'unknownReference',
          () => replaceGroup(context, refused, last, { add: ['nobody'], remove: [two] }),
          'replace with an unknown member',
        )
        expectEqual((await readGroup(context, group.id))?.displayName, 'Last', 'displayName')
        expectEqual(await memberIds(context, group.id), [two], 'members after the third')
      },
    },
  ] satisfies readonly CheckParts[]
).map((each) => ({ ...each, appliesTo: withDeltas }))

const deletions: readonly CheckParts[] = [
  {
    id: 'members.delete',
    section: 'RFC 7644 §3.6; S-INT-08',
    title: 'takes deleted users and groups out of all groups, which thereby get another version',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const inner = await createGroup(context, [user.id])
      const outer = await createGroup(context, [user.id, inner.id])
      await adapters.users.delete(scope, user.id, {})
      expectEqual(await memberIds(context, outer.id), [inner.id], 'members without the user')
      const between = await readGroup(context, outer.id)
      expectThat(between?.meta.version !== outer.meta.version, 'The version must change')
      await adapters.groups.delete(scope, inner.id, {})
      expectEqual(await memberIds(context, outer.id), [], 'members without the group')
      const found = await adapters.groups.groupsOf(scope, [user.id])
      expectEqual(found.get(user.id) ?? [], [], 'groups of the deleted user')
    },
  },
  {
    id: 'members.delete.itself',
    section: 'RFC 7644 §3.6; R-GROUP-07',
    title: 'deletes a group that is its own member',
    async run(context) {
      const { adapters, scope } = context
      const group = await createGroup(context)
      const { meta } = await addMember(context, group, group.id)
      const options = { expectedVersion: meta.version }
      const isDeleted = await adapters.groups.delete(scope, group.id, options)
      expectThat(isDeleted, 'It must have been deleted')
      expectEqual(await readGroup(context, group.id), undefined, 'the group')
    },
  },
]

/** Members of groups, and the groups of users. */
export const memberChecks: readonly Check[] = [...wholeGroups, ...deltas, ...deletions].map(
  (parts) => ({ level: 'MUST', appliesTo: always, ...parts }),
)

const changedAt = instant(5000)

function change({ adapters, scope }: CheckContext, groupId: string, members: MemberChange) {
  const { groups } = adapters
  if (!groups.changeMembers) throw new Error('changeMembers is absent.')
  return groups.changeMembers(scope, groupId, members, { now: changedAt })
}

/** Adds a member to a group, and returns the group as it is then. */
export function addMember(context: CheckContext, group: Group, id: string): Promise<Group> {
  const members = [...(group.members ?? []), { value: id }]
  return changeOne(context, { ...group, members } as Group, { add: [id], remove: [] })
}

/** Takes a member out of a group, and returns the group as it is then. */
export function removeMember(context: CheckContext, group: Group, id: string): Promise<Group> {
  const members = (group.members ?? []).filter(({ value }) => value !== id)
  return changeOne(context, { ...group, members } as Group, { add: [], remove: [id] })
}

async function changeOne(
  context: CheckContext,
  group: Group,
  members: MemberChange,
): Promise<Group> {
  const isDelta = withDeltas(context.adapters)
  const isEmpty = isDelta || group.members?.length === 0
  const next = changed(group, isEmpty ? { members: undefined } : {}) as Group
  await replaceGroup(context, next, group, isDelta ? members : undefined)
  return next
}

/** Replaces a group as it was read. */
function replaceGroup(
  { adapters, scope }: CheckContext,
  next: Group,
  before: Group,
  members?: MemberChange,
): Promise<Group> {
  const { version: expectedVersion } = before.meta
  const write = { ...writeOf(next), expectedVersion, ...(members && { members }) }
  return adapters.groups.replace(scope, next, write)
}

function readGroup({ adapters, scope }: CheckContext, id: string): Promise<Group | undefined> {
  return adapters.groups.get(scope, id, omitNothing)
}

/** Ids of new users. */
export async function threeUsers(context: CheckContext): Promise<[string, string, string]> {
  const users = [await createUser(context), await createUser(context), await createUser(context)]
  return users.map(({ id }) => id) as [string, string, string]
}

function withIds(ids: readonly string[] = []) {
  return ids.map((id) => ({ id }))
}

function byValue(a: { readonly value: string }, b: { readonly value: string }): number {
  return a.value < b.value ? -1 : 1
}
