import { type Group, storeErrorKind } from '../../stores/index.js'
import { omitMembers, omitNothing } from '../../stores/reads.js'
import { expectEqual, expectThat, rejection } from '../assert.js'
import { always, type Check } from '../check.js'
import {
  changed,
  createGroup,
  createUser,
  createUsers,
  memberIds,
  subjectNamed,
} from '../subject.js'
import { addMember, removeMember } from './members.js'
import { rename } from './resolution.js'
import { replace, sortedIds } from './store.js'

const checks: readonly Omit<Check, 'level' | 'appliesTo'>[] = [
  {
    id: 'members.display',
    section: 'RFC 7643 §4.2; Member',
    title: 'keeps people and groups that are renamed in their groups, under their new names',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context, { displayName: 'Old user' })
      const inner = await createGroup(context, [user.id], { displayName: 'Old group' })
      const outer = await createGroup(context, [user.id, inner.id])
      const newUser = changed(user, { displayName: 'New user' })
      await replace(context, subjectNamed('users'), newUser, user)
      const ids = [user.id, inner.id].sort()
      expectEqual(await memberIds(context, outer.id), ids, 'members after one was replaced')
      await rename(context, inner, 'New group')
      const namesIn = (group?: Group) => (group?.members ?? []).map(({ display }) => display).sort()
      const wanted = ['New group', 'New user']
      expectEqual(
        namesIn(await adapters.groups.get(scope, outer.id, omitNothing)),
        wanted,
        'names of members',
      )
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const { resources } = await adapters.groups.query(scope, { ...omitNothing, page })
      const listed = resources.find(({ id }) => id === outer.id)
      expectEqual(namesIn(listed), wanted, 'names in a list of groups')
      const found = (await adapters.groups.groupsOf(scope, [user.id])).get(user.id) ?? []
      const named = found.find(({ id }) => id === inner.id)
      expectEqual(named?.displayName, 'New group', 'the group of the user')
    },
  },
  {
    id: 'groupsOf.renamed',
    section: 'GroupStore.groupsOf; GroupReference',
    title: 'tells the name that a group has now, also of a group whose former name it told',
    async run(context) {
      const { adapters, scope } = context
      const { groups } = adapters
      const user = await createUser(context)
      const expectNames = async (wanted: readonly string[], when: string) => {
        const found = (await groups.groupsOf(scope, [user.id])).get(user.id) ?? []
        expectEqual(namesOf(found), wanted, `names of groups ${when}`)
        const together = await groups.userWithGroups?.(scope, user.id)
        if (together) expectEqual(namesOf(together.groups), wanted, `names with the user ${when}`)
      }
      const inner = await createGroup(context, [user.id], { displayName: 'Inner' })
      const outer = await createGroup(context, [inner.id], { displayName: 'Outer' })
      await expectNames(['Inner', 'Outer'], 'at first')
      await rename(context, inner, 'Renamed')
      await expectNames(['Outer', 'Renamed'], 'after one was renamed')
      await rename(context, outer, 'Another')
      await expectNames(['Another', 'Renamed'], 'after both were renamed')
    },
  },
  {
    id: 'members.inactive',
    section: 'RFC 7643 §4.1.1; Member',
    title: 'keeps people in their groups while they are inactive, and lets them be added',
    async run(context) {
      const { adapters, scope } = context
      const { groups } = adapters
      const users = subjectNamed('users')
      const user = await createUser(context)
      const late = await createUser(context, { active: false })
      const group = await createGroup(context, [user.id])
      const expectIn = async (ids: readonly string[], when: string) => {
        expectEqual(await memberIds(context, group.id), [...ids].sort(), `members ${when}`)
        const found = await groups.groupsOf(scope, ids)
        const of = ids.map((id) => (found.get(id) ?? []).map((each) => each.id))
        expectEqual(
          of,
          ids.map(() => [group.id]),
          `groups of each ${when}`,
        )
        const count = (await groups.countMembers?.(scope, [group.id]))?.get(group.id)
        if (groups.countMembers) expectEqual(count, ids.length, `number of members ${when}`)
      }
      const inactive = changed(user, { active: false })
      await replace(context, users, inactive, user)
      await expectIn([user.id], 'with one who was deactivated')
      const current = { ...group, members: [{ value: user.id }] } as Group
      await addMember(context, current, late.id)
      await expectIn([user.id, late.id], 'with one who was inactive before')
      await replace(context, users, changed(inactive, { active: undefined }), inactive)
      await expectIn([user.id, late.id], 'with one who is neither active nor inactive')
      await replace(context, users, changed(late, { active: true }), late)
      await expectIn([user.id, late.id], 'with one who became active')
    },
  },
  {
    id: 'groupsOf.ended',
    section: 'ResourceStore.delete; GroupStore.groupsOf',
    title: 'tells of no group that a person left, that was deleted, or that none leads to now',
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const inner = await createGroup(context, [user.id])
      const middle = await createGroup(context, [inner.id])
      const outer = await createGroup(context, [middle.id])
      const idsNow = async () => {
        const found = (await adapters.groups.groupsOf(scope, [user.id])).get(user.id) ?? []
        return sortedIds(found)
      }
      expectEqual(await idsNow(), sortedIds([inner, middle, outer]), 'groups at first')
      await adapters.groups.delete(scope, middle.id, {})
      expectEqual(await idsNow(), [inner.id], 'groups after the one between was deleted')
      await removeMember(context, inner, user.id)
      expectEqual(await idsNow(), [], 'groups after leaving the last one')
    },
  },
  {
    id: 'members.delete.versions',
    section: 'Meta.version; ResourceStore.delete',
    title: 'gives a group another version for each of its members that is deleted',
    async run(context) {
      const { adapters, scope } = context
      const users = await createUsers(context, 10)
      const group = await createGroup(
        context,
        users.map(({ id }) => id),
      )
      const versions = [group.meta.version]
      for (const { id } of users) {
        await adapters.users.delete(scope, id, {})
        const current = await adapters.groups.get(scope, group.id, omitMembers)
        versions.push(current?.meta.version ?? '')
      }
      const repeated = versions.filter((version, index) => versions.indexOf(version) !== index)
      expectEqual(repeated, [], 'versions that the group had before')
    },
  },
  {
    id: 'members.delete.race',
    section: 'ResourceStore.delete; S-INT-08',
    title: 'keeps no deleted user in a group to which they are added at the same time',
    async run(context) {
      const { adapters, scope } = context
      for (let round = 0; round < 10; round += 1) {
        const user = await createUser(context)
        const group = await createGroup(context)
        const [refusal] = await Promise.all([
          rejection(() => addMember(context, group, user.id)),
          adapters.users.delete(scope, user.id, {}),
        ])
        expectEqual(await memberIds(context, group.id), [], 'members afterwards')
        const found = await adapters.groups.groupsOf(scope, [user.id])
        expectEqual(found.get(user.id) ?? [], [], 'groups of the deleted user')
        const kind = refusal && storeErrorKind(refusal)
        expectThat(
          kind !== undefined || !refusal,
          `The change may be refused, not fail (${refusal})`,
        )
      }
    },
  },
]

function namesOf(groups: readonly { readonly displayName: string }[]): readonly string[] {
  return groups.map(({ displayName }) => displayName).sort()
}

/** Memberships when the members change or end. */
export const membershipChecks: readonly Check[] = checks.map((parts) => ({
  level: 'MUST',
  appliesTo: always,
  ...parts,
}))
