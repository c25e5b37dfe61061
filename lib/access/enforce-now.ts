import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { AccessStore } from '../stores/access-store.js'
import { UnavailableError } from '../stores/errors.js'
import type { Scope } from '../stores/scope.js'
import { type Claim, type EnforceContext, type Enforced, enforceAccess } from './enforce.js'
import { asStoreError, describeFailure } from './failure.js'
import { isHeldUnder, longestAttemptMs, shortLeaseMs, underLease } from './lease.js'
import { withTimeLimit } from './time-limit.js'

/** Limits for enforcing one person's access within a request. */
export interface LeaseOptions {
  /** After this many milliseconds the caller gets an `UnavailableError`. */
  readonly timeoutMs: number
  readonly retryAfterSeconds: number
}

const waitMs = 25
const retryMs = 1_000

/**
 * Enforces one person's access now, within a request, instead of leaving it to the reconciler. It
 * takes the person's lease first, so a reconciler that still works from the state before this
 * request finishes first.
 *
 * @param userId marked pending before this call
 * @returns `settled` if another worker carried out the mark meanwhile
 * @throws UnavailableError when the host cannot do it in time; the mark stays and the reconciler
 *   carries it out
 * @throws RefusedError when the host refuses for good
 */
export async function enforceNow(
  context: EnforceContext,
  scope: Scope,
  userId: string,
  options: LeaseOptions,
): Promise<Enforced | 'settled'> {
  const deadline = performance.now() + options.timeoutMs
  const claim = await claimPerson(context.adapters.access, scope, userId, deadline)
  if (claim === 'settled') return 'settled'
  if (claim === 'busy') throw late(options)
  const limit = {
    timeoutMs: Math.max(deadline - performance.now(), 0),
    tooLate: () => late(options),
  }
  return withTimeLimit(scope, limit, (limited) =>
    carryOut(context, limited, claim).catch((error: unknown) => {
      throw asStoreError(error, 'The host could not change this person’s access.', options)
    }),
  )
}

/**
 * Holds a person's lease during `work`, so that no reconciler works on them. The person need not
 * exist. They are marked pending and stay so: whatever happens, the reconciler looks at them
 * afterwards. If the caller holds the lease already, `work` simply runs.
 *
 * @throws UnavailableError when another worker holds the lease for too long; `work` was not started
 *   then
 */
export async function holdLease<T>(
  access: AccessStore,
  scope: Scope,
  { userId, ...options }: LeaseOptions & { readonly userId: string },
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  if (isHeldUnder(scope, userId)) return work(scope)
  const claim = await markAndClaim(access, scope, userId, performance.now() + options.timeoutMs)
  if (claim === 'busy') throw late(options)
  try {
    return await workUnder(access, scope, claim, work)
  } finally {
    await giveBack(access, claim, 'marked')
  }
}

export interface LeaseRequest {
  readonly userId: string
  readonly timeoutMs: number
}

/**
 * Like {@link holdLease}, for work that leaves nothing for the reconciler: afterwards the person is
 * pending only if they were before, or if `work` failed. Returns `busy` without running `work` if
 * another worker holds the lease.
 *
 * @param timeoutMs how long to wait for the lease
 */
export async function holdLeaseIfFree<T>(
  access: AccessStore,
  scope: Scope,
  { userId, timeoutMs }: LeaseRequest,
  work: (scope: Scope) => Promise<T>,
): Promise<T | 'busy'> {
  if (isHeldUnder(scope, userId)) return work(scope)
  const claim = await markAndClaim(access, scope, userId, performance.now() + timeoutMs)
  if (claim === 'busy') return 'busy'
  const result = await workUnder(access, scope, claim, work).catch(async (error: unknown) => {
    await giveBack(access, claim, 'marked')
    throw error
  })
  await giveBack(access, claim, 'asBefore')
  return result
}

/** Only a marked person can be claimed. */
async function markAndClaim(
  access: AccessStore,
  scope: Scope,
  userId: string,
  deadline: number,
): Promise<Claim | 'busy'> {
  do {
    await access.mark(scope, [userId])
    const claim = await claimPerson(access, scope, userId, deadline)
    if (claim !== 'settled') return claim
    // A running reconciler took the mark. The random pause keeps it from being first every time.
    await pause(Math.random() * waitMs)
  } while (isAwaited(scope, deadline))
  return 'busy'
}

function workUnder<T>(
  access: AccessStore,
  scope: Scope,
  { owner, entry }: Claim,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const lease = { owner, entry, leaseMs: shortLeaseMs, attemptMs: longestAttemptMs }
  return underLease(access, scope, lease, work)
}

/**
 * Returns the lease. Mark number 1 is our own, so it may be cleared; with a higher number the
 * person was pending before.
 */
function giveBack(
  access: AccessStore,
  { owner, entry }: Claim,
  outcome: 'marked' | 'asBefore',
): Promise<void> {
  const isCleared = outcome === 'asBefore' && entry.mark === 1
  // A lower mark number tells the store that the person was marked again: it returns the lease and
  // keeps the mark.
  const settled = isCleared ? entry : { ...entry, mark: entry.mark - 1 }
  return access.settle(owner, settled, { kind: 'done' })
}

async function claimPerson(
  access: AccessStore,
  scope: Scope,
  userId: string,
  deadline: number,
): Promise<Claim | 'busy' | 'settled'> {
  const owner = randomUUID()
  do {
    const [entry] = await access.claim({
      owner,
      limit: 1,
      leaseMs: shortLeaseMs,
      tenant: scope.tenant,
      userIds: [userId],
    })
    if (entry) return { owner, entry }
    const [leased] = await access.pendingOf(scope, [userId])
    if (!leased) return 'settled'
    await pause(waitMs)
  } while (isAwaited(scope, deadline))
  return 'busy'
}

/** Whether a request still waits for a lease: its client may have gone. */
function isAwaited({ signal }: Scope, deadline: number): boolean {
  return performance.now() < deadline && !signal.aborted
}

/**
 * Returns the lease only when the work has really ended, even if the request was answered before.
 */
async function carryOut(
  context: EnforceContext,
  scope: Scope,
  { owner, entry }: Claim,
): Promise<Enforced> {
  const { access } = context.adapters
  const lease = { owner, entry, leaseMs: shortLeaseMs, attemptMs: longestAttemptMs }
  try {
    return await underLease(access, scope, lease, (leased) =>
      enforceAccess(context, leased, { owner, entry }),
    )
  } catch (error) {
    const failed = { kind: 'retry', afterMs: retryMs, error: describeFailure(error) } as const
    await access.settle(owner, entry, failed)
    throw error
  }
}

function late({ retryAfterSeconds }: LeaseOptions): UnavailableError {
  return new UnavailableError(
    'The host did not change this person’s access in time. The change is kept and goes on.',
    { retryAfterSeconds },
  )
}
