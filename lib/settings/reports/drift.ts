import {
  type Access,
  describeGrant,
  type Grant,
  membershipsOf,
  placeOf,
} from '../../mapping/index.js'
import { UnavailableError } from '../../stores/errors.js'
import { mapConcurrently } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** Differences between a person's access in the host and the access they should have. */
export interface PersonDrift {
  readonly id: string
  readonly userName: string
  /** Given by rules but missing in the host. */
  readonly missing: readonly string[]
  /** Memberships with another role than the rules give, as `expected, is actual`. */
  readonly different: readonly string[]
  /** Given by hand in the host, without a rule. This is never taken away. */
  readonly byHand: readonly string[]
  /** The person should have no access, but has some. */
  readonly stillActive: boolean
}

/** A page of a drift report. */
export interface DriftReport {
  /** `false`: the host cannot tell the actual access. */
  readonly supported: boolean
  /** People compared on this page. */
  readonly compared: number
  /** The people with differences. */
  readonly people: readonly PersonDrift[]
  /** Where the next page starts; absent on the last one. */
  readonly nextOffset?: number
}

const concurrentReads = 4

interface PageRange {
  readonly offset: number
  readonly limit: number
}

/** Compares the access people should have with their access in the host, for one page of people. */
export async function driftOfPage(
  context: SettingsContext,
  scope: Scope,
  { offset, limit }: PageRange,
): Promise<DriftReport> {
  const { users } = context.adapters
  if (!users.currentAccess) return { supported: false, compared: 0, people: [] }
  const { resources, totalResults } = await users.query(scope, {
    ...omitGroups,
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
 * The differences for one person; `undefined` if there are none or the host does not know them.
 *
 * @throws UnavailableError if the host cannot tell
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

/**
 * A missing membership of a person who is Not Activated is no drift: it waits for the first
 * sign-in.
 */
function desiredGrants(access: Access): readonly Grant[] {
  const role: readonly Grant[] = access.role === null ? [] : [{ kind: 'role', role: access.role }]
  return access.role === 'Not Activated' ? role : [...role, ...membershipsOf(access)]
}
