/** A rate limiter for many keys, in bounded memory. */
export interface Limiter {
  /**
   * Takes `cost` from the key's allowance and returns 0; or takes nothing and returns the seconds
   * to wait.
   */
  take(key: string, cost?: number): number
  /** Takes `cost` even if the allowance does not suffice; the debt delays later requests. */
  charge(key: string, cost: number): void
  /** Returns the seconds to wait before the next request, or 0; takes nothing. */
  wait(key: string): number
  /** Whether nothing was ever taken, so that no key has to wait. */
  isUnused(): boolean
}

/** How an allowance grows. */
export interface LimiterOptions {
  readonly perSecond: number
  /** The maximum allowance. */
  readonly burst: number
  readonly now: () => number
  /** The maximum number of keys; the least recently used one is dropped first and starts afresh. */
  readonly maxKeys: number
}

interface Bucket {
  readonly level: number
  at: number
}

/** A token bucket for each key. */
export function createLimiter({ perSecond, burst, now, maxKeys }: LimiterOptions): Limiter {
  const buckets = new Map<string, Bucket>()

  const levelOf = (key: string, at: number) => {
    const bucket = buckets.get(key)
    if (!bucket) return burst
    // The clock was set back: the allowance stays, and grows from now on.
    if (at < bucket.at) bucket.at = at
    return Math.min(burst, bucket.level + ((at - bucket.at) / 1_000) * perSecond)
  }
  const store = (key: string, bucket: Bucket) => {
    buckets.delete(key)
    buckets.set(key, bucket)
    const [oldest] = buckets.keys()
    if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest)
  }
  const secondsUntil = (level: number, cost: number) =>
    level >= cost ? 0 : Math.ceil((cost - level) / perSecond)

  return {
    take(key, cost = 1) {
      const at = now()
      const level = levelOf(key, at)
      const wait = secondsUntil(level, cost)
      if (wait === 0) store(key, { level: level - cost, at })
      return wait
    },
    charge(key, cost) {
      const at = now()
      store(key, { level: levelOf(key, at) - cost, at })
    },
    wait: (key) => secondsUntil(levelOf(key, now()), 1),
    isUnused: () => buckets.size === 0,
  }
}
