import { inSteps } from '../../lib/adapter/index.js'
import { addTo, removeFrom } from './sets.js'

/** Memberships as two maps of sets, so that one member costs the same in a group of any size. */
export interface Memberships {
  members(groupId: string): ReadonlySet<string>
  groups(memberId: string): ReadonlySet<string>
  add(groupId: string, memberId: string): void
  remove(groupId: string, memberId: string): void
  /**
   * Gives a group these members, however many, in one short step.
   *
   * @param changed those who join or leave
   */
  replace(groupId: string, members: Set<string>, changed: Iterable<string>): void
  /** All members of a group, directly or through other groups. Handles cycles. */
  everythingIn(groupId: string): ReadonlySet<string>
  /** All groups of a user or group, directly or through other groups. Handles cycles. */
  groupsAround(memberId: string): ReadonlySet<string>
  /**
   * Removes a user or group from all groups, and a group's members. Returns the groups it was in.
   */
  drop(id: string): readonly string[]
}

const none: ReadonlySet<string> = new Set()

export function createMemberships(): Memberships {
  const membersOf = new Map<string, Set<string>>()
  const groupsOf = new Map<string, Set<string>>()
  // Changes that `membersOf` has, and `groupsOf` not yet for everybody.
  const behind = new Set<{ readonly groupId: string }>()
  const members = (id: string) => membersOf.get(id) ?? none
  const groups = (id: string) => {
    const known = groupsOf.get(id) ?? none
    if (behind.size === 0) return known
    const actual = new Set(known)
    for (const { groupId } of behind) {
      if (members(groupId).has(id)) actual.add(groupId)
      else actual.delete(groupId)
    }
    return actual
  }
  const catchUp = async (groupId: string, changed: Iterable<string>) => {
    const change = { groupId }
    behind.add(change)
    await inSteps(changed, (id) => {
      if (members(groupId).has(id)) addTo(groupsOf, id, groupId)
      else removeFrom(groupsOf, id, groupId)
    })
    behind.delete(change)
  }
  const replace = (groupId: string, given: Set<string>, changed: Iterable<string>) => {
    if (given.size === 0) membersOf.delete(groupId)
    else membersOf.set(groupId, given)
    void catchUp(groupId, changed)
  }
  const remove = (groupId: string, memberId: string) => {
    removeFrom(membersOf, groupId, memberId)
    removeFrom(groupsOf, memberId, groupId)
  }
  return {
    members,
    groups,
    remove,
    replace,
    add(groupId, memberId) {
      addTo(membersOf, groupId, memberId)
      addTo(groupsOf, memberId, groupId)
    },
    everythingIn: (groupId) => reachable(groupId, members),
    groupsAround: (memberId) => reachable(memberId, groups),
    drop(id) {
      const around = [...groups(id)]
      for (const groupId of around) remove(groupId, id)
      if (members(id).size > 0) replace(id, new Set(), members(id))
      return around
    },
  }
}

function reachable(start: string, next: (id: string) => ReadonlySet<string>): ReadonlySet<string> {
  const first = next(start)
  if (isEnd(first, next)) return first
  const found = new Set(first)
  // Iterating a Set also visits entries added meanwhile.
  for (const id of found) for (const further of next(id)) found.add(further)
  return found
}

/** Whether nothing is to be reached from these, as where no group is in another. */
function isEnd(ids: ReadonlySet<string>, next: (id: string) => ReadonlySet<string>): boolean {
  for (const id of ids) if (next(id).size > 0) return false
  return true
}
