import { emailOf } from '../../access/email.js'
import { enforceNow, holdLease } from '../../access/enforce-now.js'
import { exemptionsOf } from '../../access/exemption.js'
import { asStoreError } from '../../access/failure.js'
import { withTimeLimit } from '../../access/time-limit.js'
import { auditEntry, subjectOf } from '../../events/audit-entry.js'
import { mappingPolicy } from '../../mapping/index.js'
import type { AccessStore } from '../../stores/access-store.js'
import { emptyRecord } from '../../stores/empty-record.js'
import { RefusedError, UnavailableError } from '../../stores/errors.js'
import { memberIds, peopleBelow } from '../../stores/people-below.js'
import { mapConcurrently, resolveMany } from '../../stores/read-many.js'
import { omitNothing } from '../../stores/reads.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { DeprovisionReason } from '../../stores/user-store.js'
import type { Services } from '../call.js'
import { appendAudit, markPending } from '../outbox.js'
import { type Renaming, roleLosses } from './role-losses.js'
import { addUnfinished, everybody, removeUnfinished, unfinishedLosses } from './unfinished.js'

const concurrentPeople = 8

/**
 * Ends the access of an inactive person before the client is answered. The person was marked
 * pending before, so the reconciler finishes whatever fails here. With `gateIsOnlyWayIn` there is
 * nothing to do: the gate refuses inactive people by the stored state.
 *
 * @throws UnavailableError when the host cannot do it in time
 * @throws RefusedError when the host refuses
 */
export async function endAccess(services: Services, scope: Scope, user: User): Promise<void> {
  const { access } = services.adapters
  if (services.options.gateIsOnlyWayIn) return
  return access
    ? enforce(services, access, scope, {
        userId: user.id,
        timeoutMs: services.options.deprovisionTimeoutMs,
      })
    : endWithoutRecord(services, scope, user)
}

/**
 * Runs work under a person's lease, if there is an access store. The person need not be stored yet.
 * They stay marked, so that the reconciler works on them afterwards.
 *
 * @throws UnavailableError when another worker holds the lease for too long
 */
export function holdingPerson<T>(
  services: Services,
  scope: Scope,
  userId: string,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const { adapters, options } = services
  const { access } = adapters
  if (!access) return work(scope)
  const { deprovisionTimeoutMs: timeoutMs, retryAfterSeconds } = options
  return holdLease(access, scope, { userId, timeoutMs, retryAfterSeconds }, work)
}

async function endWithoutRecord(services: Services, scope: Scope, user: User): Promise<void> {
  await deprovision(services, scope, { user, reason: 'deactivated' })
  const entry = auditEntry(scope, services.clock(), {
    event: 'user.deprovisioned',
    target: subjectOf(user),
  })
  await appendAudit({ services, scope }, [entry])
  services.emit(entry)
}

/**
 * {@link endAccess} for a person who was already inactive. It does nothing if the host has ended
 * their access, so that further changes do not depend on the host; otherwise it tries again.
 */
export async function endAccessAgain(services: Services, scope: Scope, user: User): Promise<void> {
  const record = await services.adapters.access?.getRecord(scope, user.id)
  if (record?.enforced === 'deprovisioned') return
  await markPending({ services, scope }, [user.id])
  await endAccess(services, scope, user)
}

/**
 * {@link endAccessAgain} for somebody whose deactivation is sent again. The reconciler also looks
 * at the host: the account may have been opened there by hand.
 */
export async function repeatEndAccess(services: Services, scope: Scope, user: User): Promise<void> {
  await endAccessAgain(services, scope, user)
  await markPending({ services, scope }, [user.id])
  services.onPending(scope.tenant)
}

/**
 * Tells the host that a person is about to be deleted; their access has ended already. With
 * `gateIsOnlyWayIn` the reconciler does it later, so the person's address is recorded first: the
 * reconciler and the gate must find the account when the user is gone.
 */
