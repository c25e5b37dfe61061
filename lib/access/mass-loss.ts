import { isAhead } from '../clock.js'
import type { ResolvedFilter } from '../filter/ast.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import { omitGroups } from '../stores/reads.js'
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
  if (until === undefined) return undefined
  return isAhead(Date.parse(until), now.getTime(), hourMs) ? until : undefined
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
    ...omitGroups,
    ...(filter && { filter }),
    page: { kind: 'index', offset: 0, limit: 1 },
  })
  return totalResults
}
