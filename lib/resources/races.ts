import { setTimeout as pause } from 'node:timers/promises'
import { storeErrorKind, type UnknownReferenceError } from '../stores/errors.js'
import type { Call, Services } from './call.js'
import { writeRace } from './store-errors.js'

/** Lets writes of one resource go one after the other, in one instance. */
export interface Turns {
  /** Whether somebody has a turn, or waits for one. */
  isTaken(key: string): boolean
  /** Runs `work` when those who came before are done, or have taken too long: it must be right out of turn as well. */
  take<T>(key: string, work: () => Promise<T>): Promise<T>
}

const firstPauseMs = 10
const longestPauseMs = 500
const longestWaitMs = 1_000

/** Turns of its own. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>()
  return {
    isTaken: (key) => last.has(key),
    async take(key, work) {
      const before = last.get(key)
      let end = () => {}
      const mine = new Promise<void>((resolve) => {
        end = resolve
      })
      last.set(key, mine)
      try {
        if (before !== undefined) await atMost(longestWaitMs, before)
        return await work()
      } finally {
        end()
        if (last.get(key) === mine) last.delete(key)
      }
    },
  }
}

/**
 * Makes an attempt to write one resource, again and again while other writes come first: in turn with the others of
 * this instance, and after a pause that grows and is different for each instance.
 *
 * @throws ScimError 503 when the others were first too often; nothing was stored then
 */
export function retryInTurn<T>(
  services: Services,
  resourceId: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { turns } = services
  const again = () => turns.take(resourceId, () => retryRaces(services, attempt))
  // Who is alone, as nearly always, pays nothing.
  if (turns.isTaken(resourceId)) return again()
  return attempt().catch((error: unknown) => {
    if (storeErrorKind(error) !== 'versionMismatch') throw error
    return again()
  })
}

/** As {@link retryInTurn}, for writes made of several that take their turns themselves. */
export async function retryRaces<T>(services: Services, attempt: () => Promise<T>): Promise<T> {
  const { maxRetries } = services.options
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (storeErrorKind(error) !== 'versionMismatch') throw error
      if (retries >= maxRetries) throw writeRace()
    }
    await pause(Math.random() * Math.min(firstPauseMs * 2 ** retries, longestPauseMs))
  }
}

/**
 * Calls `write` with the ids to leave out: none at first; where the host wants unknown ids ignored, once more with those
 * that the store reported.
 */
export async function passingOverUnknown<T>(
  { services, scope }: Call,
  write: (ignored: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  try {
    return await write(new Set())
  } catch (error) {
    const isIgnored = services.options.unknownMembers === 'ignore'
    if (!isIgnored || storeErrorKind(error) !== 'unknownReference') throw error
    const { ids } = error as UnknownReferenceError
    const written = await write(new Set(ids))
    services.onPassedOver?.(
      scope,
      ids.map((name) => ({ kind: 'member', name })),
    )
    return written
  }
}

async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const timer = new AbortController()
  const expired = pause(ms, undefined, { signal: timer.signal }).catch(() => {})
  await Promise.race([promise, expired])
  timer.abort()
}
