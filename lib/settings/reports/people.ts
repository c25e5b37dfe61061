import { emailOf } from '../../access/index.js'
import type { Access } from '../../mapping/index.js'
import type { AccessRecord, PendingUser } from '../../stores/access-store.js'
import type { GatePolicy } from '../../stores/gate-policy.js'
import { resolveMany } from '../../stores/read-many.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import {
  type FoundPeople,
  findPeople,
  maxLookedThrough,
  type PeopleRequest,
} from './find-people.js'

/**
 * The state of a person's access in the host. `invited`: they have access, and no account until
 * they sign up with a link of their own.
 */
export type Standing = 'active' | 'invited' | 'deprovisioned' | 'pending' | 'failed' | 'unknown'

/** One person on the list of people. */
export interface PersonSummary {
  readonly id: string
  readonly userName: string
  readonly displayName: string
  readonly email?: string
  /** SCIM `active`. */
  readonly active: boolean
  /** The access that the person's groups give now. */
  readonly access: Omit<Access, 'reasons'>
  readonly standing: Standing
  /** `listed`: the host has the account, but no identity provider has ever sent this person. */
  readonly origin: 'sent' | 'listed'
  readonly lastError?: string
}

/** A page of people. */
export interface PeoplePage {
  readonly totalResults: number
  /** If set, only this many people were read, and more may match. Absent: all were read. */
  readonly lookedThrough?: number
  readonly people: readonly PersonSummary[]
}

/** A page of the people that match the request. */
export async function listPeople(
  context: SettingsContext,
  scope: Scope,
  request: PeopleRequest,
): Promise<PeoplePage> {
  const { offset, limit } = request
  const found = await findPeople(context, scope, request)
  if (!found.isWanted) {
    const people = await summarize(context, scope, found.users)
    return { totalResults: found.totalResults, people }
  }
  const matching = await summarizeAll(context, scope, found)
  if (request.sort === 'state') matching.sort(byStanding)
  return {
    totalResults: matching.length,
    people: matching.slice(offset, offset + limit),
    ...(found.isComplete ? {} : { lookedThrough: maxLookedThrough }),
  }
}

const peoplePerStep = 500

async function summarizeAll(
  context: SettingsContext,
  scope: Scope,
  { users, isWanted = () => true }: FoundPeople,
): Promise<PersonSummary[]> {
  const matching: PersonSummary[] = []
  for (let start = 0; start < users.length; start += peoplePerStep) {
    scope.signal.throwIfAborted()
    const step = await summarize(context, scope, users.slice(start, start + peoplePerStep))
    for (const person of step) if (isWanted(person)) matching.push(person)
  }
  return matching
}

async function summarize(
  { adapters }: SettingsContext,
  scope: Scope,
  users: readonly User[],
): Promise<readonly PersonSummary[]> {
  const ids = users.map(({ id }) => id)
  const [records, pending, accesses, signUp] = await Promise.all([
    adapters.access.getRecords(scope, ids),
    adapters.access.pendingOf(scope, ids),
    resolveMany(adapters.groups, scope, users),
    signUpOf(adapters, scope),
  ])
  const recordOf = new Map(records.map((record) => [record.userId, record]))
  const pendingOf = new Map(pending.map((entry) => [entry.userId, entry]))
  return users.flatMap((user, index) => {
    const access = accesses[index]
    if (access === undefined) return []
    const { reasons: _, ...given } = access
    return summaryOf(user, given, {
      record: recordOf.get(user.id),
      pending: pendingOf.get(user.id),
      signUp,
    })
  })
}

/** How people sign up in the host; `undefined` if it does not tell now. */
export async function signUpOf(
  { gate }: SettingsContext['adapters'],
  scope: Scope,
): Promise<Known['signUp']> {
  return gate?.signUp(scope).catch(() => undefined)
}

const standingsInOrder: readonly Standing[] = [
  'failed',
  'pending',
  'unknown',
  'invited',
  'active',
  'deprovisioned',
]

function byStanding(a: PersonSummary, b: PersonSummary): number {
  return standingsInOrder.indexOf(a.standing) - standingsInOrder.indexOf(b.standing)
}

/** What is known about a person besides the resource. */
export interface Known {
  readonly record: AccessRecord | undefined
  readonly pending: PendingUser | undefined
  readonly signUp: Awaited<ReturnType<GatePolicy['signUp']>> | undefined
}

export function summaryOf(
  user: User,
  access: Omit<Access, 'reasons'>,
  known: Known,
): PersonSummary {
  const { record, pending } = known
  const email = emailOf(user)
  return {
    id: user.id,
    userName: user.userName,
    displayName: nameOf(user),
    ...(email !== undefined && { email }),
    active: user.active === true,
    access,
    standing: standingOf(known),
    origin: record?.account?.origin === 'imported' ? 'listed' : 'sent',
    ...(pending?.lastError !== undefined && { lastError: pending.lastError }),
  }
}

function standingOf({ record, pending, signUp }: Known): Standing {
  if (pending) return pending.failed ? 'failed' : 'pending'
  const isInvited = record?.enforced === 'active' && !record.account && signUp === 'invited'
  return isInvited ? 'invited' : (record?.enforced ?? 'unknown')
}

/** The name of a person in lists. */
export function nameOf(user: User): string {
  const { displayName, name } = user
  if (typeof displayName === 'string' && displayName !== '') return displayName
  if (typeof name !== 'object' || name === null || Array.isArray(name)) return user.userName
  const { formatted, givenName, familyName } = name as Readonly<Record<string, unknown>>
  if (typeof formatted === 'string' && formatted !== '') return formatted
  const parts = [givenName, familyName].filter((part) => typeof part === 'string' && part !== '')
  return parts.join(' ') || user.userName
}
