import { invalidValue, tooMany } from '../../errors.js'
import { extended } from '../../schema/json.js'
import type { MemberChange } from '../../stores/group-store.js'
import { memberIds } from '../../stores/people-below.js'
import type { Member, Resource } from '../../stores/resource.js'
import type { Call } from '../call.js'

/**
 * A group as sent by a client, with its members in the form that stores expect: ids only, each
 * once.
 *
 * @throws ScimError `invalidValue` (400) for a member without an id
 */
export function withPlainMembers<R extends Resource>(group: R): R {
  const members: unknown = group['members']
  if (!Array.isArray(members)) return group
  for (const member of members as readonly unknown[]) {
    const id = (member as Partial<Member> | null)?.value
    if (typeof id === 'string' && id !== '') continue
    throw invalidValue('Attribute "members.value" is required for each member.')
  }
  const ids = memberIds(group)
  return ids.length > 0
    ? extended(group, { members: ids.map((value) => ({ value })) })
    : withoutMembers(group)
}

/** A group without `members`, for stores that keep members separately. */
export function withoutMembers<R extends Resource>(group: R): R {
  const { members: _, ...rest } = group
  return rest as unknown as R
}

/** The difference between two sets of members. */
export function memberDifference(
  before: readonly string[],
  after: readonly string[],
): MemberChange {
  const [old, now] = [new Set(before), new Set(after)]
  return {
    add: after.filter((id) => !old.has(id)),
    remove: before.filter((id) => !now.has(id)),
  }
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
