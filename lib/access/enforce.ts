import { auditEntries, subjectOf } from '../events/audit-entry.js'
import type { AuditEntry, EventName } from '../events/catalogue.js'
import type { Access, Grant } from '../mapping/index.js'
import { describeGrant, givesRoleByRule, membershipsOf, placeOf, plan } from '../mapping/index.js'
import type { AccessRecord, PendingUser } from '../stores/access-store.js'
import { emptyRecord } from '../stores/empty-record.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { LedgerEntry } from '../stores/write.js'
import type { AccessAdapters } from './adapters.js'
import { emailOf } from './email.js'
import { type Finish, finishAlone } from './finish.js'
import { hasSignedIn } from './signed-in.js'
import { deletedUser, prepareSituations, type Situation } from './situation.js'
import { isHalfListed } from './standing.js'

/** What `enforceAccess` needs besides the person. */
export interface EnforceContext {
  readonly adapters: AccessAdapters
  readonly clock: () => Date
  /** Stores results and ends claims. Default: one by one. */
  readonly finish?: Finish
  /** Called with each event after its effect is in force and recorded. */
  readonly emit: (event: AuditEntry) => void
}

/**
 * The result: access was given, access was ended, or nothing was done because the person is gone or
 * is not managed through SCIM.
 */
export type Enforced = 'active' | 'deprovisioned' | 'gone' | 'protected' | 'unmanaged'

/** A person to enforce access for, with their access record so far. */
interface Person {
  readonly user: User
  readonly record: AccessRecord
}

/** A claimed person, and the owner of the lease. */
export interface Claim {
  readonly owner: string
  readonly entry: PendingUser
}

/** The result, with the record and audit entries still to be stored. */
interface EnforceResult {
  readonly enforced: Enforced
  readonly record?: AccessRecord
  readonly audit?: readonly AuditEntry[]
}

/**
 * Makes one person's access in the host match what their groups give now: resolve, plan, apply,
 * record, and end the claim. It works from the current state, so it may be called at any time and
 * any number of times. The caller holds the person's lease, so two callers never work on the same
 * person.
 *
 * @throws UnavailableError and whatever else the host's adapter throws; then nothing is recorded
 *   and the claim stays open
 */
export async function enforceAccess(
  context: EnforceContext,
  scope: Scope,
  claim: Claim,
): Promise<Enforced> {
  const { userId } = claim.entry
  const situations = await prepareSituations(context.adapters, scope, [userId])
  return enforceIn(context, scope, claim, situations.get(userId) ?? {})
}

/**
 * Like {@link enforceAccess}, for a person whose situation was read since their lease was taken. If
 * it has changed meanwhile, the change has marked the person again.
 */
export async function enforceIn(
  context: EnforceContext,
  scope: Scope,
  { owner, entry }: Claim,
  situation: Situation,
): Promise<Enforced> {
  const { adapters, clock, emit, finish = finishAlone(adapters) } = context
  const { enforced, record, audit = [] } = await enforce(context, scope, entry.userId, situation)
  await finish(scope, {
    owner,
    entry,
    ...(record && { record: { ...record, at: clock().toISOString() } }),
    audit: adapters.audit ? audit : [],
  })
  for (const each of audit) emit(each)
  return enforced
}

async function enforce(
  context: EnforceContext,
  scope: Scope,
  userId: string,
  { user, record: known, exemption, access }: Situation,
): Promise<EnforceResult> {
  if (!user) return exemption ? { enforced: 'gone' } : deprovisionDeleted(context, scope, known)
  const record = known ?? emptyRecord(userId, context.clock())
  if (exemption) {
    return { enforced: exemption.kind, record: { ...record, notes: [exemption.reason] } }
  }
  const person = { user, record }
  // Inactive people have no access, whatever their groups give.
  return access?.active ? give(context, scope, person, access) : end(context, scope, person)
}

/**
 * Ends the access of a deleted person. The record stays, so that an account which outlives the
 * person remains closed.
 */
async function deprovisionDeleted(
  context: EnforceContext,
  scope: Scope,
  record: AccessRecord | undefined,
): Promise<EnforceResult> {
  // An interrupted import will store the user again.
  if (!record || isHalfListed(record)) return { enforced: 'gone' }
  const user = deletedUser(record)
  // Also if this was done before: somebody may have reopened the account by hand.
  await context.adapters.users.deprovision(scope, user, 'deleted')
  if (record.enforced === 'deprovisioned') return { enforced: 'gone' }
  const linked = await withAccount(context, scope, record)
  return {
    enforced: 'gone',
    record: { ...linked, enforced: 'deprovisioned' },
    audit: entriesOf(context, scope, user, [['user.deprovisioned', undefined]]),
  }
}

