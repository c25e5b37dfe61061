import { type Group, storeErrorKind } from '../../stores/index.js'
import { expectEqual, expectThat, rejection } from '../assert.js'
import { always, type Check } from '../check.js'
import {
  changed,
  createGroup,
  createUser,
  createUsers,
  everything,
  memberIds,
  subjectNamed,
} from '../subject.js'
import { addMember, removeMember, withDeltas } from './members.js'
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
      const newGroup = changed(inner, {
        displayName: 'New group',
        ...(withDeltas(adapters) && { members: undefined }),
      })
      await replace(context, subjectNamed('groups'), newGroup, inner)
      const namesIn = (group?: Group) => (group?.members ?? []).map(({ display }) => display).sort()
      const wanted = ['New group', 'New user']
      expectEqual(
        namesIn(await adapters.groups.get(scope, outer.id, everything)),
        wanted,
        'names of members',
      )
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const { resources } = await adapters.groups.query(scope, { ...everything, page })
      const listed = resources.find(({ id }) => id === outer.id)
      expectEqual(namesIn(listed), wanted, 'names in a list of groups')
      const found = (await adapters.groups.groupsOf(scope, [user.id])).get(user.id) ?? []
      const named = found.find(({ id }) => id === inner.id)
      expectEqual(named?.displayName, 'New group', 'the group of the user')
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
        const current = await adapters.groups.get(scope, group.id, { omit: new Set(['members']) })
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

/** Memberships when the members change or end. */
export const membershipChecks: readonly Check[] = checks.map((parts) => ({
  level: 'MUST',
  appliesTo: always,
  ...parts,
}))
