/**
 * Keeps a host that does not answer from being asked for everybody who waits for it, one tenant
 * apart from another.
 */
export interface Breaker {
  /**
   * Until when this tenant's host is left alone, in milliseconds since 1970; `undefined` when it is
   * not.
   */
  openUntil(tenant: string): number | undefined
  /** The host answered, whatever it said. */
  answered(tenant: string): void
  /** Somebody says that the host is there again: it is asked at once. */
  close(): void
  /**
   * The host could not answer; it is to be left alone for `waitMs` when that happens again and
   * again.
   */
  failed(tenant: string, waitMs: number): void
}

interface Outage {
  readonly failures: number
  readonly until: number
}

/**
 * A breaker that opens at this many failures without an answer between them: one person's trouble
 * stays that person's, while an outage costs a few calls a round instead of one for each person.
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
