import { addTo, removeFrom } from './sets.js'

/** People who are marked in steps, because they are many. */
export interface FanOuts {
  add(tenant: string, userIds: Iterable<string>): void
  /** Marks at most so many. Returns how many; 0 when none are left. */
  step(limit: number): number
  /** Marks a person who is among them. */
  markNow(tenant: string, userId: string): void
  /** How many of a tenant are left. */
  count(tenant: string): number
  areDone(): boolean
}

/** Nobody at first. `mark` marks people as pending. */
export function createFanOuts(mark: (tenant: string, userIds: readonly string[]) => void): FanOuts {
  const waiting = new Map<string, Set<string>>()
  return {
    add(tenant, userIds) {
      for (const userId of userIds) addTo(waiting, tenant, userId)
    },
    step(limit) {
      const [next] = waiting
      if (next === undefined) return 0
      const [tenant, userIds] = next
      const first = firstOf(userIds, limit)
      for (const userId of first) removeFrom(waiting, tenant, userId)
      mark(tenant, first)
      return first.length
    },
    markNow(tenant, userId) {
      if (removeFrom(waiting, tenant, userId)) mark(tenant, [userId])
    },
    count: (tenant) => waiting.get(tenant)?.size ?? 0,
    areDone: () => waiting.size === 0,
  }
}

function firstOf(values: Iterable<string>, limit: number): readonly string[] {
  const first: string[] = []
  for (const value of values) {
    if (first.length >= limit) break
    first.push(value)
  }
  return first
}
