import {
  inOneGo,
  inTurns,
  type MemberChange,
  type Scope,
  type Steps,
  UnknownReferenceError,
} from '../../lib/adapter/index.js'
import type { TenantState } from './state.js'

/** A change of a group's members that can be made in one short step. */
export interface MemberPlan {
  /** Those who really join. */
  readonly added: readonly string[]
  /** Those who really leave. */
  readonly removed: readonly string[]
  apply(): void
}

/** A group whose members change. */
interface Target {
  readonly scope: Scope
  readonly tenant: TenantState
  readonly groupId: string
}

/** Members that are worked on in one step without keeping others waiting. */
export const manyMembers = 1_000

/**
 * Plans a change of members, in turns with other requests if there are many.
 *
 * @param use takes the plan, in the step in which it is known to be right
 * @throws UnknownReferenceError when some of those to add name no user or group of this tenant
 */
export function withPlan<T>(
  target: Target,
  change: MemberChange,
  use: (plan: MemberPlan) => T,
): T | Promise<T> {
  const isLarge = change.add.length + change.remove.length > manyMembers
  return isLarge ? withLargePlan(target, change, use) : use(planSmall(target, change))
}

function planSmall({ tenant, groupId }: Target, { add, remove }: MemberChange): MemberPlan {
  requireKnown(tenant, add)
  const { memberships } = tenant
  const members = memberships.members(groupId)
  const added = [...new Set(add)].filter((each) => !members.has(each))
  const removed = [...new Set(remove)].filter((each) => members.has(each))
  return {
    added,
    removed,
    apply() {
      for (const id of added) memberships.add(groupId, id)
      for (const id of removed) memberships.remove(groupId, id)
    },
  }
}

async function withLargePlan<T>(
  target: Target,
  change: MemberChange,
  use: (plan: MemberPlan) => T,
): Promise<T> {
  const { scope, tenant, groupId } = target
  // A group is another object after each change, also of its members.
  const group = () => tenant.table('Group').get(groupId)
  const before = { group: group(), deletions: tenant.deletions }
  const plan = await inTurns(planLarge(target, change), scope)
  const isRight = group() === before.group && tenant.deletions === before.deletions
  return use(isRight ? plan : inOneGo(planLarge(target, change)))
}

/** Makes the new set of members beside the present one. */
function* planLarge({ tenant, groupId }: Target, { add, remove }: MemberChange): Steps<MemberPlan> {
  const { memberships } = tenant
  const members = memberships.members(groupId)
  const next = new Set(members)
  const unknown: string[] = []
  const added: string[] = []
  const removed: string[] = []
  for (const id of add) {
    yield
    if (!isKnown(tenant, id)) unknown.push(id)
    if (next.has(id)) continue
    next.add(id)
    added.push(id)
  }
  if (unknown.length > 0) throw new UnknownReferenceError(unknown)
  for (const id of remove) {
    yield
    if (members.has(id) && next.delete(id)) removed.push(id)
  }
  const apply = () => memberships.replace(groupId, next, added.concat(removed))
  return { added, removed, apply }
}

/** @throws UnknownReferenceError when some of these ids name no user or group of this tenant */
function requireKnown(tenant: TenantState, ids: readonly string[]): void {
  const unknown = ids.filter((id) => !isKnown(tenant, id))
  if (unknown.length > 0) throw new UnknownReferenceError(unknown)
}

function isKnown(tenant: TenantState, id: string): boolean {
  return (tenant.table('User').get(id) ?? tenant.table('Group').get(id)) !== undefined
}
