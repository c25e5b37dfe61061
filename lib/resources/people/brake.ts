import { setTimeout as pause } from 'node:timers/promises'
import createDebug from 'debug'
import {
  countActivePeople,
  countEverybody,
  isMassLoss,
  type MassLoss,
  massLossAllowedUntil,
  type RecentLosses,
  recentLosses,
  rememberMassLoss,
} from '../../access/mass-loss.js'
import { unavailable } from '../../errors.js'
import { auditEntry } from '../../events/audit-entry.js'
import type { AuditEntry } from '../../events/catalogue.js'
import type { AccessStore } from '../../stores/access-store.js'
import type { Adapters } from '../../stores/adapters.js'
import type { Scope } from '../../stores/scope.js'
import type { ServiceOptions } from '../options.js'

/** The people who would lose access by a change. */
export interface Loss {
  readonly ids: readonly string[]
  readonly kind: 'inactive' | 'withoutRole'
  /** The cause, as the beginning of a sentence, e.g. `Renaming the group "Crew"`. */
  readonly cause: string
}

/** Watches for mass losses: many people losing access within an hour, by any changes. */
export interface Brake {
  /**
   * Whether a loss by this many more people could be a mass loss. Makes no store call, so that
   * small losses cost nothing.
   */
  isNear(scope: Scope, people: number): boolean
  /**
   * Reports a mass loss, or refuses it.
   *
   * @throws ScimError 503 if mass losses are refused; nothing may be stored then
   */
  check(scope: Scope, loss: Loss): Promise<void>
  /** Counts people who have lost access. */
  count(scope: Scope, loss: Pick<Loss, 'ids' | 'kind'>): void
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
  /** How many people were active before the losses, and when that was counted. */
  before?: { readonly people: number; readonly at: number }
  /** A count under way, and until when changes wait for it. */
  counting?: { readonly ended: Promise<void>; readonly until: number } | undefined
  reportedAt?: number
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
    const watched = { losses: recentLosses(clock) }
    tenants.set(tenant, watched)
    return watched
  }
  return {
    // Other instances may have counted as many, so from half of the minimum on the shared counts
    // are read.
    isNear: (scope, people) =>
      people + watchedOf(scope).losses.known() >= Math.ceil(options.massLossLeast / 2),
    check: (scope, loss) => check({ ...parts, access }, watchedOf(scope), scope, loss),
    count(scope, { ids, kind }) {
      watchedOf(scope).losses.add(ids, kind)
    },
  }
}

async function check(
  parts: BrakeParts & { readonly access: AccessStore },
  watched: Watched,
  scope: Scope,
  loss: Loss,
): Promise<void> {
  const { access, options, clock } = parts
  const { losses } = watched
  const now = clock()
  await losses.exchange(access, scope)
  const people = losses.known() + losses.uncounted(loss.ids).length
  if (people < options.massLossLeast) {
    // So that it is known when it is needed.
    keepCount(parts, watched, scope)
    return
  }
  const of = await peopleBefore(parts, watched, scope)
  const limits = { share: options.massLossShare, least: options.massLossLeast }
  if (!isMassLoss(people, of, limits)) return
  if (await massLossAllowedUntil(access, scope, now)) return
  const isRefused = options.onMassLoss === 'refuse'
  const found: MassLoss = { at: now.toISOString(), people, of, cause: loss.cause, isRefused }
  await report(parts, watched, scope, found)
  if (isRefused) throw refusal(parts, found)
}

/**
 * How many people were active before the losses. In a large tenant it takes seconds to count them,
 * and longer beside other searches, so that is waited for only if there is no recent count, and not
 * for long: until there is one, all people count as active, because nobody must stay in for want of
 * a number.
 */
async function peopleBefore(parts: BrakeParts, watched: Watched, scope: Scope): Promise<number> {
  keepCount(parts, watched, scope)
  const usable = () => {
    const age = parts.clock().getTime() - (watched.before?.at ?? Number.NEGATIVE_INFINITY)
    return age <= usableForMs ? watched.before?.people : undefined
  }
  const { counting } = watched
  if (usable() === undefined && counting) {
    const limit = new AbortController()
    const waited = pause(Math.max(counting.until - performance.now(), 0), undefined, limit)
    await Promise.race([counting.ended, waited]).finally(() => limit.abort())
  }
  return usable() ?? countEverybody(parts.adapters, scope)
}

/** Counts in the background if the last count is older than a minute. */
function keepCount({ adapters, clock }: BrakeParts, watched: Watched, scope: Scope): void {
  const at = clock().getTime()
  const isFresh = watched.before !== undefined && at - watched.before.at <= activeForMs
  if (isFresh || watched.counting) return
  // Goes on after the request.
  const own = { ...scope, signal: AbortSignal.timeout(activeForMs) }
  const ended = countActivePeople(adapters, own)
    .then((active) => {
      watched.before = { people: active + watched.losses.inactive(), at }
    })
    .catch((error: unknown) => debug('the active people could not be counted: %O', error))
    .finally(() => {
      watched.counting = undefined
    })
  watched.counting = { ended, until: performance.now() + longestCountMs }
}

/**
 * Reports a mass loss once an hour. A refusal is reported again when the change is sent again after
 * a minute.
 */
async function report(
  { adapters, access, clock, emit }: BrakeParts & { readonly access: AccessStore },
  watched: Watched,
  scope: Scope,
  loss: MassLoss,
): Promise<void> {
  const now = clock().getTime()
  const cooldownMs = loss.isRefused ? activeForMs : hourMs
  if (watched.reportedAt !== undefined && now - watched.reportedAt < cooldownMs) return
  watched.reportedAt = now
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
