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
import type { GroupReference } from '../../stores/group-store.js'
import type { User } from '../../stores/resource.js'
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

/** Why a person has the access they have. */
export interface Explanation extends PersonSummary {
  readonly groups: readonly GroupReference[]
  /** Every rule that speaks of one of the groups, those without effect marked `outranked`. */
  readonly reasons: readonly (Reason & { readonly gives: string })[]
  /** What was applied in the host and is in force because of it. */
  readonly applied: readonly string[]
  /** Recorded for the first sign-in. */
  readonly deferred: readonly string[]
  readonly notes: readonly string[]
  readonly account?: AccessRecord['account']
  /** Why the host lets nobody change this person through SCIM. */
  readonly protection?: string
  /**
   * The link by which this person signs up at the gate, where that is the way in. Whoever has it
   * signs up as them.
   */
  readonly invitation?: Invitation
  /** What is still to be done in the host; nothing when both agree. */
  readonly outstanding: readonly string[]
  /** What rules give and this host cannot: it is recorded, and not in force. */
  readonly recorded: readonly string[]
  /** The projects they see, where workspaces are kept here and the host lists its projects. */
  readonly sees?: VisibleProjects & { readonly sentence: string }
  /** RFC 3339; when access was last made true. */
  readonly at?: string
}

/** Explains a person's access; `undefined` when there is nobody with this id. */
export async function explain(
  context: SettingsContext,
  scope: Scope,
  userId: string,
): Promise<Explanation | undefined> {
  const { users, groups, access: store } = context.adapters
  const user = await users.get(scope, userId, { omit: new Set(['groups']) })
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
  const summary = summaryOf(user, given, { record, pending })
  // A gate may enforce nothing until there are rules.
  const sees = hasRules(rules) && map && seenBy(map, summary, { access, inForce })
  return {
    ...summary,
    groups: memberships.get(userId) ?? [],
    reasons: reasons.map((reason) => ({ ...reason, gives: describeGrant(reason.grant) })),
    ...effectOf(user, record, { access, inForce }),
    deferred: (record?.deferred ?? []).map(describeGrant),
    notes: record?.notes ?? [],
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

/** What rules give somebody, and who makes it true. */
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
 * What is in force, to be done, and only recorded. The gate goes by the rules at each request: what
 * they give somebody whose account is ready is in force at once. What nobody can give is not still
 * to do; it would stay so for ever.
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

/** A host that cannot be asked now keeps nobody from reading the rest. */
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
