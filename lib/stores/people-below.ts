import type { Adapters } from './adapters.js'
import { readMany } from './read-many.js'
import { omitGroups } from './reads.js'
import type { Member, Resource, User } from './resource.js'
import type { Scope } from './scope.js'

/** Ids of a group's members, each once, in their order. */
export function memberIds(group: Resource | undefined): readonly string[] {
  const members: unknown = group?.['members']
  if (!Array.isArray(members)) return []
  return [...new Set((members as readonly Member[]).map(({ value }) => value))]
}

/**
 * The people among these ids, and those in the groups among them, directly or through other groups.
 * Handles cycles. Costs a few queries per level of groups.
 */
export async function peopleBelow(
  { users, groups }: Pick<Adapters, 'users' | 'groups'>,
  scope: Scope,
  ids: readonly string[],
): Promise<readonly User[]> {
  const seen = new Set(ids)
  const people: User[] = []
  let next: readonly string[] = [...seen]
  while (next.length > 0) {
    const found = await readMany(users, scope, next, omitGroups)
    for (const user of found) people.push(user)
    const known = new Set(found.map(({ id }) => id))
    const others = next.filter((id) => !known.has(id))
    const inside = (await readMany(groups, scope, others)).flatMap((group) => memberIds(group))
    next = [...new Set(inside)].filter((id) => !seen.has(id))
    for (const id of next) seen.add(id)
  }
  return people
}