async function end(context: EnforceContext, scope: Scope, person: Person): Promise<EnforceResult> {
  const { user, record } = person
  await context.adapters.users.deprovision(scope, user, user.active ? 'noRole' : 'deactivated')
  if (record.enforced === 'deprovisioned') return { enforced: 'deprovisioned' }
  const linked = await withAccount(context, scope, record)
  return { enforced: 'deprovisioned', ...recordEnd(context, scope, { user, record: linked }) }
}

/** The record of a person whose access has ended, and the audit entries about that. */
export function recordEnd(
  { clock }: Pick<EnforceContext, 'clock'>,
  scope: Scope,
  { user, record }: Person,
): LedgerEntry {
  if (record.enforced === 'deprovisioned') return { audit: [] }
  const email = emailIn(user, record)
  return {
    record: { ...record, email, enforced: 'deprovisioned', at: clock().toISOString() },
    audit: entriesOf({ clock }, scope, user, [['user.deprovisioned', undefined]]),
  }
}

/** While ending access, the host may have found and linked the account. */
async function withAccount(
  { adapters: { access } }: EnforceContext,
  scope: Scope,
  record: AccessRecord,
): Promise<AccessRecord> {
  return record.account ? record : ((await access.getRecord(scope, record.userId)) ?? record)
}

async function give(
  context: EnforceContext,
  scope: Scope,
  { user, record }: Person,
  access: Access,
): Promise<EnforceResult> {
  const givesRole = givesRoleByRule(access)
  const planned = plan(record.applied, access, {
    hasSignedIn:
      isDeferrable(access) && (await hasSignedIn(context.adapters.access, scope, user.id)),
  })
  const reached = await context.adapters.users.applyAccess(scope, user, access, planned)
  const account = reached.account ?? record.account
  return {
    enforced: 'active',
    record: {
      ...record,
      email: emailIn(user, record),
      applied: reached.applied,
      deferred: reached.deferred ?? [],
      notes: reached.notes ?? [],
      ...(account && { account }),
      enforced: 'active',
      hadRole: record.hadRole || givesRole,
    },
    audit: entriesOf(context, scope, user, [
      // Where nothing else is given, as in Community, only this says so.
      ...(record.enforced === 'active' ? [] : [['access.granted', 'access'] as const]),
      ...changesBetween(record.applied, reached.applied),
    ]),
  }
}

/** Checked first: it is rare, and saves a query for everybody else. */
function isDeferrable(access: Access): boolean {
  return access.role === 'Not Activated' && membershipsOf(access).length > 0
}

function changesBetween(
  before: readonly Grant[],
  now: readonly Grant[],
): (readonly [EventName, string])[] {
  const granted = missingFrom(before, now)
  const revoked = missingFrom(now, before).filter((grant) => !hasPlace(now, grant))
  return [
    ...granted.map((grant) => ['access.granted', describeGrant(grant)] as const),
    ...revoked.map((grant) => ['access.revoked', describeGrant(grant)] as const),
  ]
}

/** The current address, or else the last known one. */
function emailIn(user: User, record: AccessRecord): string | undefined {
  return emailOf(user) ?? record.email
}

/** The grants in `now` that `before` does not contain in exactly this form. */
function missingFrom(before: readonly Grant[], now: readonly Grant[]): readonly Grant[] {
  const known = new Set(before.map((grant) => JSON.stringify(grant)))
  return now.filter((grant) => !known.has(JSON.stringify(grant)))
}

function hasPlace(grants: readonly Grant[], grant: Grant): boolean {
  return grants.some((each) => placeOf(each) === placeOf(grant))
}

function entriesOf(
  { clock }: Pick<EnforceContext, 'clock'>,
  scope: Scope,
  user: User,
  events: readonly (readonly [EventName, string | undefined])[],
): readonly AuditEntry[] {
  const said = events.map(([event, detail]) => ({
    event,
    ...(detail !== undefined && { detail }),
  }))
  return auditEntries(scope, clock(), said, subjectOf(user))
}
