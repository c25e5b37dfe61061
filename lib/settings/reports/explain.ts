import { exemptionOf } from '../../access/exemption.js'
import { createInvitation, type Invitation } from '../../access/invitations.js'
import { describeGrant, isEmptyPlan, type Plan, plan, type Reason } from '../../mapping/index.js'
import type { AccessRecord } from '../../stores/access-store.js'
import { storeErrorKind } from '../../stores/errors.js'
import type { GroupReference } from '../../stores/group-store.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { whyNotInForce } from './findings.js'
import { type PersonSummary, summaryOf } from './people.js'

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
  /** The link by which this person signs up at the gate, where that is the way in. Whoever has it signs up as them. */
  readonly invitation?: Invitation
  /** What is still to be done in the host; nothing when both agree. */
  readonly outstanding: readonly string[]
  /** What rules give and this host cannot: it is recorded, and not in force. */
  readonly recorded: readonly string[]
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
  const [access, memberships, record, [pending], exemption, notInForce, invitation] =
    await Promise.all([
      groups.resolveAccess(scope, user),
      groups.groupsOf(scope, [userId]),
      store.record(scope, userId),
      store.pendingOf(scope, [userId]),
      exemptionOf(context.adapters, scope, user),
      whyNotInForce(context),
      invitationOf(context, scope, user),
    ])
  const { reasons, ...given } = access
  const planned = plan(record?.applied ?? [], access)
  // What cannot be given is not still to do; it would stay so for ever.
  const isRecorded = notInForce !== undefined && user.active === true && access.active
  return {
    ...summaryOf(user, given, { record, pending }),
    groups: memberships.get(userId) ?? [],
    reasons: reasons.map((reason) => ({ ...reason, gives: describeGrant(reason.grant) })),
    applied: (record?.applied ?? []).map(describeGrant),
    deferred: (record?.deferred ?? []).map(describeGrant),
    notes: record?.notes ?? [],
    ...(record?.account && { account: record.account }),
    ...(exemption && { protection: exemption.reason }),
    ...(invitation && { invitation }),
    outstanding: isRecorded ? revocationsOf(planned) : outstandingOf(user, record, planned),
    recorded: isRecorded ? planned.grants.map(describeGrant) : [],
    ...(record && { at: record.at }),
  }
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
