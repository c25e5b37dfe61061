/** A circuit breaker: stops calls to a host that does not answer, separately for each tenant. */
export interface Breaker {
  /**
   * When this tenant's host may be called again, in milliseconds since 1970; `undefined` when calls
   * are not suspended.
   */
  openUntil(tenant: string): number | undefined
  /** The host answered, with success or failure. */
  answered(tenant: string): void
  /** An administrator says that the host is back: calls resume at once. */
  close(): void
  /** The host could not answer. When this repeats, calls are suspended for `waitMs`. */
  failed(tenant: string, waitMs: number): void
}

interface Outage {
  readonly failures: number
  readonly until: number
}

/**
 * A breaker that opens after this many consecutive failures. A problem with one person does not
 * stop the others, and an outage costs a few calls per round instead of one per person.
 */
export function createBreaker(threshold: number, now: () => number): Breaker {
  const outages = new Map<string, Outage>()
  return {
    openUntil(tenant) {
      const outage = outages.get(tenant)
      return outage && outage.failures >= threshold && outage.until > now()
        ? outage.until
        : undefined
    },
    answered(tenant) {
      outages.delete(tenant)
    },
    close() {
      outages.clear()
    },
    failed(tenant, waitMs) {
      const failures = (outages.get(tenant)?.failures ?? 0) + 1
      outages.set(tenant, { failures, until: now() + waitMs })
    },
  }
}
