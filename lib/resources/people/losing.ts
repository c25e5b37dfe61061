import { compileRules, groupKey, mappingPolicy } from '../../mapping/index.js'
import type { GroupReference } from '../../stores/group-store.js'
import { readMany } from '../../stores/read-many.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { Services } from '../call.js'
import { memberIds } from '../kinds/members.js'

/** What happens to a group, as far as it can take access from somebody. */
export interface GroupLoss {
  readonly id: string
  /** Members (people or groups) that leave; `everybody`, not read yet, when the group gets another name. */
  readonly leaving: readonly string[] | 'everybody'
  /** The names by which rules know the group now and will know it; absent when it keeps its name or is deleted. */
  readonly renamed?: { readonly from: string; readonly to: string }
  /** What it is, as the beginning of a sentence. */
  readonly cause: string
}

/**
 * Reports or refuses a change of a group by which many people lose their last role, before anything is stored. Costs
 * one look-up where few members leave.
 *
 * @throws ScimError 503 where mass losses are refused
 */
export async function checkGroupLoss(
  services: Services,
  scope: Scope,
  loss: GroupLoss,
): Promise<void> {
  const { brake, adapters } = services
  if (!brake || !adapters.access) return
  if (loss.leaving !== 'everybody' && !(await mayBeMany(services, scope, loss.leaving))) return
  const { rules } = await adapters.access.rules(scope)
  if (rules.roles_groups.length === 0) return
  // By another name it takes only what rules give to the name it has.
  const { policy = mappingPolicy() } = adapters
  const named = new Set(rules.roles_groups.map(([, group]) => groupKey(group, policy)))
  if (loss.renamed && !named.has(groupKey(loss.renamed.from, policy))) return
  const members =
    loss.leaving === 'everybody'
      ? memberIds(await adapters.groups.get(scope, loss.id, { omit: new Set() }))
      : loss.leaving
  if (!(await mayBeMany(services, scope, members))) return
  const people = await peopleBelow(services, scope, members)
  const ids = await losing(services, scope, { people, loss, leaving: new Set(members) })
  if (ids.length > 0) await brake.check(scope, { ids, kind: 'roleless', cause: loss.cause })
}

/** A few people cannot be many; a few groups can hold as many as they like. */
async function mayBeMany(
  { brake, adapters }: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<boolean> {
  if (brake?.isNear(scope, ids.length)) return true
  const groups = await readMany(adapters.groups, scope, ids, { omit: new Set(['members']) })
  return groups.length > 0
}

/** The active people among these ids, and those in the groups among them. */
async function peopleBelow(
  { adapters }: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<readonly User[]> {
  const seen = new Set<string>()
  const people: User[] = []
  let next = ids
  while (next.length > 0) {
    const found = await readMany(adapters.users, scope, next, { omit: new Set(['groups']) })
    const known = new Set(found.map(({ id }) => id))
    people.push(...found.filter((user) => user.active))
    for (const id of next) seen.add(id)
    const groups = await readMany(
      adapters.groups,
      scope,
      next.filter((id) => !known.has(id)),
    )
    next = groups.flatMap((group) => memberIds(group)).filter((id) => !seen.has(id))
  }
  return people
}

/** Those of the people who have access now, and none once the group has changed. */
async function losing(
  { adapters }: Services,
  scope: Scope,
  change: {
    readonly people: readonly User[]
    readonly loss: GroupLoss
    readonly leaving: ReadonlySet<string>
  },
): Promise<readonly string[]> {
  const { groups, access, policy = mappingPolicy() } = adapters
  const { people, loss, leaving } = change
  const ids = people.map(({ id }) => id)
  if (!access || ids.length === 0) return []
  const resolve = compileRules((await access.rules(scope)).rules, policy)
  const records = new Map(
    (await access.records(scope, ids)).map((record) => [record.userId, record]),
  )
  const memberships = await groups.groupsOf(scope, ids)
  const direct = [...memberships.values()].flat().filter((group) => group.direct)
  const above = await groups.groupsOf(scope, [...new Set(direct.map(({ id }) => id))])
  return ids.filter((id) => {
    const now = memberships.get(id) ?? []
    const before = resolve(now, { active: true, hadRole: records.get(id)?.hadRole ?? false })
    if (!before.active) return false
    const left = groupsAfter(now, above, { loss, isLeaving: leaving.has(id), leaving })
    const hadRole = records.get(id)?.hadRole || before.role !== null
    return !resolve(left, { active: true, hadRole }).active
  })
}

/** The groups somebody is in once the group has changed; groups above a group that leaves are looked at anew. */
function groupsAfter(
  now: readonly GroupReference[],
  above: ReadonlyMap<string, readonly GroupReference[]>,
  change: {
    readonly loss: GroupLoss
    readonly isLeaving: boolean
    readonly leaving: ReadonlySet<string>
  },
): readonly GroupReference[] {
  const { loss, isLeaving, leaving } = change
  const named = (group: GroupReference) =>
    group.id === loss.id && loss.renamed ? [{ ...group, displayName: loss.renamed.to }] : [group]
  const isGone = (group: GroupReference) => group.id === loss.id && !loss.renamed
  const direct = now.filter((group) => group.direct && !(isGone(group) && isLeaving))
  const indirect = direct.flatMap((group) => {
    const higher = above.get(group.id) ?? []
    const leaves =
      leaving.has(group.id) || higher.some(({ id }) => leaving.has(id) && id !== loss.id)
    return higher.filter((each) => !(isGone(each) && leaves))
  })
  return [...new Map([...direct, ...indirect].map((group) => [group.id, group])).values()].flatMap(
    named,
  )
}
