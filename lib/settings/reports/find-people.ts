import { anyContains, pathsOf } from '../../access/index.js'
import type { ResolvedFilter } from '../../filter/ast.js'
import { evaluate } from '../../filter/evaluate.js'
import { organizationRoles } from '../../mapping/index.js'
import { compareResources } from '../../sort/index.js'
import type { AccessStore } from '../../stores/access-store.js'
import { peopleBelow } from '../../stores/people-below.js'
import type { Sort } from '../../stores/query.js'
import { queryStore } from '../../stores/query-store.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import { recordPages } from '../../stores/record-pages.js'
import type { User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { groupsCalled } from '../rules/groups.js'
import type { PersonSummary } from './people.js'

/** The states by which people can be filtered. */
export const peopleStates = [
  'access',
  'invited',
  'listed',
  'deactivated',
  'waiting',
  'failed',
] as const
/** Roles that groups give; `none` leaves the role as it is in the host. */
export const peopleRoles = [...organizationRoles, 'none'] as const
/** Orders of the list. By default, people are listed in order of creation. */
export const peopleOrders = ['name', 'changed', 'state'] as const

/** Which people to list. All given conditions must hold. */
export interface PeopleRequest {
  readonly search?: string
  readonly state?: (typeof peopleStates)[number]
  readonly role?: (typeof peopleRoles)[number]
  /** Name of a group; lists its members, direct or through other groups. */
  readonly group?: string
  readonly sort?: (typeof peopleOrders)[number]
  readonly offset: number
  readonly limit: number
}

/** The people that the stores found. */
export interface FoundPeople {
  readonly users: readonly User[]
  readonly totalResults: number
  /**
   * A condition that no store can evaluate: `users` are candidates, and the page is still to be
   * selected. Absent: `users` are the page.
   */
  readonly isWanted?: (person: PersonSummary) => boolean
  /** False if there are more candidates than may be read. */
  readonly isComplete: boolean
}

/** Maximum number of people to read for one list. */
export const maxLookedThrough = 10_000

const maxGroupsInFilter = 50
const nobody: FoundPeople = { users: [], totalResults: 0, isComplete: true }

/** The query of a list. */
interface Question {
  readonly context: SettingsContext
  readonly scope: Scope
  readonly request: PeopleRequest
  /** Without the condition on the group. */
  readonly filter: ResolvedFilter | undefined
  readonly groupIds: readonly string[] | undefined
  readonly sort: Sort | undefined
}

/**
 * Finds people for a list. Text, group, `deactivated`, and the orders by name and change need one
 * query of the store. Roles and states depend on groups, ledger and pending work: at most
 * `maxLookedThrough` people are read for them, through an index where there is one.
 */
export async function findPeople(
  context: SettingsContext,
  scope: Scope,
  request: PeopleRequest,
): Promise<FoundPeople> {
  const groupIds = await idsOfGroups(context, scope, request)
  if (groupIds?.length === 0) return nobody
  const filter = allOf([
    searchFilter(request),
    request.state === 'deactivated' ? inactive() : undefined,
  ])
  const question = { context, scope, request, filter, groupIds, sort: sortOf(request) }
  const ids = await idsInState(context.adapters.access, scope, request.state)
  if (ids) return sortHere(question, await peopleWithIds(question, ids))
  if (groupIds && !context.adapters.users.supports?.groups) {
    const people = await peopleBelow(context.adapters, scope, groupIds)
    return sortHere(question, matching(question, people))
  }
  return isAskedOfStore(request) ? askStore(question) : lookThrough(question)
}

async function idsOfGroups(
  context: SettingsContext,
  scope: Scope,
  { group }: PeopleRequest,
): Promise<readonly string[] | undefined> {
  if (group === undefined) return undefined
  const exact = await groupsCalled(context, scope, [group])
  // Somebody may have typed a blank too many.
  const found = exact.length > 0 ? exact : await groupsCalled(context, scope, [group.trim()])
  return found.slice(0, maxGroupsInFilter).map(({ id }) => id)
}

function searchFilter({ search = '' }: PeopleRequest): ResolvedFilter | undefined {
  const text = search.trim()
  return text === '' ? undefined : anyContains(text)
}

function inactive(): ResolvedFilter {
  const nodes = pathsOf('User', ['active']).map(
    (path): ResolvedFilter => ({ kind: 'compare', path, operator: 'eq', value: false }),
  )
  return { kind: 'or', nodes }
}

function inGroups(ids: readonly string[] | undefined): ResolvedFilter | undefined {
  if (ids === undefined) return undefined
  const nodes = pathsOf('User', ['groups.value']).flatMap((path) =>
    ids.map((value): ResolvedFilter => ({ kind: 'compare', path, operator: 'eq', value })),
  )
  return nodes.length === 1 ? nodes[0] : { kind: 'or', nodes }
}

function allOf(filters: readonly (ResolvedFilter | undefined)[]): ResolvedFilter | undefined {
  const nodes = filters.filter((filter) => filter !== undefined)
  return nodes.length > 1 ? { kind: 'and', nodes } : nodes[0]
}

const sortPaths = { name: 'displayName', changed: 'meta.lastModified' } as const

function sortOf({ sort }: PeopleRequest): Sort | undefined {
  if (sort === undefined || sort === 'state') return undefined
  const [path] = pathsOf('User', [sortPaths[sort]])
  return path && { path, descending: sort === 'changed' }
}

function isAskedOfStore({ role, state, sort }: PeopleRequest): boolean {
  const isOfStore = state === undefined || state === 'deactivated'
  return role === undefined && isOfStore && sort !== 'state'
}

function wantedBy({ role, state }: PeopleRequest): (person: PersonSummary) => boolean {
  return (person) =>
    (role === undefined || (person.access.role ?? 'none') === role) &&
    (state === undefined || isInState(person, state))
}

function isInState(
  { origin, active, standing }: PersonSummary,
  state: NonNullable<PeopleRequest['state']>,
): boolean {
  const inState = {
    access: standing === 'active',
    invited: standing === 'invited',
    listed: origin === 'listed',
    deactivated: !active,
    waiting: standing === 'pending',
    failed: standing === 'failed',
  }
  return inState[state]
}

/** Reads the people with these ids, in their order, and keeps those that match text and group. */
async function peopleWithIds(question: Question, ids: readonly string[]): Promise<readonly User[]> {
  const { context, scope, groupIds } = question
  const { users, groups } = context.adapters
  const found = await readMany(users, scope, ids, omitGroups)
  const byId = new Map(matching(question, found).map((user) => [user.id, user]))
  const people = ids.flatMap((id) => byId.get(id) ?? [])
  if (!groupIds) return people
  const groupsOf = await groups.groupsOf(scope, [...byId.keys()])
  return people.filter(({ id }) => groupsOf.get(id)?.some((group) => groupIds.includes(group.id)))
}

function matching({ filter }: Question, users: readonly User[]): readonly User[] {
  return filter ? users.filter((user) => evaluate(filter, user)) : users
}

function sortHere({ request, sort }: Question, people: readonly User[]): FoundPeople {
  const users = sort ? [...people].sort(compareResources(sort)) : people
  return {
    users: users.slice(0, maxLookedThrough),
    totalResults: users.length,
    isWanted: wantedBy(request),
    isComplete: users.length < maxLookedThrough,
  }
}

async function idsInState(
  access: AccessStore,
  scope: Scope,
  state: PeopleRequest['state'],
): Promise<readonly string[] | undefined> {
  if (state === 'listed') return listedIds(access, scope)
  if (state === 'failed' || state === 'waiting') {
    return pendingIds(access, scope, state === 'failed')
  }
  return undefined
}

async function pendingIds(
  access: AccessStore,
  scope: Scope,
  failed?: boolean,
): Promise<readonly string[]> {
  const page = { offset: 0, limit: maxLookedThrough, ...(failed !== undefined && { failed }) }
  return (await access.listPending(scope, page)).map(({ userId }) => userId)
}

/** Reads all records page by page until there are enough. */
async function listedIds(access: AccessStore, scope: Scope): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const records of recordPages(access, scope)) {
    const listed = records.filter(({ account }) => account?.origin === 'imported')
    ids.push(...listed.map(({ userId }) => userId))
    if (ids.length >= maxLookedThrough) break
  }
  return ids
}