export async function endAccount(services: Services, scope: Scope, user: User): Promise<void> {
  const { access } = services.adapters
  if (access && services.options.gateIsOnlyWayIn) return keepAddress(services, access, scope, user)
  await deprovision(services, scope, { user, reason: 'deleted' })
}

async function keepAddress(
  services: Services,
  access: AccessStore,
  scope: Scope,
  user: User,
): Promise<void> {
  const address = emailOf(user)
  const record = await access.getRecord(scope, user.id)
  if (record && (address === undefined || record.email === address)) return
  await holdingPerson(services, scope, user.id, async (held) => {
    const known = (await access.getRecord(held, user.id)) ?? emptyRecord(user.id, services.clock())
    await access.saveRecord(held, { ...known, email: address ?? known.email })
  })
}

/** A change of a group. Members are people, or groups that stand for everybody in them. */
export interface ChangedGroup {
  readonly groupId: string
  /** Members who leave. */
  readonly leaving: readonly string[]
  /** Members who join; they lose access only if a rule gives the role Deactivated. */
  readonly joining?: readonly string[]
  /** Its name before and after, if it is renamed; this concerns everybody in it. */
  readonly renamed?: Renaming
}

/**
 * Before a change of a group is stored, notes the members who may lose access by it. Whatever
 * happens next, the same request sent again is then not acknowledged before that access has ended.
 * Requests that name their members again need no note.
 */
export async function expectLosses(
  services: Services,
  scope: Scope,
  change: ChangedGroup,
): Promise<void> {
  const { access } = services.adapters
  if (!access || services.options.gateIsOnlyWayIn) return
  const ids = await concernedBy(services, access, scope, change)
  if (ids.length > 0) await addUnfinished(access, scope, change.groupId, ids)
}

/** Members who may lose access by the change under the current rules. */
async function concernedBy(
  { adapters: { policy = mappingPolicy() } }: Services,
  access: AccessStore,
  scope: Scope,
  { leaving, joining = [], renamed }: ChangedGroup,
): Promise<readonly string[]> {
  if (leaving.length + joining.length === 0 && !renamed) return []
  const losses = roleLosses((await access.rules(scope)).rules, policy, renamed)
  return [
    ...(losses.byRenaming ? [everybody] : []),
    ...(losses.byLeaving ? leaving : []),
    ...(losses.byJoining ? joining : []),
  ]
}

/**
 * Before the client is answered, ends the access of those members to whom no group gives a role any
 * more (`onNoRole`). The reconciler handles everybody else.
 *
 * @throws UnavailableError when the host cannot do it in time; the reconciler finishes it, see
 *   {@link finishLosses}
 */
export async function deprovisionWithoutRole(
  services: Services,
  scope: Scope,
  change: ChangedGroup,
): Promise<void> {
  const { access } = services.adapters
  if (!access) return
  const ids = await concernedBy(services, access, scope, change)
  await endLosses(services, access, scope, { groupId: change.groupId, ids })
}

/** Members of a group, some of whom may have lost their access. */
interface Losses {
  readonly groupId: string
  readonly ids: readonly string[]
}

async function endLosses(
  services: Services,
  access: AccessStore,
  scope: Scope,
  { groupId, ids }: Losses,
): Promise<void> {
  if (ids.length === 0) return
  const members = ids.includes(everybody)
    ? memberIds(await services.adapters.groups.get(scope, groupId, omitNothing))
    : []
  const withoutRole = await peopleWithoutRole(services, scope, [...members, ...ids])
  if (withoutRole.length > 0)
    services.brake?.count(scope, { ids: withoutRole, kind: 'withoutRole' })
  if (services.options.gateIsOnlyWayIn) return
  if (withoutRole.length > 0) {
    // A fan-out, which marks the members of large groups, may not have reached them yet.
    await markPending({ services, scope }, withoutRole)
    await addUnfinished(access, scope, groupId, ids)
    await enforceAll(services, access, scope, withoutRole)
  }
  await removeUnfinished(access, scope, groupId, ids)
}

