import { hash } from 'node:crypto'
import { stopwatch } from '../../../../lib/adapter/index.js'
import { oldestKeyOf } from '../oldest-key.js'

/** How long an answer may be used. */
export interface Lifetime {
  freshMs: number
  /** How much longer it may be used if asking again fails. */
  staleMs?: number
  /** Anybody can make such entries, so they are kept apart: many of them push no others out. */
  isAnybodys?: boolean
}

/** Options of `credentialCache`. */
export interface CredentialCacheOptions<Value> {
  /** The least recently used entry is removed first. */
  maxEntries: number
  clock: () => number
  lifetime: (value: Value) => Lifetime
}

/** Caches for a limited time what is known about a credential, by its digest. */
export interface CredentialCache<Value> {
  /** Returns what is known about `credential`, or else asks; parallel callers share one request. */
  find(credential: string, ask: () => Promise<Value>): Promise<Value>
  /** Returns a fresh entry for `credential`, without asking. */
  peek(credential: string): Value | undefined
  /** Returns an old entry for `credential`, to be used if asking again fails. */
  stale(credential: string): Value | undefined
  /** Stores what was found out in another way. */
  put(credential: string, value: Value): void
}

interface Entry<Value> {
  value: Value
  freshMs: number
  staleMs: number
  age: () => number
}

/** An empty cache. */
export function credentialCache<Value>(
  options: CredentialCacheOptions<Value>,
): CredentialCache<Value> {
  const { maxEntries, clock, lifetime } = options
  const entries = new Map<string, Entry<Value>>()
  const ofAnybody = new Map<string, Entry<Value>>()
  const pending = new Map<string, Promise<Value>>()
  const oldestEntry = oldestKeyOf(entries)
  const oldestOfAnybody = oldestKeyOf(ofAnybody)

  const remember = (key: string, value: Value) => {
    const { freshMs, staleMs = 0, isAnybodys } = lifetime(value)
    entries.delete(key)
    ofAnybody.delete(key)
    if (freshMs + staleMs === 0) return value
    const kept = isAnybodys ? ofAnybody : entries
    kept.set(key, { value, freshMs, staleMs: freshMs + staleMs, age: stopwatch(clock) })
    if (kept.size > maxEntries) {
      const oldest = isAnybodys ? oldestOfAnybody() : oldestEntry()
      if (oldest !== undefined) kept.delete(oldest)
    }
    return value
  }

  const stale = (key: string) => {
    const known = entries.get(key) ?? ofAnybody.get(key)
    return known !== undefined && known.age() < known.staleMs ? known : undefined
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
    const kept = entries.has(key) ? entries : ofAnybody
    const known = kept.get(key)
    if (known === undefined || known.age() >= known.freshMs) return undefined
    kept.delete(key)
    kept.set(key, known)
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
  return hash('sha256', credential, 'base64')
}
