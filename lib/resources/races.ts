import { setTimeout as pause } from 'node:timers/promises'
import { storeErrorKind, type UnknownReferenceError } from '../stores/errors.js'
import type { Call, Services } from './call.js'
import { writeRace } from './store-errors.js'

/** Runs writes of the same resource one after the other, within one instance. */
export interface Turns {
  /** Whether a write of this resource is running or waiting. */
  isTaken(key: string): boolean
  /**
   * Runs `work` after earlier writes have finished. A slow write does not block the next one for
   * long, so `work` must also be correct when it runs concurrently.
   */
  take<T>(key: string, work: () => Promise<T>): Promise<T>
}

const firstPauseMs = 10
const longestPauseMs = 500
const longestTurnMs = 1_000

/** Makes independent turns. */
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
      await before
      // Measured from the start of the work, so that those who wait behind many do not all start at
      // once (M4).
      const tooLong = setTimeout(end, longestTurnMs)
      try {
        return await work()
      } finally {
        clearTimeout(tooLong)
        end()
        if (last.get(key) === mine) last.delete(key)
      }
    },
  }
}

/**
 * Attempts to write one resource, and retries while other writes come first: in turn with the other
 * writes of this instance, and after a growing random pause.
 *
 * @throws ScimError 503 when other writes came first too often; nothing was stored then
 */
export function retryInTurn<T>(
  services: Services,
  resourceId: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { turns } = services
  const again = () => turns.take(resourceId, () => retryRaces(services, attempt))
  // Without concurrent writes, which is the usual case, this costs nothing.
  if (turns.isTaken(resourceId)) return again()
  return attempt().catch((error: unknown) => {
    if (storeErrorKind(error) !== 'versionMismatch') throw error
    return again()
  })
}

/** Like {@link retryInTurn}, for writes made of several that take their own turns. */
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
 * Calls `write` with the ids to drop: none at first. If the host wants unknown ids ignored, it
 * calls again with the ids that the store reported, as long as the store reports new ones: people
 * may be deleted while they are being added (M3).
 */
export async function passingOverUnknown<T>(
  { services, scope }: Call,
  write: (ignored: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const ignored = new Set<string>()
  for (;;) {
    try {
      const written = await write(ignored)
      const passedOver = [...ignored].map((name) => ({ kind: 'member' as const, name }))
      if (passedOver.length > 0) services.onPassedOver?.(scope, passedOver)
      return written
    } catch (error) {
      const isIgnored = services.options.unknownMembers === 'ignore'
      if (!isIgnored || storeErrorKind(error) !== 'unknownReference') throw error
      const others = (error as UnknownReferenceError).ids.filter((id) => !ignored.has(id))
      if (others.length === 0) throw error
      for (const id of others) ignored.add(id)
    }
  }
}
