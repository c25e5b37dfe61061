import { exemptionOf } from '../../access/exemption.js'
import { createInvitation, type Invitation } from '../../access/invitations.js'
import {
  type Access,
  describeGrant,
  isEmptyPlan,
  type MappingRules,
  type Plan,
  plan,
  type Reason,
} from '../../mapping/index.js'
import type { AccessRecord } from '../../stores/access-store.js'
import { storeErrorKind } from '../../stores/errors.js'
import { omitGroups } from '../../stores/reads.js'
import type { GroupReference, User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { type RulesInForce, rulesInForce } from './findings.js'
import { type PersonSummary, summaryOf } from './people.js'
import {
  type ProjectMap,
  readProjectMap,
  type VisibleProjects,
  visibleProjects,
  visibleSentence,
} from './visible.js'

/** Explains why a person has their access. */
export interface Explanation extends PersonSummary {
  readonly groups: readonly GroupReference[]
  /**
   * Every rule that names one of the person's groups. Rules without effect are marked `outranked`.
   */
  readonly reasons: readonly (Reason & { readonly gives: string })[]
  /** The access that was applied in the host and is in force. */
  readonly applied: readonly string[]
  /** Recorded for the first sign-in. */
  readonly deferred: readonly string[]
  /** The host’s notes about giving access; none while the person is to have no access. */
  readonly notes: readonly string[]
  readonly account?: AccessRecord['account']
  /** Why the host does not allow changes of this person through SCIM. */
  readonly protection?: string
  /**
   * The link for signing up at the gate, if this person signs up that way. Anyone who has it can
   * sign up as this person.
   */
  readonly invitation?: Invitation
  /** The remaining changes in the host; empty if there are none. */
  readonly outstanding: readonly string[]
  /** What rules give but this host cannot enforce: recorded, not in force. */
  readonly recorded: readonly string[]
  /** The projects they see, if workspaces are kept here and the host lists its projects. */
  readonly sees?: VisibleProjects & { readonly sentence: string }
  /** RFC 3339; when access was last applied. */
  readonly at?: string
}

/** Explains a person's access; `undefined` if there is no person with this id. */
export async function explain(
  context: SettingsContext,
  scope: Scope,
  userId: string,
): Promise<Explanation | undefined> {
  const { users, groups, access: store } = context.adapters
  const user = await users.get(scope, userId, omitGroups)
  if (!user) return undefined
  const [access, memberships, record, [pending], exemption, inForce, invitation, map, { rules }] =
    await Promise.all([
      groups.resolveAccess(scope, user),
      groups.groupsOf(scope, [userId]),
      store.getRecord(scope, userId),
      store.pendingOf(scope, [userId]),
      exemptionOf(context.adapters, scope, user),
      rulesInForce(context, scope),
      invitationOf(context, scope, user),
      readProjectMap(context, scope),
      store.rules(scope),
    ])
  const { reasons, ...given } = access
  const signUp = invitation && ('invited' as const)
  const summary = summaryOf(user, given, { record, pending, signUp })
  // Without rules, a gate may enforce nothing.
  const sees = hasRules(rules) && map && seenBy(map, summary, { access, inForce })
  return {
    ...summary,
    groups: memberships.get(userId) ?? [],
    reasons: reasons.map((reason) => ({ ...reason, gives: describeGrant(reason.grant) })),
    ...effectOf(user, record, { access, inForce }),
    deferred: (record?.deferred ?? []).map(describeGrant),
    // They were made when access was last given, and nothing replaces them when it ends.
    notes: user.active && access.active ? (record?.notes ?? []) : [],
    ...(record?.account && { account: record.account }),
    ...(exemption && { protection: exemption.reason }),
    ...(invitation && { invitation }),
    ...(sees && !exemption && { sees }),
    ...(record && { at: record.at }),
  }
}

function hasRules(rules: MappingRules): boolean {
  return Object.values(rules).some((list: readonly unknown[]) => list.length > 0)
}

/** The access that rules give a person, and who enforces it. */
interface Given {
  readonly access: Access
  readonly inForce: RulesInForce
}

function seenBy(
  map: ProjectMap,
  { id, displayName, active }: PersonSummary,
  { access, inForce }: Given,
): NonNullable<Explanation['sees']> {
  const sees = visibleProjects(map, id, { ...access, active: active && access.active })
  return { ...sees, sentence: visibleSentence(displayName, sees, inForce.by !== 'nobody') }
}

/**
 * Sorts access into applied, outstanding and recorded. The gate evaluates the rules at each
 * request, so they are in force at once for a person whose account is ready. Access that nobody can
 * enforce is not outstanding: it would stay so for ever.
 */
function effectOf(
  user: User,
  record: AccessRecord | undefined,
  { access, inForce }: Given,
): Pick<Explanation, 'applied' | 'outstanding' | 'recorded'> {
  const ledger = record?.applied ?? []
  const planned = plan(ledger, access)
  const applied = ledger.map(describeGrant)
  if (inForce.by === 'host' || user.active !== true || !access.active) {
    return { applied, outstanding: outstandingOf(user, record, planned), recorded: [] }
  }
  const outstanding = revocationsOf(planned)
  const granted = planned.grants.map(describeGrant)
  if (inForce.by === 'nobody') return { applied, outstanding, recorded: granted }
  if (record?.enforced === 'active') {
    return { applied: [...applied, ...granted], outstanding, recorded: [] }
  }
  return { applied, outstanding: ['make the account ready', ...outstanding], recorded: [] }
}

/** Without an answer from the host, the rest of the explanation is still shown. */
async function invitationOf(
  { adapters }: SettingsContext,
  scope: Scope,
  user: User,
): Promise<Invitation | undefined> {
  try {
    return await createInvitation(adapters, scope, user)
  } catch (error) {
    if (storeErrorKind(error) === 'unavailable') return undefined
    throw error
  }
}

function outstandingOf(
  user: User,
  record: AccessRecord | undefined,
  planned: Plan,
): readonly string[] {
  if (!user.active) return record?.enforced === 'deprovisioned' ? [] : ['end all access']
  if (isEmptyPlan(planned)) return []
  return [
    ...planned.grants.map((grant) => `grant ${describeGrant(grant)}`),
    ...revocationsOf(planned),
  ]
}

function revocationsOf({ revocations }: Plan): readonly string[] {
  return revocations.map((grant) => `revoke ${describeGrant(grant)}`)
}
