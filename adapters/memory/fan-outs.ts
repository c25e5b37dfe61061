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

interface FanOut {
  readonly tenant: string
  readonly userIds: Set<string>
}

/** Nobody at first. `mark` marks people as pending. */
export function createFanOuts(mark: (tenant: string, userIds: readonly string[]) => void): FanOuts {
  let fanOuts: readonly FanOut[] = []
  return {
    add(tenant, userIds) {
      fanOuts = [...fanOuts, { tenant, userIds: new Set(userIds) }]
    },
    step(limit) {
      // A step that marked nobody must not look like the end of all.
      fanOuts = fanOuts.filter(({ userIds }) => userIds.size > 0)
      const [fanOut] = fanOuts
      if (fanOut === undefined) return 0
      const userIds = firstOf(fanOut.userIds, limit)
      for (const userId of userIds) fanOut.userIds.delete(userId)
      mark(fanOut.tenant, userIds)
      return userIds.length
    },
    markNow(tenant, userId) {
      for (const fanOut of fanOuts) {
        if (fanOut.tenant === tenant && fanOut.userIds.delete(userId)) mark(tenant, [userId])
      }
    },
    count: (tenant) =>
      fanOuts
        .filter((fanOut) => fanOut.tenant === tenant)
        .reduce((sum, { userIds }) => sum + userIds.size, 0),
    areDone: () => fanOuts.length === 0,
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
