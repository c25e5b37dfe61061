import {
  countActivePeople,
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

interface Watched {
  readonly losses: RecentLosses
  active?: { readonly count: number; readonly at: number }
  reportedAt?: number
}

const activeForMs = 60_000
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
  if (people < options.massLossLeast) return
  const of = (await activePeople(parts, watched, scope)) + losses.inactive()
  const limits = { share: options.massLossShare, least: options.massLossLeast }
  if (!isMassLoss(people, of, limits)) return
  if (await massLossAllowedUntil(access, scope, now)) return
  const isRefused = options.onMassLoss === 'refuse'
  const found: MassLoss = { at: now.toISOString(), people, of, cause: loss.cause, isRefused }
  await report(parts, watched, scope, found)
  if (isRefused) throw refusal(parts, found)
}

/** Counted at most once a minute, because the number changes slowly. */
async function activePeople(
  { adapters, clock }: BrakeParts,
  watched: Watched,
  scope: Scope,
): Promise<number> {
  const now = clock().getTime()
  if (!watched.active || now - watched.active.at > activeForMs) {
    watched.active = { count: await countActivePeople(adapters, scope), at: now }
  }
  return watched.active.count
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
