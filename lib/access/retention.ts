import { setImmediate as nextTurn } from 'node:timers/promises'
import { stopwatch } from '../clock.js'
import type { AccessAdapters } from './adapters.js'
import type { ResolvedOptions } from './options.js'

const dayMs = 86_400_000
const purgedAtOnce = 1_000
/** A machine's clock may be wrong when it starts, until it has asked others for the time. */
const settledMs = 3_600_000
const toleranceMs = 60_000

/**
 * Removes old data once a day, when nobody has set the clock for an hour: what is removed because a
 * clock was wrong is lost. Several instances may do so at the same time.
 */
export function createRetention(adapters: AccessAdapters, options: ResolvedOptions) {
  const { auditRetentionDays, deletedRetentionDays } = options
  const clock = () => options.clock().getTime()
  const isSettled = settling(clock())
  let sinceLast = () => Number.POSITIVE_INFINITY
  return {
    /**
     * Removes data past its retention time, unless that was done within the last day; `isStopping`
     * ends it early.
     */
    async tend(isStopping: () => boolean): Promise<void> {
      const now = clock()
      if (!isSettled(now) || sinceLast() < dayMs) return
      sinceLast = stopwatch(clock)
      const daysAgo = (days: number) => new Date(now - days * dayMs).toISOString()
      const before = daysAgo(auditRetentionDays)
      await adapters.access.forget?.({ before: daysAgo(deletedRetentionDays) })
      while (!isStopping()) {
        const removed = (await adapters.audit?.purge?.({ before, limit: purgedAtOnce })) ?? 0
        if (removed === 0) return
        await nextTurn()
      }
    },
  }
}

/** Whether the clock has gone on as `performance.now()` for an hour. To be called often. */
function settling(start: number): (wall: number) => boolean {
  let first = { steady: performance.now(), wall: start }
  return (wall) => {
    const steady = performance.now()
    const drift = wall - first.wall - (steady - first.steady)
    if (Math.abs(drift) > toleranceMs) first = { steady, wall }
    return steady - first.steady >= settledMs
  }
}
