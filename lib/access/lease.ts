import createDebug from 'debug'
import { stopwatch } from '../clock.js'
import type { AccessStore, PendingUser } from '../stores/access-store.js'
import { createScope, type Scope } from '../stores/scope.js'
import { LimitedLifetime } from './time-limit.js'

const debug = createDebug('label-studio-scim:lease')

/**
 * How long a claim lasts unless it is renewed, in milliseconds. Shorter than a request waits, so
 * that the next request can deactivate a person whose claim was left behind by a crash.
 */
export const shortLeaseMs = 8_000
/** How long one attempt at a person may take, in milliseconds. */
export const longestAttemptMs = 60_000

/** A claim on a person, and how long it lasts. */
export interface Lease {
  readonly owner: string
  readonly entry: PendingUser
  readonly leaseMs: number
  /** The claim is not renewed beyond this time. */
  readonly attemptMs: number
}

/** The people whose leases are held under a scope. */
const heldUnder = new WeakMap<Scope, ReadonlySet<string>>()

/** Whether this scope holds the person's lease already. */
export function isHeldUnder(scope: Scope, userId: string): boolean {
  return heldUnder.get(scope)?.has(userId) ?? false
}

/**
 * Runs `work` under a claim and renews the claim meanwhile. The signal of the scope given to `work`
 * is aborted when the claim may be lost (another worker may have taken over) and when the attempt
 * takes too long. Unless the claim is known to have been held until the end, the person is marked
 * again: what `work` did in the host may have come after what the new owner of the claim did.
 * Work that succeeds ends its claim itself, and fails if it was lost (`finish`).
 */
export async function underLease<T>(
  access: AccessStore,
  scope: Scope,
  lease: Lease,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const { owner, entry, leaseMs } = lease
  const lifetime = new LimitedLifetime(scope)
  const renewal = keepRenewing(access, lease, (reason) => lifetime.abort(reason))
  let isHeld = true
  try {
    const leased = createScope(scope, lifetime)
    heldUnder.set(leased, new Set([...(heldUnder.get(scope) ?? []), entry.userId]))
    return await work(leased)
  } catch (error) {
    // Only the store knows, if this process was suspended.
    isHeld = await access.renew(owner, entry, leaseMs).catch(() => false)
    throw error
  } finally {
    const wasHeld = renewal.end()
    lifetime.release()
    if (!isHeld || !wasHeld) await markAgain(access, scope, entry.userId)
  }
}

/** Work may be lost because its request has ended. */
const endless = new AbortController()
const longestPauseMs = 30_000

/** Tries until the store answers, but waits only for the first attempt. */
async function markAgain(access: AccessStore, scope: Scope, userId: string): Promise<void> {
  const mark = async (pauseMs: number): Promise<void> => {
    try {
      await access.mark(createScope(scope, endless), [userId])
    } catch (error) {
      debug('%s could not be marked again: %O', userId, error)
      setTimeout(() => void mark(Math.min(2 * pauseMs, longestPauseMs)), pauseMs).unref()
    }
  }
  await mark(1_000)
}

interface Renewal {
  /** Stops it, and tells whether the claim was certainly held until now. */
  end(): boolean
}

function keepRenewing(
  access: AccessStore,
  { owner, entry, leaseMs, attemptMs }: Lease,
  abort: (reason: DOMException) => void,
): Renewal {
  const elapsed = stopwatch()
  let heldUntil = leaseMs
  let isEnded = false
  let timer: ReturnType<typeof setTimeout>
  const wait = () => {
    const left = Math.max(attemptMs - elapsed(), 0)
    timer = setTimeout(() => void renew(), Math.min(leaseMs / 3, left))
  }
  const renew = async () => {
    const asked = elapsed()
    if (asked >= attemptMs) return abort(new DOMException('It took too long.', 'TimeoutError'))
    const isHeld = await access.renew(owner, entry, leaseMs).catch((error: unknown) => {
      debug('the claim of %s could not be renewed: %O', entry.userId, error)
      return undefined
    })
    if (isEnded) return
    if (isHeld === false) heldUntil = 0
    if (isHeld) heldUntil = asked + leaseMs
    if (elapsed() >= heldUntil)
      return abort(new DOMException('Another worker may have taken over.', 'AbortError'))
    wait()
  }
  wait()
  return {
    end() {
      isEnded = true
      clearTimeout(timer)
      return elapsed() < heldUntil
    },
  }
}
