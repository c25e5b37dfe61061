import { anyContains, emailOf } from '../../access/index.js'
import type { Access } from '../../mapping/index.js'
import { mapConcurrently } from '../../service/read-many.js'
import type { AccessRecord, PendingUser } from '../../stores/access-store.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** How a person's access stands in the host. */
export type Standing = 'active' | 'deprovisioned' | 'pending' | 'parked' | 'unknown'

/** One person on the list of people. */
export interface PersonSummary {
  readonly id: string
  readonly userName: string
  readonly displayName: string
  readonly email?: string
  /** SCIM `active`. */
  readonly active: boolean
  /** What the person's groups give now. */
  readonly access: Omit<Access, 'reasons'>
  readonly standing: Standing
  readonly lastError?: string
}

/** A page of people. */
export interface PeoplePage {
  readonly totalResults: number
  readonly people: readonly PersonSummary[]
}

const withoutGroups = { omit: new Set(['groups']) } as const
const concurrentReads = 8

/** People whose name or address contains the text, or all; in the order they came. */
export async function listPeople(
  context: SettingsContext,
  scope: Scope,
  page: { readonly search?: string; readonly offset: number; readonly limit: number },
): Promise<PeoplePage> {
  const { offset, limit } = page
  const search = page.search?.trim()
  const { resources, totalResults } = await context.adapters.users.query(scope, {
    ...withoutGroups,
    ...(search && { filter: anyContains(search) }),
    page: { kind: 'index', offset, limit },
  })
  const ids = resources.map(({ id }) => id)
  const { access } = context.adapters
  const [records, pending] = await Promise.all([
    access.records(scope, ids),
    access.pendingOf(scope, ids),
  ])
  const recordOf = new Map(records.map((record) => [record.userId, record]))
  const pendingOf = new Map(pending.map((entry) => [entry.userId, entry]))
  const people = await mapConcurrently(resources, concurrentReads, async (user) => {
    const { reasons: _, ...given } = await context.adapters.groups.resolveAccess(scope, user)
    return summaryOf(user, given, {
      record: recordOf.get(user.id),
      pending: pendingOf.get(user.id),
    })
  })
  return { totalResults, people }
}

/** What is known of a person beside the resource. */
export interface Known {
  readonly record: AccessRecord | undefined
  readonly pending: PendingUser | undefined
}

export function summaryOf(
  user: User,
  access: Omit<Access, 'reasons'>,
  { record, pending }: Known,
): PersonSummary {
  const email = emailOf(user)
  return {
    id: user.id,
    userName: user.userName,
    displayName: nameOf(user),
    ...(email !== undefined && { email }),
    active: user.active === true,
    access,
    standing: standingOf({ record, pending }),
    ...(pending?.lastError !== undefined && { lastError: pending.lastError }),
  }
}

function standingOf({ record, pending }: Known): Standing {
  if (pending) return pending.parked ? 'parked' : 'pending'
  return record?.enforced ?? 'unknown'
}

function nameOf(user: User): string {
  const { displayName, name } = user
  if (typeof displayName === 'string' && displayName !== '') return displayName
  if (typeof name !== 'object' || name === null || Array.isArray(name)) return user.userName
  const { formatted, givenName, familyName } = name as Readonly<Record<string, unknown>>
  if (typeof formatted === 'string' && formatted !== '') return formatted
  const parts = [givenName, familyName].filter((part) => typeof part === 'string' && part !== '')
  return parts.join(' ') || user.userName
}