/**
 * Before the client is answered, ends the access of a person to whom neither groups nor attribute
 * values give a role any more.
 *
 * @throws UnavailableError when the host cannot do it in time; the reconciler finishes it
 */
export async function deprovisionUserWithoutRole(
  services: Services,
  scope: Scope,
  userId: string,
): Promise<void> {
  const { access } = services.adapters
  const withoutRole = access ? await peopleWithoutRole(services, scope, [userId]) : []
  if (!access || withoutRole.length === 0) return
  services.brake?.count(scope, { ids: withoutRole, kind: 'withoutRole' })
  await enforceAll(services, access, scope, withoutRole)
}

/**
 * Ends access that an earlier change of a group should have ended and did not in time. To be called
 * before answering a request that may be a repetition of that change.
 *
 * @throws UnavailableError as {@link deprovisionWithoutRole}
 */
export async function finishLosses(
  services: Services,
  scope: Scope,
  groupId: string,
): Promise<void> {
  const { access } = services.adapters
  if (!access) return
  const ids = await unfinishedLosses(access, scope, groupId)
  await endLosses(services, access, scope, { groupId, ids })
}

/**
 * The active people to whom no group gives access, without those who are not managed through SCIM.
 */
async function peopleWithoutRole(
  { adapters }: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<readonly string[]> {
  const active = (await peopleBelow(adapters, scope, ids)).filter((user) => user.active)
  const accesses = await resolveMany(adapters.groups, scope, active)
  const withoutRole = active.filter((_, index) => accesses[index]?.active === false)
  const exemptions = await exemptionsOf(adapters, scope, withoutRole)
  return withoutRole.filter((_, index) => exemptions[index] === undefined).map(({ id }) => id)
}

/** A few at a time, and all of them within the time limit of one person. */
async function enforceAll(
  services: Services,
  access: AccessStore,
  scope: Scope,
  userIds: readonly string[],
): Promise<void> {
  const { deprovisionTimeoutMs, retryAfterSeconds } = services.options
  const deadline = performance.now() + deprovisionTimeoutMs
  await mapConcurrently(userIds, concurrentPeople, async (userId) => {
    const timeoutMs = deadline - performance.now()
    if (timeoutMs <= 0) throw tooLate(retryAfterSeconds)
    await enforce(services, access, scope, { userId, timeoutMs })
  })
}

interface EnforceWait {
  readonly userId: string
  readonly timeoutMs: number
}

/** Enforces one person's access under their lease. */
async function enforce(
  services: Services,
  access: AccessStore,
  scope: Scope,
  { userId, timeoutMs }: EnforceWait,
): Promise<void> {
  const { adapters, clock, emit, options } = services
  const context = { adapters: { ...adapters, access }, clock, emit }
  const { retryAfterSeconds } = options
  const enforced = await enforceNow(context, scope, userId, { timeoutMs, retryAfterSeconds })
  if (enforced === 'protected') {
    throw new RefusedError('This person is protected and cannot be changed through SCIM.')
  }
}

interface Deprovisioning {
  readonly user: User
  readonly reason: DeprovisionReason
}

/**
 * Calls the host with the time limit `options.deprovisionTimeoutMs`; every failure becomes a store
 * error.
 */
async function deprovision(
  services: Services,
  scope: Scope,
  { user, reason }: Deprovisioning,
): Promise<void> {
  const { deprovisionTimeoutMs, retryAfterSeconds } = services.options
  const limit = { timeoutMs: deprovisionTimeoutMs, tooLate: () => tooLate(retryAfterSeconds) }
  await withTimeLimit(scope, limit, async (limited) => {
    try {
      await services.adapters.users.deprovision(limited, user, reason)
    } catch (cause) {
      throw asStoreError(cause, 'The host could not end the access of this person.', {
        retryAfterSeconds,
      })
    }
  })
}

function tooLate(retryAfterSeconds: number): UnavailableError {
  return new UnavailableError('The host did not end the access of these people in time.', {
    retryAfterSeconds,
  })
}
