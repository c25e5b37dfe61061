import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AccessAdapters } from './adapters.js'
import type { ResolvedOptions } from './options.js'

const dayMs = 86_400_000
const purgedAtOnce = 1_000

/** Removes old data once a day. Several instances may do so at the same time. */
export function createRetention(adapters: AccessAdapters, options: ResolvedOptions) {
  const { clock, auditRetentionDays, deletedRetentionDays } = options
  let lastAt = Number.NEGATIVE_INFINITY
  const daysAgo = (days: number) => new Date(clock().getTime() - days * dayMs).toISOString()
  return {
    /**
     * Removes data past its retention time, unless that was done within the last day; `isStopping`
     * ends it early.
     */
    async tend(isStopping: () => boolean): Promise<void> {
      const now = clock().getTime()
      if (now - lastAt < dayMs) return
      lastAt = now
      await adapters.access.forget?.({ before: daysAgo(deletedRetentionDays) })
      const before = daysAgo(auditRetentionDays)
      while (!isStopping()) {
        const removed = (await adapters.audit?.purge?.({ before, limit: purgedAtOnce })) ?? 0
        if (removed === 0) return
        await nextTurn()
      }
    },
  }
}
