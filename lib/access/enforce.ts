import { auditEntries, subjectOf } from '../events/audit-entry.js'
import type { AuditEntry, EventName } from '../events/catalogue.js'
import type { Access, Grant } from '../mapping/index.js'
import { describeGrant, givesRoleByRule, membershipsOf, placeOf, plan } from '../mapping/index.js'
import type { AccessRecord, AccessStore, PendingUser } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import { emptyRecord } from '../stores/empty-record.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { emailOf } from './email.js'
import { exemptionOf } from './exemption.js'
import { noteRole } from './had-role.js'
import { hasSignedIn } from './signed-in.js'
import { isHalfListed } from './standing.js'

/** Adapters that can keep a ledger and pending work. */
export type AccessAdapters = Adapters & { readonly access: AccessStore }

/** What `enforceAccess` needs besides the person. */
export interface EnforceContext {
  readonly adapters: AccessAdapters
  readonly clock: () => Date
  /** Called with each event after its effect is in force and recorded. */
  readonly emit: (event: AuditEntry) => void
}

/**
 * The result: access was given, access was ended, or nothing was done because the person is gone or
 * is not managed through SCIM.
 */
export type Enforced = 'active' | 'deprovisioned' | 'gone' | 'protected' | 'unmanaged'

const readWhole = { omit: new Set(['groups']) } as const

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
  const made = await enforce(context, scope, claim.entry.userId)
  await conclude(context, scope, claim, made)
  for (const entry of made.audit ?? []) context.emit(entry)
  return made.enforced
}

/**
 * Stores the record, the audit entries and the end of the claim: in one call if the store supports
 * it.
 */
async function conclude(
  { adapters: { access, audit: log, users }, clock }: EnforceContext,
  scope: Scope,
  { owner, entry }: Claim,
  { record: made, audit = [] }: EnforceResult,
): Promise<void> {
  const record = made && { ...made, at: clock().toISOString() }
  if (record && access.finish && users.supports?.outbox) {
    return access.finish(scope, { owner, entry }, { record, audit: log ? audit : [] })
  }
  if (record) await access.saveRecord(scope, record)
  if (audit.length > 0) await log?.append(scope, audit)
  await access.settle(owner, entry, { kind: 'done' })
}

async function enforce(
  context: EnforceContext,
  scope: Scope,
  userId: string,
): Promise<EnforceResult> {
  const { users, groups, access: store } = context.adapters
  const user = await users.get(scope, userId, readWhole)
  const known = await store.getRecord(scope, userId)
  if (!user) return deprovisionDeleted(context, scope, known)
  const record = known ?? emptyRecord(userId, context.clock())
  const exemption = await exemptionOf(context.adapters, scope, user, known)
  if (exemption) {
    return { enforced: exemption.kind, record: { ...record, notes: [exemption.reason] } }
  }
  const person = { user, record }
  // Inactive people have no access, whatever their groups give.
  if (user.active !== true) return end(context, scope, person)
  const access = await groups.resolveAccess(scope, user)
  return access.active ? give(context, scope, person, access) : end(context, scope, person)
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
  if (await exemptionOf(context.adapters, scope, user)) return { enforced: 'gone' }
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

/** A stand-in for a user whose resource is gone; adapters find the account by its id. */
function deletedUser(record: AccessRecord): User {
  const at = record.at
  return {
    id: record.userId,
    userName: record.email ?? record.userId,
    active: false,
    meta: { resourceType: 'User', created: at, lastModified: at, version: '0' },
  }
}

async function end(context: EnforceContext, scope: Scope, person: Person): Promise<EnforceResult> {
  const { user, record } = person
  await context.adapters.users.deprovision(scope, user, user.active ? 'noRole' : 'deactivated')
  if (record.enforced === 'deprovisioned') return { enforced: 'deprovisioned' }
  return {
    enforced: 'deprovisioned',
    record: {
      ...(await withAccount(context, scope, record)),
      email: emailIn(user, record),
      enforced: 'deprovisioned',
    },
    audit: entriesOf(context, scope, user, [['user.deprovisioned', undefined]]),
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
  // Recorded before the role is given, so that it can be revoked whatever fails in between.
  if (givesRole && !record.hadRole) await noteRole(context.adapters.access, scope, [user.id])
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
    audit: entriesOf(context, scope, user, changesBetween(record.applied, reached.applied)),
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
  { clock }: EnforceContext,
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
