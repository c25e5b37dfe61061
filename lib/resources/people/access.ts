import { exemptionsOf } from '../../access/exemption.js'
import { asStoreError } from '../../access/failure.js'
import { enforceNow, holdLease } from '../../access/inline.js'
import { withTimeLimit } from '../../access/time-limit.js'
import { auditEntry, subjectOf } from '../../events/audit-entry.js'
import type { AccessStore } from '../../stores/access-store.js'
import { RefusedError, UnavailableError } from '../../stores/errors.js'
import { mapConcurrently, readMany, resolveMany } from '../../stores/read-many.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { DeprovisionReason } from '../../stores/user-store.js'
import type { Services } from '../call.js'
import { appendAudit, markPending } from '../outbox.js'

const concurrentPeople = 8
/** Of a change that concerns more people, all are left to the reconciler. */
const maxPeople = 1000

/**
 * Ends the access of an inactive person before the client is answered. The person was marked pending before, so what
 * fails here goes on without the client.
 *
 * @throws UnavailableError when the host cannot do it in time
 * @throws RefusedError when the host refuses
 */
export function endAccess(services: Services, scope: Scope, user: User): Promise<void> {
  const { access } = services.adapters
  return access
    ? enforce(services, access, scope, user.id)
    : endWithoutRecord(services, scope, user)
}

/**
 * Works on somebody while nobody else does: under their lease, where access is kept. The person need not be stored yet.
 * They stay marked, so that the reconciler goes on when the lease is returned.
 *
 * @throws UnavailableError when somebody else works on the person for too long
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
 * {@link endAccess} for somebody who was inactive before: does nothing when the host has carried that out, so that
 * further changes do not depend on the host; otherwise tries again what failed.
 */
export async function endAccessAgain(services: Services, scope: Scope, user: User): Promise<void> {
  const record = await services.adapters.access?.record(scope, user.id)
  if (record?.enforced === 'deprovisioned') return
  await markPending({ services, scope }, [user.id])
  await endAccess(services, scope, user)
}

/** Tells the host that somebody is deleted; their access has ended already. */
export async function endAccount(services: Services, scope: Scope, user: User): Promise<void> {
  await deprovision(services, scope, { user, reason: 'deleted' })
}

/**
 * Ends the access of those among these people whom their groups give none any more (`onNoRole`), before the client is
 * answered. Everybody else is left to the reconciler, and so are all when a change concerns more than 1000 people.
 *
 * @param ids of users that were marked pending; ids of groups are passed over
 * @throws UnavailableError when the host cannot do it in time
 */
export async function endAccessOfRoleless(
  services: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<void> {
  const { adapters, options } = services
  const { access } = adapters
  if (!access || ids.length === 0 || ids.length > maxPeople) return
  const { rules } = await access.rules(scope)
  if (rules.roles_groups.length === 0) return
  const people = await managedAmong(services, scope, ids)
  const deadline = performance.now() + options.deprovisionTimeoutMs
  const accesses = await resolveMany(adapters.groups, scope, people)
  const roleless = people.filter((_, index) => accesses[index]?.active === false)
  await mapConcurrently(roleless, concurrentPeople, async (user) => {
    if (performance.now() > deadline) throw tooLate(options.retryAfterSeconds)
    await enforce(services, access, scope, user.id)
    services.brake?.count(scope, { ids: [user.id], kind: 'roleless' })
  })
}

/** Active people with these ids; those who are not ours to manage keep what they have. */
async function managedAmong(
  { adapters }: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<readonly User[]> {
  const people = await readMany(adapters.users, scope, ids, { omit: new Set(['groups']) })
  const active = people.filter((user) => user.active)
  const exemptions = await exemptionsOf(adapters, scope, active)
  return active.filter((_, index) => exemptions[index] === undefined)
}

/** Makes one person's access true under their lease. */
async function enforce(
  services: Services,
  access: AccessStore,
  scope: Scope,
  userId: string,
): Promise<void> {
  const { adapters, clock, emit, options } = services
  const context = { adapters: { ...adapters, access }, clock, emit }
  const enforced = await enforceNow(context, scope, userId, {
    timeoutMs: options.deprovisionTimeoutMs,
    retryAfterSeconds: options.retryAfterSeconds,
  })
  if (enforced === 'protected') {
    throw new RefusedError('This person is protected and cannot be changed through SCIM.')
  }
}

/** One call of the host, with the deadline of `options.deprovisionTimeoutMs`; every failure becomes a store error. */
async function deprovision(
  services: Services,
  scope: Scope,
  { user, reason }: { user: User; reason: DeprovisionReason },
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
