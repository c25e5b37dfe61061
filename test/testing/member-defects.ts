import type { Group, GroupReference, Member } from '../../lib/stores/index.js'
import { type Defect, everything, inGroups, inUsers, minimalGroups, turn } from './broken.js'

/** Stores that tell of other members of a group. */
export const memberDefects: readonly Defect[] = [
  inGroups('find groups with their members although omitted', ['members.omit'], (groups) => ({
    find: async (scope, keys) => (await groups.find?.(scope, keys, everything)) ?? [],
  })),
  inGroups('return members with a change of them', ['members.change'], (groups) => ({
    async changeMembers(scope, id, change, options) {
      const result = await groups.changeMembers(scope, id, change, options)
      const group = result && (await groups.get(scope, id, everything))
      return result && { ...result, group: group as Group }
    },
  })),
  inGroups('change at most 100 members at once', ['members.change.many'], (groups) => ({
    changeMembers(scope, id, { add, remove }, options) {
      const change = { add: add.slice(0, 100), remove: remove.slice(0, 100) }
      return groups.changeMembers(scope, id, change, options)
    },
  })),
  inGroups('only mark groups as deleted', ['groupsOf.ended'], (groups) => {
    const deleted = new Map<string, GroupReference>()
    return {
      async delete(scope, id, options) {
        const group = await groups.get(scope, id, everything)
        const isDeleted = await groups.delete(scope, id, options)
        const displayName = group?.displayName ?? ''
        if (isDeleted) deleted.set(id, { id, displayName, direct: true })
        return isDeleted
      },
      async groupsOf(scope, ids) {
        const found = await groups.groupsOf(scope, ids)
        return new Map([...found].map(([id, all]) => [id, [...all, ...deleted.values()]]))
      },
    }
  }),
  inGroups('make a version of the time', ['members.change'], (groups) => ({
    async changeMembers(scope, id, change, options) {
      const result = await groups.changeMembers(scope, id, change, options)
      if (!result || result.added.length + result.removed.length === 0) return result
      const { group } = result
      const next = { ...group, meta: { ...group.meta, version: options.now } }
      const write = { keys: [], comparable: () => ({}), expectedVersion: group.meta.version }
      return { ...result, group: await groups.replace(scope, next, write) }
    },
  })),
  inGroups('keep the names of members when they joined', ['members.display'], (groups) => {
    const names = new Map<string, string | undefined>()
    const remembered = (member: Member) => {
      if (!names.has(member.value)) names.set(member.value, member.display)
      const display = names.get(member.value)
      return { value: member.value, ...(display !== undefined && { display }) }
    }
    const named = (group: Group) =>
      ({ ...group, ...(group.members && { members: group.members.map(remembered) }) }) as Group
    return {
      create: async (scope, group, write) => named(await groups.create(scope, group, write)),
      async get(scope, id, read) {
        const group = await groups.get(scope, id, read)
        return group && named(group)
      },
    }
  }),
  inUsers('delete and insert what they replace', ['members.display'], (users) => ({
    async replace(scope, user, write) {
      await users.delete(scope, user.id, { expectedVersion: write.expectedVersion })
      return users.create(scope, user, write)
    },
  })),
  inGroups('count versions of groups by the second', ['members.delete.versions'], (groups) => ({
    async get(scope, id, read) {
      const group = await groups.get(scope, id, read)
      return (
        group && {
          ...group,
          meta: { ...group.meta, version: group.meta.lastModified.slice(0, 19) },
        }
      )
    },
  })),
  inGroups('keep members who are deleted meanwhile', ['members.delete.race'], (groups) => {
    const ghosts = new Map<string, string>()
    return {
      async replace(scope, group, write) {
        await turn()
        try {
          return await groups.replace(scope, group, write)
        } catch {
          ghosts.set(group.id, write.members?.add[0] ?? '')
          return group
        }
      },
      async get(scope, id, read) {
        const group = await groups.get(scope, id, read)
        const ghost = ghosts.get(id)
        return group && ghost ? { ...group, members: [{ value: ghost }] } : group
      },
    }
  }),
  inGroups('fail when members are deleted meanwhile', ['members.delete.race'], (groups) => ({
    async replace(scope, group, write) {
      await turn()
      try {
        return await groups.replace(scope, group, write)
      } catch {
        throw new Error('violates foreign key constraint')
      }
    },
  })),
  minimalGroups(
    'keep the members of a group that has none any more',
    ['members.replaceWhole'],
    (groups) => ({
      async replace(scope, group, write) {
        const { members } = (await groups.get(scope, group.id, everything)) ?? {}
        return groups.replace(scope, { ...(members && { members }), ...group } as Group, write)
      },
    }),
  ),
  minimalGroups(
    'leave out unknown members of a replaced group',
    ['members.replaceWhole'],
    (groups) => ({
      replace(scope, group, write) {
        const members = group.members?.filter(({ value }) => value !== 'nobody')
        return groups.replace(scope, { ...group, ...(members && { members }) } as Group, write)
      },
    }),
  ),
  inGroups('count no members', ['members.pages'], () => ({
    countMembers: async (_scope, ids) => new Map(ids.map((id) => [id, 0])),
  })),
]
