import { type AccessAdapters, noteRolesByRule } from '../../access/index.js'
import { compileRules, givesRoleByRule, mappingPolicy, personState } from '../../mapping/index.js'
import { memberIds, peopleBelow } from '../../stores/people-below.js'
import { omitMembers, omitNothing } from '../../stores/reads.js'
import type { GroupReference, User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { Services } from '../call.js'
import type { Loss } from './brake.js'
import { type Renaming, roleLosses } from './role-losses.js'

/** A change of a group that can take access from people. */
export interface GroupLoss {
  /** The change, see {@link Loss}. */
  readonly change: object
  readonly id: string
  /** Absent if it has not been read. */
  readonly name: string | undefined
  /** Members that join, and lose access only if a rule gives the group the role Deactivated. */
  readonly joining?: readonly string[]
  /** Members (people or groups) that leave; `everybody`, not yet read, if the group is renamed. */
  readonly leaving: readonly string[] | 'everybody'
  /** Absent if the group keeps its name or is deleted. */
  readonly renamed?: Renaming
  /** The cause, as the beginning of a sentence about the group of this name. */
  readonly cause: (name: string) => string
}

/**
 * Prepares for a change of a group that can take people's last role. If they are many, it is
 * reported or refused, and it is noted that a rule gave them a role. Costs a few queries if rules
 * give roles, and one otherwise.
 *
 * @throws ScimError 503 if mass losses are refused
 */
export async function foreseeLoss(
  services: Services,
  scope: Scope,
  loss: GroupLoss,
): Promise<void> {
  const { adapters, brake } = services
  const { access } = adapters
  const { change, joining } = loss
  if (joining && (brake?.few(scope, { change, ids: joining }) ?? true)) return
  if (!access || !(await canTakeRoles({ ...adapters, access }, scope, loss))) return
  const members =
    loss.leaving === 'everybody'
      ? memberIds(await adapters.groups.get(scope, loss.id, omitNothing))
      : (joining ?? loss.leaving)
  const people = await peopleBelow(adapters, scope, members)
  const active = people.filter((user) => user.active)
  if (brake && !brake.few(scope, { change, ids: active.map(({ id }) => id) })) {
    const leaving = new Set(joining ? [] : members)
    const name = loss.name ?? (await nameOf(services, scope, loss))
    const ids = await losing(services, scope, { people: active, loss: { ...loss, name }, leaving })
    const cause = loss.cause(name)
    if (ids.length > 0) await brake.check(scope, { change, ids, kind: 'withoutRole', cause })
  }
  if (!joining) await noteRolesByRule({ ...adapters, access }, scope, people)
}

async function nameOf(
  { adapters: { groups } }: Services,
  scope: Scope,
  { id }: GroupLoss,
): Promise<string> {
  const group = await groups.get(scope, id, omitMembers)
  return group?.displayName ?? id
}

async function canTakeRoles(
  { access, policy = mappingPolicy() }: AccessAdapters,
  scope: Scope,
  { renamed, joining }: GroupLoss,
): Promise<boolean> {
  const losses = roleLosses((await access.rules(scope)).rules, policy, renamed)
  if (joining) return losses.byJoining
  return renamed ? losses.byRenaming : losses.byLeaving
}

/** The people who have access now and none once the group has changed. */
async function losing(
  { adapters }: Services,
  scope: Scope,
  change: {
    readonly people: readonly User[]
    readonly loss: GroupLoss & { readonly name: string }
    readonly leaving: ReadonlySet<string>
  },
): Promise<readonly string[]> {
  const { groups, access, policy = mappingPolicy() } = adapters
  const { people, loss, leaving } = change
  const ids = people.map(({ id }) => id)
  if (!access || ids.length === 0) return []
  const resolve = compileRules((await access.rules(scope)).rules, policy)
  const records = new Map(
    (await access.getRecords(scope, ids)).map((record) => [record.userId, record]),
  )
  const memberships = await groups.groupsOf(scope, ids)
  const direct = [...memberships.values()].flat().filter((group) => group.direct)
  const above = await groups.groupsOf(scope, [...new Set([loss.id, ...direct.map(({ id }) => id)])])
  const joined = { id: loss.id, displayName: loss.name, direct: true }
  const losers = people.filter((person) => {
    const { id } = person
    const now = memberships.get(id) ?? []
    const before = resolve(now, personState(person, records.get(id)?.hadRole ?? false))
    if (!before.active) return false
    const start = loss.joining ? [...now, joined] : now
    const left = groupsAfter(start, above, { loss, isLeaving: leaving.has(id), leaving })
    const hadRole = records.get(id)?.hadRole || givesRoleByRule(before)
    return !resolve(left, personState(person, hadRole)).active
  })
  return losers.map(({ id }) => id)
}

/**
 * A person's groups once the group has changed. Parents of a group that leaves are computed again.
 */
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
  const isKept = loss.renamed !== undefined || loss.joining !== undefined
  const isGone = (group: GroupReference) => group.id === loss.id && !isKept
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
