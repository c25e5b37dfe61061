import { tooMany } from '../../errors.js'
import type { JsonObject } from '../../schema/types.js'
import type { MemberChange } from '../../stores/group-store.js'
import { inSteps } from '../../stores/in-steps.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups, omitMembers } from '../../stores/reads.js'
import type { Member, Resource } from '../../stores/resource.js'
import type { Call } from '../call.js'

/** Ids of a group's members, each once, without those to ignore. */
export async function distinctIds(
  { members = [] }: Resource,
  ignored: ReadonlySet<string>,
): Promise<Set<string>> {
  const ids = new Set<string>()
  await inSteps(members as unknown as readonly Member[], ({ value }) => {
    if (!ignored.has(value)) ids.add(value)
  })
  return ids
}

/** A group without `members`, for stores that keep members separately. */
export function withoutMembers<R extends Resource>(group: R): R {
  const { members: _, ...rest } = group
  return rest as unknown as R
}

/** The members that these ids name, as stores show them; unknown ids are omitted. */
export async function membersNamed(
  { services: { adapters }, scope }: Call,
  ids: readonly string[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const users = await readMany(adapters.users, scope, ids, omitGroups)
  const found = new Set(users.map(({ id }) => id))
  const others = ids.filter((id) => !found.has(id))
  const groups = await readMany(adapters.groups, scope, others, omitMembers)
  return new Map([
    ...users.map((user) => memberOf(user, 'User')),
    ...groups.map((group) => memberOf(group, 'Group')),
  ])
}

function memberOf(resource: Resource, type: string): [string, JsonObject] {
  const { id, displayName: display } = resource
  const isShown = typeof display === 'string' && display !== ''
  return [id, { value: id, type, ...(isShown && { display }) }]
}

/** The difference between the members of a group and those it shall have. */
export async function memberDifference(
  before: Resource,
  wanted: ReadonlySet<string>,
): Promise<MemberChange> {
  const leaving = await distinctIds(before, new Set())
  const add: string[] = []
  await inSteps(wanted, (id) => leaving.delete(id) || add.push(id))
  return { add, remove: [...leaving] }
}

/** The part of a change that has an effect; costs one query, whatever the size of the group. */
export async function effectiveChange(
  { services, scope }: Call,
  groupId: string,
  change: MemberChange,
): Promise<MemberChange> {
  const ids = [...change.add, ...change.remove]
  if (ids.length === 0) return change
  const groups = await services.adapters.groups.groupsOf(scope, ids)
  const isMember = (id: string): boolean =>
    groups.get(id)?.some((group) => group.id === groupId && group.direct) ?? false
  return {
    add: change.add.filter((id) => !isMember(id)),
    remove: change.remove.filter(isMember),
  }
}

/**
 * @throws ScimError `tooMany` (400) when one request changes more members than
 * `options.limits.maxMembers`
 */
export function requireFewMembers({ services }: Call, { add, remove }: MemberChange): void {
  const { maxMembers } = services.options.limits
  if (add.length + remove.length <= maxMembers) return
  throw tooMany(`One request can add and remove at most ${maxMembers} members.`)
}
