/** Memberships as two maps of sets, so that one member costs the same in a group of any size. */
export interface Memberships {
  members(groupId: string): ReadonlySet<string>
  groups(memberId: string): ReadonlySet<string>
  add(groupId: string, memberId: string): void
  remove(groupId: string, memberId: string): void
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
  const members = (id: string) => membersOf.get(id) ?? none
  const groups = (id: string) => groupsOf.get(id) ?? none
  const remove = (groupId: string, memberId: string) => {
    removeFrom(membersOf, groupId, memberId)
    removeFrom(groupsOf, memberId, groupId)
  }
  return {
    members,
    groups,
    remove,
    add(groupId, memberId) {
      addTo(membersOf, groupId, memberId)
      addTo(groupsOf, memberId, groupId)
    },
    everythingIn: (groupId) => reachable(groupId, members),
    groupsAround: (memberId) => reachable(memberId, groups),
    drop(id) {
      const around = [...groups(id)]
      for (const groupId of around) remove(groupId, id)
      for (const memberId of [...members(id)]) remove(id, memberId)
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

function addTo(map: Map<string, Set<string>>, name: string, value: string): void {
  const values = map.get(name)
  if (values) values.add(value)
  else map.set(name, new Set([value]))
}

function removeFrom(map: Map<string, Set<string>>, name: string, value: string): void {
  const values = map.get(name)
  values?.delete(value)
  if (values?.size === 0) map.delete(name)
}
