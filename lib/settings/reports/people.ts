import { anyContains, emailOf, pathsOf } from '../../access/index.js'
import type { ResolvedFilter } from '../../filter/ast.js'
import type { Access } from '../../mapping/index.js'
import type { AccessRecord, AccessStore, PendingUser } from '../../stores/access-store.js'
import type { Page, Query } from '../../stores/query.js'
import { queryStore } from '../../stores/query-store.js'
import { readMany, resolveMany } from '../../stores/read-many.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { groupsCalled } from '../rules/groups.js'

/** How a person's access stands in the host. */
export type Standing = 'active' | 'deprovisioned' | 'pending' | 'failed' | 'unknown'

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
  /** `listed`: the host has the account, and no identity provider has ever sent this person. */
  readonly origin: 'sent' | 'listed'
  readonly lastError?: string
}

/** A page of people. */
export interface PeoplePage {
  readonly totalResults: number
  readonly people: readonly PersonSummary[]
}

const withoutGroups = { omit: new Set(['groups']) } as const

/** What people can be told apart by. */
export const peopleStates = ['listed', 'deactivated', 'waiting', 'failed'] as const

/** Which people to list; with a group or a state, nothing is searched for. */
export interface PeopleRequest {
  readonly search?: string
  readonly state?: (typeof peopleStates)[number]
  /** Name of a group: its direct members. Counts before `state`. */
  readonly group?: string
  readonly offset: number
  readonly limit: number
}

type FoundPeople = Pick<Page<User>, 'resources' | 'totalResults'>

/** People whose name or address contains the text, or all; in the order they came. */
export async function listPeople(
  context: SettingsContext,
  scope: Scope,
  page: PeopleRequest,
): Promise<PeoplePage> {
  const { resources, totalResults } = await findPeople(context, scope, page)
  const ids = resources.map(({ id }) => id)
  const { access } = context.adapters
  const [records, pending] = await Promise.all([
    access.getRecords(scope, ids),
    access.pendingOf(scope, ids),
  ])
  const recordOf = new Map(records.map((getRecord) => [getRecord.userId, getRecord]))
  const pendingOf = new Map(pending.map((entry) => [entry.userId, entry]))
  const accesses = await resolveMany(context.adapters.groups, scope, resources)
  const people = resources.flatMap((user, index) => {
    const access = accesses[index]
    if (access === undefined) return []
    const { reasons: _, ...given } = access
    return summaryOf(user, given, {
      record: recordOf.get(user.id),
      pending: pendingOf.get(user.id),
    })
  })
  return { totalResults, people }
}

function findPeople(
  context: SettingsContext,
  scope: Scope,
  page: PeopleRequest,
): Promise<FoundPeople> {
  const { group, state } = page
  if (group !== undefined) return membersCalled(context, scope, { ...page, group })
  if (state !== undefined) return peopleIn(context, scope, { ...page, state })
  return searchPeople(context, scope, page)
}

/** A page of a group's direct members; the total counts groups in it as well. */
async function membersCalled(
  context: SettingsContext,
  scope: Scope,
  { group, offset, limit }: PeopleRequest & { readonly group: string },
): Promise<FoundPeople> {
  const { users, groups } = context.adapters
  const [found] = await groupsCalled(context, scope, [group])
  if (!found) return { resources: [], totalResults: 0 }
  const { id } = found
  const whole = groups.listMembers ? undefined : await groups.get(scope, id, { omit: new Set() })
  const all = whole?.members ?? []
  const members =
    (await groups.listMembers?.(scope, id, { offset, limit })) ?? all.slice(offset, offset + limit)
  const counts = await groups.countMembers?.(scope, [id])
  const ids = members.filter(({ type }) => type !== 'Group').map(({ value }) => value)
  const resources = await readMany(users, scope, ids, withoutGroups)
  return { resources, totalResults: counts?.get(id) ?? Math.max(all.length, members.length) }
}

async function searchPeople(
  { adapters }: SettingsContext,
  scope: Scope,
  { search = '', offset, limit }: PeopleRequest,
): Promise<FoundPeople> {
  const text = search.trim()
  const query: Query = {
    ...withoutGroups,
    ...(text && { filter: anyContains(text) }),
    page: { kind: 'index', offset, limit },
  }
  return queryStore({ store: adapters.users, type: 'User' }, scope, query)
}

const maxInState = 10_000
const recordsPerPage = 500

/**
 * People in a state, as the ledger and the pending work have them; at most 10 000 are looked
 * through.
 */
async function peopleIn(
  { adapters }: SettingsContext,
  scope: Scope,
  page: PeopleRequest & { readonly state: NonNullable<PeopleRequest['state']> },
): Promise<FoundPeople> {
  const { state, offset, limit } = page
  if (state === 'deactivated') {
    const filter = inactive()
    const index = { kind: 'index', offset, limit } as const
    return queryStore({ store: adapters.users, type: 'User' }, scope, {
      ...withoutGroups,
      filter,
      page: index,
    })
  }
  const ids =
    state === 'listed'
      ? await listedIds(adapters.access, scope)
      : await pendingIds(adapters.access, scope, state === 'failed')
  const wanted = ids.slice(offset, offset + limit)
  const people = await readMany(adapters.users, scope, wanted, withoutGroups)
  const byId = new Map(people.map((user) => [user.id, user]))
  const resources = ids.flatMap((id) => byId.get(id) ?? [])
  return { resources, totalResults: ids.length }
}

function inactive(): ResolvedFilter {
  const nodes = pathsOf('User', ['active']).map(
    (path): ResolvedFilter => ({ kind: 'compare', path, operator: 'eq', value: false }),
  )
  return { kind: 'or', nodes }
}

async function pendingIds(
  access: AccessStore,
  scope: Scope,
  failed: boolean,
): Promise<readonly string[]> {
  const entries = await access.listPending(scope, { offset: 0, limit: maxInState, failed })
  return entries.map(({ userId }) => userId)
}

async function listedIds(access: AccessStore, scope: Scope): Promise<readonly string[]> {
  const ids: string[] = []
  let after: string | undefined
  for (;;) {
    const records = await access.listRecords(scope, {
      ...(after !== undefined && { afterUserId: after }),
      limit: recordsPerPage,
    })
    const listed = records.filter(({ account }) => account?.origin === 'imported')
    ids.push(...listed.map(({ userId }) => userId))
    after = records.at(-1)?.userId
    if (records.length < recordsPerPage || ids.length >= maxInState) return ids
  }
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
    origin: record?.account?.origin === 'imported' ? 'listed' : 'sent',
    ...(pending?.lastError !== undefined && { lastError: pending.lastError }),
  }
}

function standingOf({ record, pending }: Known): Standing {
  if (pending) return pending.failed ? 'failed' : 'pending'
  return record?.enforced ?? 'unknown'
}

/** How a person is called in lists. */
export function nameOf(user: User): string {
  const { displayName, name } = user
  if (typeof displayName === 'string' && displayName !== '') return displayName
  if (typeof name !== 'object' || name === null || Array.isArray(name)) return user.userName
  const { formatted, givenName, familyName } = name as Readonly<Record<string, unknown>>
  if (typeof formatted === 'string' && formatted !== '') return formatted
  const parts = [givenName, familyName].filter((part) => typeof part === 'string' && part !== '')
  return parts.join(' ') || user.userName
}
