import { setTimeout as pause } from 'node:timers/promises'
import createDebug from 'debug'
import {
  countActivePeople,
  countEverybody,
  isMassLoss,
  type MassLoss,
  massLossAllowedUntil,
  rememberMassLoss,
} from '../../access/mass-loss.js'
import { type RecentLosses, recentLosses } from '../../access/recent-losses.js'
import { stopwatch } from '../../clock.js'
import { unavailable } from '../../errors.js'
import { auditEntry } from '../../events/audit-entry.js'
import type { AuditEntry } from '../../events/catalogue.js'
import type { AccessStore } from '../../stores/access-store.js'
import type { Adapters } from '../../stores/adapters.js'
import type { Scope } from '../../stores/scope.js'
import type { ServiceOptions } from '../options.js'

/** The people who would lose access by a change. */
export interface Loss {
  /** The change; the same object from `few` or `check` to `release`. */
  readonly change: object
  readonly ids: readonly string[]
  readonly kind: 'inactive' | 'withoutRole'
  /** The cause, as the beginning of a sentence, e.g. `Renaming the group "Crew"`. */
  readonly cause: string
}

/**
 * Watches for mass losses: many people losing access within an hour, by any changes. A change holds
 * people, so that changes under way at the same time count them, until it is released.
 */
export interface Brake {
  /**
   * Whether the losses are few even with these people; then the change holds them and needs no
   * check. Makes no store call, so that small losses cost nothing.
   */
  few(scope: Scope, loss: Pick<Loss, 'change' | 'ids'>): boolean
  /**
   * Holds people, and reports a mass loss or refuses it.
   *
   * @throws ScimError 503 if mass losses are refused; nothing may be stored then
   */
  check(scope: Scope, loss: Loss): Promise<void>
  /** Counts people who have lost access. */
  count(scope: Scope, loss: Pick<Loss, 'ids' | 'kind'>): void
  /** Ends what a change holds, after it was counted or has failed. */
  release(scope: Scope, change: object): void
}

/** The dependencies of a brake. */
export interface BrakeParts {
  readonly adapters: Adapters
  readonly options: Pick<
    ServiceOptions,
    'onMassLoss' | 'massLossShare' | 'massLossLeast' | 'settingsUrl' | 'retryAfterSeconds'
  >
  readonly clock: () => Date
  readonly emit: (event: AuditEntry) => void
}

const debug = createDebug('label-studio-scim:access')

interface Watched {
  readonly losses: RecentLosses
  /** How many people were active before the losses, and milliseconds since that was counted. */
  before?: { readonly people: number; readonly age: () => number }
  /** Until when that count is a new one: the longer it took, the longer. */
  newUntil?: number
  /** A count under way, and until when changes wait for it. */
  counting?: { readonly ended: Promise<void>; readonly until: number } | undefined
  /** Milliseconds since the last report. */
  sinceReport?: () => number
}

const activeForMs = 60_000
/** A count is used without waiting for a newer one until it is this old. */
const usableForMs = 300_000
/** The longest time that changes wait until people are counted. */
const longestCountMs = 2_000
const hourMs = 3_600_000
const maxTenants = 10_000

/** Makes a brake with its own memory; `undefined` without an access store. */
export function createBrake(parts: BrakeParts): Brake | undefined {
  const { access } = parts.adapters
  if (!access) return undefined
  const { options, clock } = parts
  const tenants = new Map<string, Watched>()
  const watchedOf = ({ tenant }: Scope): Watched => {
    const known = tenants.get(tenant)
    if (known) return known
    if (tenants.size >= maxTenants) tenants.clear()
    const watched = { losses: recentLosses(access, clock) }
    tenants.set(tenant, watched)
    return watched
  }
  return {
    few(scope, { change, ids }) {
      const { losses } = watchedOf(scope)
      // Other instances may have counted as many, so from half of the minimum on the shared counts
      // are read.
      if (losses.known(ids) >= Math.ceil(options.massLossLeast / 2)) return false
      losses.hold(change, ids)
      return true
    },
    check: (scope, loss) => check({ ...parts, access }, watchedOf(scope), scope, loss),
    count: (scope, loss) => watchedOf(scope).losses.add(scope, loss),
    // After every write, also in tenants where nobody has lost access.
    release: (scope, change) => tenants.get(scope.tenant)?.losses.release(scope, change),
  }
}

type CheckParts = BrakeParts & { readonly access: AccessStore }

