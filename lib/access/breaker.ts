import { stopwatch } from '../clock.js'

/** A circuit breaker: stops calls to a host that does not answer, separately for each tenant. */
export interface Breaker {
  /**
   * In how many milliseconds this tenant's host may be called again; `undefined` when calls are not
   * suspended.
   */
  openFor(tenant: string): number | undefined
  /** The host answered, with success or failure. */
  answered(tenant: string): void
  /** An administrator says that the host is back: calls resume at once. */
  close(): void
  /** The host could not answer. When this repeats, calls are suspended for `waitMs`. */
  failed(tenant: string, waitMs: number): void
}

interface Outage {
  readonly failures: number
  /** Milliseconds until calls resume; 0 or less: they have. */
  readonly left: () => number
}

/**
 * A breaker that opens after this many consecutive failures. A problem with one person does not
 * stop the others, and an outage costs a few calls per round instead of one per person.
 */
export function createBreaker(threshold: number, clock: () => number): Breaker {
  const outages = new Map<string, Outage>()
  return {
    openFor(tenant) {
      const outage = outages.get(tenant)
      if (outage === undefined || outage.failures < threshold) return undefined
      const left = outage.left()
      return left > 0 ? left : undefined
    },
    answered(tenant) {
      outages.delete(tenant)
    },
    close() {
      outages.clear()
    },
    failed(tenant, waitMs) {
      const failures = (outages.get(tenant)?.failures ?? 0) + 1
      const elapsed = stopwatch(clock)
      outages.set(tenant, { failures, left: () => waitMs - elapsed() })
    },
  }
}
