import { createHash } from 'node:crypto'

/** How long an answer may be used. */
export interface Lifetime {
  freshMs: number
  /** After that, still used when asking again fails. */
  staleMs?: number
}

/** Options of `credentialCache`. */
export interface CredentialCacheOptions<Value> {
  /** The entry unused for longest goes first. */
  maxEntries: number
  clock: () => number
  lifetime: (value: Value) => Lifetime
}

/** Remembers for a bounded time what was found out about a credential, under a digest of it. */
export interface CredentialCache<Value> {
  /** What is known of `credential`, else what `ask` finds out; callers in parallel ask once. */
  find(credential: string, ask: () => Promise<Value>): Promise<Value>
  /** What is known of `credential` and still fresh; asks nobody. */
  peek(credential: string): Value | undefined
  /** What was known of `credential` and may be used when asking again fails. */
  stale(credential: string): Value | undefined
  /** Remembers what was found out in another way. */
  put(credential: string, value: Value): void
}

interface Entry<Value> {
  value: Value
  freshUntil: number
  staleUntil: number
}

/** An empty cache. */
export function credentialCache<Value>(
  options: CredentialCacheOptions<Value>,
): CredentialCache<Value> {
  const { maxEntries, clock, lifetime } = options
  const entries = new Map<string, Entry<Value>>()
  const pending = new Map<string, Promise<Value>>()

  const remember = (key: string, value: Value) => {
    const { freshMs, staleMs = 0 } = lifetime(value)
    const freshUntil = clock() + freshMs
    entries.delete(key)
    entries.set(key, { value, freshUntil, staleUntil: freshUntil + staleMs })
    const [oldest] = entries.keys()
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest)
    return value
  }

  const stale = (key: string) => {
    const known = entries.get(key)
    return known !== undefined && clock() < known.staleUntil ? known : undefined
  }

  const lookUp = async (key: string, ask: () => Promise<Value>) => {
    try {
      return remember(key, await ask())
    } catch (error) {
      const known = stale(key)
      if (known !== undefined) return known.value
      throw error
    }
  }

  const fresh = (key: string) => {
    const known = entries.get(key)
    if (known === undefined || clock() >= known.freshUntil) return undefined
    entries.delete(key)
    entries.set(key, known)
    return known
  }

  return {
    peek: (credential) => fresh(keyOf(credential))?.value,
    stale: (credential) => stale(keyOf(credential))?.value,
    put: (credential, value) => void remember(keyOf(credential), value),
    async find(credential, ask) {
      const key = keyOf(credential)
      const known = fresh(key)
      if (known !== undefined) return known.value
      const running = pending.get(key)
      if (running !== undefined) return running
      const asked = lookUp(key, ask).finally(() => pending.delete(key))
      pending.set(key, asked)
      return asked
    },
  }
}

function keyOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64')
}
