import {
  type Access,
  describeGrant,
  type Grant,
  membershipsOf,
  placeOf,
} from '../../mapping/index.js'
import { UnavailableError } from '../../stores/errors.js'
import { mapConcurrently } from '../../stores/read-many.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** In what one person's access in the host differs from what it should be. */
export interface PersonDrift {
  readonly id: string
  readonly userName: string
  /** Given by rules, not there in the host. */
  readonly missing: readonly string[]
  /** Another role in the same place than rules give, as `expected, is actual`. */
  readonly different: readonly string[]
  /** There in the host without a rule: given by hand, and never taken away. */
  readonly byHand: readonly string[]
  /** Should have no access, and has some. */
  readonly stillActive: boolean
}

/** A page of a drift report. */
export interface DriftReport {
  /** `false`: the host cannot say what is really there. */
  readonly supported: boolean
  /** People compared on this page. */
  readonly compared: number
  /** Those of them who differ. */
  readonly people: readonly PersonDrift[]
  /** Where the next page starts; absent on the last one. */
  readonly nextOffset?: number
}

const concurrentReads = 4
const withoutGroups: ReadonlySet<string> = new Set(['groups'])

interface PageRange {
  readonly offset: number
  readonly limit: number
}

/** Compares what should be with what the host says is there now, for one page of people. */
export async function driftOfPage(
  context: SettingsContext,
  scope: Scope,
  { offset, limit }: PageRange,
): Promise<DriftReport> {
  const { users } = context.adapters
  if (!users.currentAccess) return { supported: false, compared: 0, people: [] }
  const { resources, totalResults } = await users.query(scope, {
    omit: withoutGroups,
    page: { kind: 'index', offset, limit },
  })
  const compared = await mapConcurrently(resources, concurrentReads, (user) =>
    driftOf(context, scope, user),
  )
  const nextOffset = offset + resources.length
  return {
    supported: true,
    compared: resources.length,
    people: compared.filter((drift) => drift !== undefined),
    ...(resources.length > 0 && nextOffset < totalResults && { nextOffset }),
  }
}

/**
 * What differs for one person; `undefined` when nothing does, or the host does not know them.
 *
 * @throws UnavailableError when the host cannot say
 */
export async function driftOf(
  { adapters }: SettingsContext,
  scope: Scope,
  user: User,
): Promise<PersonDrift | undefined> {
  const { users, groups } = adapters
  const access = await groups.resolveAccess(scope, user)
  const current = await users.currentAccess?.(scope, user).catch((cause: unknown): never => {
    throw new UnavailableError('The host cannot say what is there now.', { cause })
  })
  const drift = { id: user.id, userName: user.userName, ...differences(access, current?.applied) }
  const { missing, different, byHand, stillActive } = drift
  return stillActive || missing.length || different.length || byHand.length ? drift : undefined
}

function differences(
  access: Access,
  current: readonly Grant[] | undefined,
): Omit<PersonDrift, 'id' | 'userName'> {
  const nothing = { missing: [], different: [], byHand: [], stillActive: false }
  if (!access.active) return { ...nothing, stillActive: (current?.length ?? 0) > 0 }
  const desired = desiredGrants(access)
  const there = new Map((current ?? []).map((grant) => [placeOf(grant), grant]))
  const wanted = new Set(desired.map(placeOf))
  const others = desired
    .map((grant) => ({ grant, actual: there.get(placeOf(grant)) }))
    .filter(({ grant, actual }) => actual && describeGrant(actual) !== describeGrant(grant))
  return {
    ...nothing,
    missing: desired.filter((grant) => !there.has(placeOf(grant))).map(describeGrant),
    different: others.map(
      ({ grant, actual }) => `${describeGrant(grant)}, is ${actual ? describeGrant(actual) : '-'}`,
    ),
    byHand: (current ?? [])
      .filter((grant) => grant.kind !== 'role' && !wanted.has(placeOf(grant)))
      .map(describeGrant),
  }
}

/** Memberships of somebody Not Activated wait for the first sign-in: their absence is no drift. */
function desiredGrants(access: Access): readonly Grant[] {
  const role: readonly Grant[] = access.role === null ? [] : [{ kind: 'role', role: access.role }]
  return access.role === 'Not Activated' ? role : [...role, ...membershipsOf(access)]
}
