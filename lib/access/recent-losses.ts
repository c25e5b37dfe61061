import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { isRecent as isWithin } from '../clock.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'
import { withTimeLimit } from './time-limit.js'

/**
 * The people of one tenant who lost access within the last hour, as counted by this instance and
 * shared between instances. A change holds the people whom it takes access from until it is done,
 * so that other changes see them.
 */
export interface RecentLosses {
  /**
   * The count known to this instance, with these people and all who are held; without those whom
   * only changes after `last` hold.
   */
  known(ids?: readonly string[], last?: object): number
  /** How many of those counted became inactive. */
  inactive(): number
  /** Holds people for a change. */
  hold(change: object, ids: readonly string[]): void
  /** Ends what a change holds. Those who have been counted stay so. */
  release(scope: Scope, change: object): void
  /** Counts people. `inactive` ones are no longer part of the active people. */
  add(scope: Scope, loss: { ids: readonly string[]; kind: 'inactive' | 'withoutRole' }): void
  /**
   * Stores what this instance counts and holds, then reads that of the others: of two that do so at
   * the same time, at least one sees the other. If the store fails, what is known stays.
   */
  exchange(scope: Scope): Promise<void>
}

const hostsName = 'lossHosts'
const nameOf = (host: string) => `losses.${host}`
const minuteMs = 60_000
const hour = 60
const maxRemembered = 50_000
const exchangeMs = 2_000
const registrationMs = 100

/** Counts per minute: `[minute, people, inactive people among them]`. */
type Bucket = readonly [number, number, number]
type Recent = (buckets: Iterable<Bucket>) => readonly Bucket[]

/** Counts of one tenant, kept for an hour. */
export function recentLosses(access: AccessStore, clock: () => Date): RecentLosses {
  let own: readonly Bucket[] = []
  let told = 0
  const counted = new Map<string, number>()
  const holds = new Map<object, readonly string[]>()
  const minute = () => Math.floor(clock().getTime() / minuteMs)
  // Asks the clock once, however many there are.
  const recently = () => {
    const now = minute()
    return (at = Number.NEGATIVE_INFINITY) => isWithin(at, now, hour)
  }
  const recent: Recent = (buckets) => {
    const isRecent = recently()
    return [...buckets].filter(([at]) => isRecent(at))
  }
  const uncounted = (ids: Iterable<string>) => {
    const isRecent = recently()
    return [...new Set(ids)].filter((id) => !isRecent(counted.get(id)))
  }
  const held = (more: readonly string[] = [], last?: object) => {
    const ids = [...more]
    for (const [change, each] of holds) {
      for (const id of each) ids.push(id)
      if (change === last) break
    }
    return uncounted(ids).length
  }
  const others = exchanging(access, recent, () => {
    told = held()
    // With this minute, which shows that this instance is there.
    return [...recent(own), [minute(), told, 0]]
  })
  const total = (index: 1 | 2) =>
    recent([...own, ...others.known()]).reduce((sum, bucket) => sum + bucket[index], 0)

  return {
    known: (ids, last) => total(1) + held(ids, last),
    inactive: () => total(2),
    hold(change, ids) {
      holds.set(change, [...(holds.get(change) ?? []), ...ids])
    },
    release(scope, change) {
      // What nobody has been told need not be taken back.
      if (holds.delete(change) && told > 0) others.exchangeLater(scope)
    },
    add(scope, { ids, kind }) {
      const news = uncounted(ids)
      if (news.length === 0) return
      if (counted.size > maxRemembered) counted.clear()
      const now = minute()
      for (const id of news) counted.set(id, now)
      const [, people, inactive] = own.find(([at]) => at === now) ?? [now, 0, 0]
      const gone = kind === 'inactive' ? news.length : 0
      const before = recent(own).filter(([at]) => at !== now)
      own = [...before, [now, people + news.length, inactive + gone]]
      others.exchangeLater(scope)
    },
    exchange: others.exchange,
  }
}

/** Tells the other instances what this one counts, and keeps what they tell. */
function exchanging(access: AccessStore, recent: Recent, tell: () => readonly Bucket[]) {
  // Each instance writes its own value, so that none overwrites what another one tells. The name is
  // random, so that neither a second process nor the next one has it too.
  const host = randomUUID()
  let known: readonly Bucket[] = []
  let last = Promise.resolve()
  let next: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const read = async (scope: Scope, name: string) =>
    recent(JSON.parse((await access.getValue(scope, nameOf(name))) ?? '[]'))

  const work = async (scope: Scope) => {
    await access.setValue(scope, nameOf(host), JSON.stringify(tell()))
    const hosts = await registered(access, scope, host, read)
    const others = hosts.filter((name) => name !== host).map((name) => read(scope, name))
    known = (await Promise.all(others)).flat()
  }
  const run = (scope: Scope) => {
    // Several requests wait for it, so it does not end with one of them.
    const own = { ...scope, signal: new AbortController().signal }
    const tooLate = () => new Error('The store is slow.')
    return withTimeLimit(own, { timeoutMs: exchangeMs, tooLate }, work).catch(() => {})
  }
  /** One that begins now, or as soon as the one under way has ended. */
  const exchange = (scope: Scope): Promise<void> => {
    next ??= last.then(() => {
      next = undefined
      clearTimeout(timer)
      timer = undefined
      last = run(scope)
      return last
    })
    return next
  }
  return {
    exchange,
    known: () => known,
    exchangeLater(scope: Scope) {
      timer ??= setTimeout(() => exchange(scope), exchangeMs).unref()
    },
  }
}

/**
 * The instances that count, this one among them. One that is new removes those that were silent for
 * an hour, and looks again after a moment: another one may have come at the same time.
 */
async function registered(
  access: AccessStore,
  scope: Scope,
  host: string,
  read: (scope: Scope, name: string) => Promise<readonly Bucket[]>,
): Promise<readonly string[]> {
  for (;;) {
    const hosts: string[] = JSON.parse((await access.getValue(scope, hostsName)) ?? '[]')
    if (hosts.includes(host)) return hosts
    const next = [host]
    for (const name of hosts) {
      if ((await read(scope, name)).length > 0) next.push(name)
      else await access.setValue(scope, nameOf(name), undefined)
    }
    await access.setValue(scope, hostsName, JSON.stringify(next))
    await pause(registrationMs, undefined, { signal: scope.signal, ref: false })
  }
}