/** A single query returns the page. */
async function askStore(question: Question): Promise<FoundPeople> {
  const { offset, limit } = question.request
  const found = await query(question, undefined, { offset, limit })
  return { users: found.resources, totalResults: found.totalResults, isComplete: true }
}

/**
 * Reads the first people that the store finds. If they are ordered by state, pending people come
 * first.
 */
async function lookThrough(question: Question): Promise<FoundPeople> {
  const { context, scope, request } = question
  const giving = await groupsGiving(question)
  if (giving?.length === 0) return nobody
  const found = await query(question, giving, { offset: 0, limit: maxLookedThrough })
  const isComplete = found.totalResults <= maxLookedThrough
  const waiting =
    request.sort === 'state' && !isComplete
      ? await peopleWithIds(question, await pendingIds(context.adapters.access, scope))
      : []
  const byId = new Map([...waiting, ...found.resources].map((user) => [user.id, user]))
  const users = [...byId.values()]
  return { users, totalResults: users.length, isWanted: wantedBy(request), isComplete }
}

/**
 * The groups that rules name for the role. `undefined` if something else gives the role or there
 * are too many groups: people must be read one by one then.
 */
async function groupsGiving({
  context,
  scope,
  request: { role },
}: Question): Promise<readonly string[] | undefined> {
  const { adapters, policy } = context
  const isGivenElsewhere =
    role === undefined ||
    ['none', 'Not Activated', 'Deactivated', policy.defaultRole].includes(role) ||
    policy.roles_users?.some(([given]) => given === role)
  if (isGivenElsewhere || !adapters.users.supports?.groups) return undefined
  const { rules } = await adapters.access.rules(scope)
  const names = rules.roles_groups.flatMap(([given, group]) => (given === role ? [group] : []))
  const groups = await groupsCalled(context, scope, names)
  return groups.length > maxGroupsInFilter ? undefined : groups.map(({ id }) => id)
}

function query(
  { context, scope, filter, groupIds, sort }: Question,
  giving: readonly string[] | undefined,
  page: Pick<PeopleRequest, 'offset' | 'limit'>,
) {
  const everything = allOf([filter, inGroups(groupIds), inGroups(giving)])
  return queryStore({ store: context.adapters.users, type: 'User' }, scope, {
    ...omitGroups,
    ...(everything && { filter: everything }),
    ...(sort && { sort }),
    page: { kind: 'index', ...page },
  })
}
