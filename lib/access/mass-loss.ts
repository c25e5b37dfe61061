import type { ResolvedFilter } from '../filter/ast.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import { pathsOf } from './people.js'

/** The bounds above which a loss of access counts as a mass loss. */
export interface MassLossLimits {
  /** Share of the people with access; 0 to 1. */
  readonly share: number
  /** A loss by fewer people is never a mass loss. */
  readonly least: number
}

/** The last mass loss, as shown to administrators. */
export interface MassLoss {
  /** RFC 3339. */
  readonly at: string
  /** How many people lose access, including those of the hour before. */
  readonly people: number
  /** How many people were active before. */
  readonly of: number
  /** The cause, as a sentence. */
  readonly cause: string
  /** The change was refused and nothing was stored. */
  readonly isRefused: boolean
}

const massLossName = 'massLoss'
const allowedName = 'massLossAllowedUntil'
const lossesName = 'recentLosses'
const hourMs = 3_600_000

/** Whether a loss of this size is a mass loss. */
export function isMassLoss(people: number, of: number, { share, least }: MassLossLimits): boolean {
  return people >= least && people > share * of
}

/** The last mass loss; `undefined` when there was none. */
export async function lastMassLoss(
  access: AccessStore,
  scope: Scope,
): Promise<MassLoss | undefined> {
  const value = await access.getValue(scope, massLossName)
  return value === undefined ? undefined : (JSON.parse(value) as MassLoss)
}

/** Stores a mass loss for the status page. */
export async function rememberMassLoss(
  access: AccessStore,
  scope: Scope,
  loss: MassLoss,
): Promise<void> {
  await access.setValue(scope, massLossName, JSON.stringify(loss))
}

/**
 * Confirms a mass loss: for one hour, no change is refused as a mass loss. Returns when that ends.
 */
export async function allowMassLoss(access: AccessStore, scope: Scope, now: Date): Promise<string> {
  const until = new Date(now.getTime() + hourMs).toISOString()
  await access.setValue(scope, allowedName, until)
  return until
}

/** Until when an administrator allows mass losses; `undefined` if they are not allowed now. */
export async function massLossAllowedUntil(
  access: AccessStore,
  scope: Scope,
  now: Date,
): Promise<string | undefined> {
  const until = await access.getValue(scope, allowedName)
  return until !== undefined && Date.parse(until) > now.getTime() ? until : undefined
}

/** How many people a tenant has, which most stores know without counting. */
export function countEverybody(adapters: Adapters, scope: Scope): Promise<number> {
  return countPeople(adapters, scope)
}

/**
 * How many active people a tenant has; the number of all people if the store supports no filters.
 */
export async function countActivePeople(adapters: Adapters, scope: Scope): Promise<number> {
  const [path] = pathsOf('User', ['active'])
  if (path === undefined) throw new Error('Users have no attribute "active".')
  const isActive = { kind: 'compare', path, operator: 'eq', value: true } as const
  return countPeople(adapters, scope, adapters.users.supports?.filter ? isActive : undefined)
}

async function countPeople(
  { users }: Adapters,
  scope: Scope,
  filter?: ResolvedFilter,
): Promise<number> {
  const { totalResults } = await users.query(scope, {
    omit: new Set(['groups']),
    ...(filter && { filter }),
    page: { kind: 'index', offset: 0, limit: 1 },
  })
  return totalResults
}

/**
 * The people of one tenant who lost access within the last hour, as counted by this instance and
 * shared between instances.
 */
export interface RecentLosses {
  /** The ids that this instance has not counted within the hour. */
  uncounted(ids: readonly string[]): readonly string[]
  /** Counts people. `inactive` ones are no longer part of the active people. */
  add(ids: readonly string[], kind: 'inactive' | 'withoutRole'): void
  /** The count known to this instance, without a store call. */
  known(): number
  /** Exchanges counts with the other instances, at most every two seconds. */
  exchange(access: AccessStore, scope: Scope): Promise<void>
  /** How many of them became inactive. */
  inactive(): number
}

const exchangeEveryMs = 2_000
const minuteMs = 60_000
const maxRemembered = 50_000

/** Counts per minute: `[minute, inactive, withoutRole]`. */
type Bucket = readonly [number, number, number]

/** Counts of one tenant, kept for an hour. */
export function recentLosses(clock: () => Date): RecentLosses {
  let shared: readonly Bucket[] = []
  let own: readonly Bucket[] = []
  let exchangedAt = Number.NEGATIVE_INFINITY
  const counted = new Map<string, number>()
  const minute = () => Math.floor(clock().getTime() / minuteMs)
  const fresh = (buckets: readonly Bucket[]) => buckets.filter(([at]) => at > minute() - 60)
  const isCounted = (id: string) => (counted.get(id) ?? Number.NEGATIVE_INFINITY) > minute() - 60
  const sum = (index: 1 | 2) =>
    fresh([...shared, ...own]).reduce((total, bucket) => total + bucket[index], 0)

  return {
    uncounted: (ids) => ids.filter((id) => !isCounted(id)),
    add(ids, kind) {
      const news = ids.filter((id) => !isCounted(id))
      if (news.length === 0) return
      if (counted.size > maxRemembered) counted.clear()
      for (const id of news) counted.set(id, minute())
      const bucket: Bucket =
        kind === 'inactive' ? [minute(), news.length, 0] : [minute(), 0, news.length]
      own = merged([...own, bucket])
    },
    known: () => sum(1) + sum(2),
    inactive: () => sum(1),
    async exchange(access, scope) {
      const now = clock().getTime()
      if (now - exchangedAt < exchangeEveryMs) return
      exchangedAt = now
      const value = await access.getValue(scope, lossesName)
      const given = fresh(value === undefined ? [] : (JSON.parse(value) as readonly Bucket[]))
      const sent = own
      shared = merged([...given, ...sent])
      own = own.filter((bucket) => !sent.includes(bucket))
      if (sent.length > 0) await access.setValue(scope, lossesName, JSON.stringify(shared))
    },
  }
}

/** One bucket for each minute. */
function merged(buckets: readonly Bucket[]): readonly Bucket[] {
  const byMinute = new Map<number, Bucket>()
  for (const [at, inactive, withoutRole] of buckets) {
    const [, a = 0, b = 0] = byMinute.get(at) ?? []
    byMinute.set(at, [at, a + inactive, b + withoutRole])
  }
  return [...byMinute.values()]
}