async function check(parts: CheckParts, watched: Watched, scope: Scope, loss: Loss): Promise<void> {
  const { access, options, clock } = parts
  const { losses } = watched
  const now = clock()
  const isRefused = options.onMassLoss === 'refuse'
  losses.hold(loss.change, loss.ids)
  await losses.exchange(scope)
  if (losses.known([], loss.change) < options.massLossLeast) {
    // So that it is known when it is needed.
    keepCount(parts, watched, scope)
    return
  }
  const find = async (isAnew: boolean): Promise<MassLoss | undefined> => {
    const of = await peopleBefore(parts, watched, scope, isAnew)
    const people = losses.known([], loss.change)
    const limits = { share: options.massLossShare, least: options.massLossLeast }
    if (!isMassLoss(people, of, limits)) return undefined
    return { at: now.toISOString(), people, of, cause: loss.cause, isRefused }
  }
  if (!(await find(false))) return
  if (!isRefused && isReported(parts, watched)) return
  if (await massLossAllowedUntil(access, scope, now)) return
  // Many people may have come since they were counted.
  const found = await find(true)
  if (!found) return
  if (!isReported(parts, watched)) await report(parts, watched, scope, found)
  if (isRefused) throw refusal(parts, found)
}

/**
 * How many people were active before the losses. In a large tenant it takes seconds to count them,
 * and longer beside other searches, so that is waited for only if there is no recent count or it
 * has to be a new one, and not for long: until there is one, all people count as active, because
 * nobody must stay in for want of a number.
 */
async function peopleBefore(
  parts: BrakeParts,
  watched: Watched,
  scope: Scope,
  isAnew: boolean,
): Promise<number> {
  const isOld = isAnew && performance.now() > (watched.newUntil ?? 0)
  keepCount(parts, watched, scope, isOld)
  const usable = () => {
    const { before } = watched
    return before && before.age() <= usableForMs ? before.people : undefined
  }
  const { counting } = watched
  if (counting && (isOld || usable() === undefined)) {
    const limit = new AbortController()
    const waited = pause(Math.max(counting.until - performance.now(), 0), undefined, limit)
    await Promise.race([counting.ended, waited]).finally(() => limit.abort())
  }
  return usable() ?? countEverybody(parts.adapters, scope)
}

/** Counts in the background if the last count is old: a minute, unless told. */
function keepCount(
  { adapters, clock }: BrakeParts,
  watched: Watched,
  scope: Scope,
  isOld = false,
): void {
  const { before, counting, losses } = watched
  if (counting || (!isOld && before && before.age() <= activeForMs)) return
  const age = watchOf(clock)
  const startedAt = performance.now()
  // Those who become inactive meanwhile may be counted as active.
  const inactive = losses.inactive()
  // Goes on after the request.
  const own = { ...scope, signal: AbortSignal.timeout(activeForMs) }
  const ended = countActivePeople(adapters, own)
    .then((active) => {
      watched.before = { people: active + inactive, age }
      watched.newUntil = 2 * performance.now() - startedAt
    })
    .catch((error: unknown) => debug('the active people could not be counted: %O', error))
    .finally(() => {
      watched.counting = undefined
    })
  watched.counting = { ended, until: startedAt + longestCountMs }
}

/**
 * Whether a mass loss was reported within the hour. A refusal is reported again when the change is
 * sent again after a minute.
 */
function isReported({ options }: BrakeParts, { sinceReport }: Watched): boolean {
  const cooldownMs = options.onMassLoss === 'refuse' ? activeForMs : hourMs
  return sinceReport !== undefined && sinceReport() < cooldownMs
}

function watchOf(clock: () => Date): () => number {
  return stopwatch(() => clock().getTime())
}

async function report(
  { adapters, access, clock, emit }: CheckParts,
  watched: Watched,
  scope: Scope,
  loss: MassLoss,
): Promise<void> {
  watched.sinceReport = watchOf(clock)
  const entry = {
    ...auditEntry(scope, clock(), {
      event: 'access.massLoss',
      outcome: loss.isRefused ? 'refused' : 'succeeded',
      detail: describe(loss),
    }),
    count: loss.people,
  }
  await rememberMassLoss(access, scope, loss)
  await adapters.audit?.append(scope, [entry]).catch(() => undefined)
  emit(entry)
}

function describe({ cause, people, of }: MassLoss): string {
  return `${cause} takes access from ${people} of ${of} people within an hour.`
}

function refusal({ options }: BrakeParts, loss: MassLoss) {
  const page = `${options.settingsUrl.replace(/\/+$/, '')}/status`
  return unavailable(
    `${describe(loss)} Nothing was changed. An administrator has to confirm it on ${page}; ` +
      'then send it again.',
    options.retryAfterSeconds,
  )
}
