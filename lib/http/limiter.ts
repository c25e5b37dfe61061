/** Limits how often each of many keys may do something, in bounded memory. */
export interface Limiter {
  /**
   * Takes `cost` from the key's allowance; returns 0, or how many seconds to wait (nothing is taken
   * then).
   */
  take(key: string, cost?: number): number
  /**
   * Takes `cost` even where the allowance does not suffice; what is owed delays what comes later.
   */
  charge(key: string, cost: number): void
  /** How many seconds to wait before one more, 0 if not at all; takes nothing. */
  wait(key: string): number
  /** Whether nothing was ever taken, so that nobody has to wait. */
  isUnused(): boolean
}

/** How an allowance grows. */
export interface LimiterOptions {
  readonly perSecond: number
  /** The most that can be saved up. */
  readonly burst: number
  readonly now: () => number
  /** Keys remembered; the one used longest ago is forgotten first, and starts afresh. */
  readonly maxKeys: number
}

interface Bucket {
  readonly level: number
  readonly at: number
}

/** A token bucket for each key. */
export function createLimiter({ perSecond, burst, now, maxKeys }: LimiterOptions): Limiter {
  const buckets = new Map<string, Bucket>()

  const levelOf = (key: string, at: number) => {
    const bucket = buckets.get(key) ?? { level: burst, at }
    // A clock that went back must not take anything away.
    const elapsedSeconds = Math.max(0, at - bucket.at) / 1_000
    return Math.min(burst, bucket.level + elapsedSeconds * perSecond)
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
