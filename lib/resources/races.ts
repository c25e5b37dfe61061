import { setTimeout as pause } from 'node:timers/promises'
import { storeErrorKind, type UnknownReferenceError } from '../stores/errors.js'
import type { Call, Services } from './call.js'
import { writeRace } from './store-errors.js'

/** Lets writes of one resource go one after the other, in one instance. */
export interface Turns {
  /** Whether somebody has a turn, or waits for one. */
  isTaken(key: string): boolean
  /**
   * Runs `work` when those who came before are done. A turn that takes long passes to the next
   * meanwhile: work must be right out of turn as well.
   */
  take<T>(key: string, work: () => Promise<T>): Promise<T>
}

const firstPauseMs = 10
const longestPauseMs = 500
const longestTurnMs = 1_000

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
      await before
      // Measured from when the work begins: who waits behind many must not start along with all the
      // others (M4).
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
 * Makes an attempt to write one resource, again and again while other writes come first: in turn
 * with the others of this instance, and after a pause that grows and is different for each
 * instance.
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
 * Calls `write` with the ids to leave out: none at first; where the host wants unknown ids ignored,
 * again with those that the store reported, as long as it reports others: people may be deleted
 * while they are added (M3).
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
