import {
  type AccessStore,
  type PendingOutcome,
  type PendingUser,
  stopwatch,
} from '../../lib/adapter/index.js'
import { createFanOuts, type FanOuts } from './fan-outs.js'

type ClaimOptions = Parameters<AccessStore['claim']>[0]

/** A pending entry with the lease on it. `left` returns milliseconds. */
interface Entry {
  value: PendingUser
  lease?: { readonly owner: string; readonly left: () => number } | undefined
  /** Until it is due. Absent: it is. */
  left?: (() => number) | undefined
  failedAt?: number
}

/** The pending people of all tenants, in order of their first mark. */
export interface Pending {
  mark(tenant: string, userIds: Iterable<string>): void
  /** Those who are marked in steps. By name they are found at once. */
  readonly fanOuts: FanOuts
  claim(options: ClaimOptions): readonly PendingUser[]
  renew: (...parameters: Parameters<AccessStore['renew']>) => boolean
  settle: (...parameters: Parameters<AccessStore['settle']>) => void
  /** Removes a mark; `false`, and it stays, if somebody holds the lease. */
  unmark(tenant: string, userId: string): boolean
  /** Entries of a tenant, oldest first. */
  list(tenant: string): readonly PendingUser[]
  retry(tenant: string, userIds: readonly string[] | undefined): number
  nextDue(): number | undefined
  /** The last failure of a tenant's entries. */
  lastError(tenant: string): { userId: string; message: string } | undefined
  get(tenant: string, userId: string): PendingUser | undefined
}

export function createPending(now: () => number): Pending {
  const entries = new Map<string, Entry>()
  const ofTenant = (tenant: string) =>
    [...entries.values()].filter(({ value }) => value.tenant === tenant)
  const mark = (tenant: string, userIds: Iterable<string>) => {
    const at = new Date(now()).toISOString()
    for (const userId of userIds) {
      const name = nameOf(tenant, userId)
      const entry = entries.get(name)
      if (entry) {
        entry.value = markedAgain(entry.value, at)
        entry.left = undefined
      } else entries.set(name, { value: firstMark(tenant, userId, at) })
    }
  }
  const fanOuts = createFanOuts(mark)
  const entryOf = (tenant: string, userId: string) => {
    fanOuts.markNow(tenant, userId)
    return entries.get(nameOf(tenant, userId))
  }

  return {
    mark,
    fanOuts,
    get: (tenant, userId) => entryOf(tenant, userId)?.value,
    list: (tenant) => ofTenant(tenant).map(({ value }) => value),
    unmark(tenant, userId) {
      if (isLeased(entryOf(tenant, userId))) return false
      entries.delete(nameOf(tenant, userId))
      return true
    },
    claim: (options) => claim(candidates(entries, entryOf, options), options, now),
    renew(owner, { tenant, userId }, leaseMs) {
      const entry = entryOf(tenant, userId)
      if (entry?.lease?.owner !== owner) return false
      entry.lease = { owner, left: timeLeft(leaseMs, now) }
      return true
    },
    settle(owner, { tenant, userId, mark }, outcome) {
      const entry = entryOf(tenant, userId)
      if (entry?.lease?.owner !== owner) return
      entry.lease = undefined
      const isMarkedAgain = entry.value.mark !== mark
      if (outcome.kind === 'done') {
        if (!isMarkedAgain) entries.delete(nameOf(tenant, userId))
        return
      }
      entry.failedAt = now()
      // A mark set meanwhile is new work, due at once (R22).
      const waitMs = outcome.kind === 'retry' && !isMarkedAgain ? outcome.afterMs : 0
      entry.left = timeLeft(waitMs, now)
      entry.value = failed(entry.value, outcome, { dueAt: now() + waitMs, isMarkedAgain })
    },
    retry(tenant, userIds) {
      const at = new Date(now()).toISOString()
      const failed = ofTenant(tenant).filter(
        ({ value }) => value.failed && (userIds?.includes(value.userId) ?? true),
      )
      for (const entry of failed) {
        entry.value = { ...entry.value, failed: false, attempts: 0, nextAt: at }
        entry.left = undefined
      }
      return failed.length
    },
    nextDue: () => earliest([...entries.values()].filter(({ value }) => !value.failed)),
    lastError(tenant) {
      const failed = ofTenant(tenant).filter(({ value }) => value.lastError !== undefined)
      const last = failed.sort((a, b) => (b.failedAt ?? 0) - (a.failedAt ?? 0))[0]?.value
      return last && { userId: last.userId, message: last.lastError ?? '' }
    },
  }
}

function claim(
  candidates: Iterable<Entry>,
  { owner, limit, leaseMs, tenant, userIds }: ClaimOptions,
  now: () => number,
): readonly PendingUser[] {
  const claimed: PendingUser[] = []
  for (const entry of candidates) {
    if (claimed.length >= limit) break
    const { value } = entry
    if (tenant !== undefined && value.tenant !== tenant) continue
    if (isLeased(entry)) continue
    // Named people are claimed even if they are not due or have failed.
    if (userIds === undefined ? !isDue(entry) : !userIds.includes(value.userId)) continue
    entry.lease = { owner, left: timeLeft(leaseMs, now) }
    claimed.push(value)
  }
  return claimed
}

interface FailureContext {
  readonly dueAt: number
  readonly isMarkedAgain: boolean
}

function failed(
  { lastError: _, ...before }: PendingUser,
  outcome: Exclude<PendingOutcome, { kind: 'done' }>,
  { dueAt, isMarkedAgain }: FailureContext,
): PendingUser {
  return {
    ...before,
    attempts: isMarkedAgain ? before.attempts : before.attempts + 1,
    lastError: outcome.error,
    failed: outcome.kind === 'failed' && !isMarkedAgain,
    nextAt: new Date(dueAt).toISOString(),
  }
}

function isDue({ value, left }: Entry): boolean {
  return !value.failed && (left?.() ?? 0) <= 0
}

function isLeased(entry: Entry | undefined): boolean {
  return (entry?.lease?.left() ?? 0) > 0
}

function timeLeft(ms: number, now: () => number): () => number {
  const elapsed = stopwatch(now)
  return () => ms - elapsed()
}

function nameOf(tenant: string, userId: string): string {
  return `${tenant}\n${userId}`
}

function firstMark(tenant: string, userId: string, at: string): PendingUser {
  return { tenant, userId, since: at, mark: 1, attempts: 0, failed: false, nextAt: at }
}

/** A new mark is new work: due at once, without earlier failures. */
function markedAgain(entry: PendingUser, at: string): PendingUser {
  return { ...entry, mark: entry.mark + 1, attempts: 0, failed: false, nextAt: at }
}

function candidates(
  entries: ReadonlyMap<string, Entry>,
  entryOf: (tenant: string, userId: string) => Entry | undefined,
  { tenant, userIds }: ClaimOptions,
): Iterable<Entry> {
  if (tenant === undefined || userIds === undefined) return entries.values()
  return userIds.map((userId) => entryOf(tenant, userId)).filter((entry) => entry !== undefined)
}

/** Milliseconds until the first of these can be claimed. */
function earliest(entries: readonly Entry[]): number | undefined {
  const times = entries.map(({ left, lease }) => Math.max(left?.() ?? 0, lease?.left() ?? 0))
  const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)
  return Number.isFinite(first) ? first : undefined
}
