import createDebug from 'debug'
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
 * is aborted when the claim is lost (another worker may have taken over) and when the attempt takes
 * too long. After a loss the person is marked again: what `work` did in the host may have come
 * after what the new owner of the claim did.
 */
export async function underLease<T>(
  access: AccessStore,
  scope: Scope,
  lease: Lease,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const lifetime = new LimitedLifetime(scope)
  let isLost = false
  const end = keepRenewing(access, lease, (reason, isTaken = false) => {
    isLost = isTaken
    lifetime.abort(reason)
  })
  try {
    const leased = createScope(scope, lifetime)
    heldUnder.set(leased, new Set([...(heldUnder.get(scope) ?? []), lease.entry.userId]))
    return await work(leased)
  } finally {
    end()
    lifetime.release()
    if (isLost) await access.mark(createScope(scope, endless), [lease.entry.userId])
  }
}

/** Work may be lost because its request has ended. */
const endless = new AbortController()

/** Returns a function that stops the renewal. */
function keepRenewing(
  access: AccessStore,
  { owner, entry, leaseMs, attemptMs }: Lease,
  abort: (reason: DOMException, isTaken?: boolean) => void,
): () => void {
  const begun = performance.now()
  let heldUntil = begun + leaseMs
  let isEnded = false
  let timer: ReturnType<typeof setTimeout>
  const wait = () => {
    const left = Math.max(begun + attemptMs - performance.now(), 0)
    timer = setTimeout(() => void renew(), Math.min(leaseMs / 3, left))
  }
  const renew = async () => {
    const asked = performance.now()
    if (asked >= begun + attemptMs)
      return abort(new DOMException('It took too long.', 'TimeoutError'))
    const isHeld = await access.renew(owner, entry, leaseMs).catch((error: unknown) => {
      debug('the claim of %s could not be renewed: %O', entry.userId, error)
      return undefined
    })
    if (isEnded) return
    if (isHeld) heldUntil = asked + leaseMs
    if (isHeld === false || performance.now() >= heldUntil) {
      const reason = new DOMException('Another worker may have taken over.', 'AbortError')
      return abort(reason, isHeld === false)
    }
    wait()
  }
  wait()
  return () => {
    isEnded = true
    clearTimeout(timer)
  }
}
