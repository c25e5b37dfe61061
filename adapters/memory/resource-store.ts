import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  comparePositions,
  evaluate,
  type IndexPlan,
  indexPlan,
  isAnsweredByPlan,
  type KeysetPosition,
  type KeysOf,
  type Lookup,
  mentionsGroups,
  type Page,
  type PageRequest,
  positionOf,
  type Query,
  type Resource,
  type ResourceStore,
  type Scope,
  type Sort,
  VersionMismatchError,
  warnOfShared,
} from '../../lib/adapter/index.js'
import type { State, TenantState } from './state.js'
import type { Table } from './table.js'

/** The differences between resource types. */
export interface Kind<R extends Resource> {
  readonly name: string
  /** The resource as it is read. */
  readonly view: (tenant: TenantState, resource: R, omit: ReadonlySet<string>) => R
  /** The resource with its groups, for filters on groups. */
  readonly filtered?: (tenant: TenantState, resource: R) => R
  /** Called before a resource is removed. */
  readonly onDelete: (tenant: TenantState, id: string) => void
}

const nothingOmitted: ReadonlySet<string> = new Set()

/** A store of one resource type, in maps. */
export function memoryResourceStore<R extends Resource>(
  state: State,
  kind: Kind<R>,
): ResourceStore<R> {
  const find = (tenant: TenantState, id: string) => tenant.table(kind.name).get(id) as R | undefined

  return {
    supports: { filter: true, sort: true, cursor: true, outbox: true },
    useKeys: (lookups, keysOf) => useKeys(state, kind.name, { lookups, keysOf }),
    async create(scope, resource, { keys, outbox }) {
      const table = state.of(scope).table(kind.name)
      return state.write(scope, outbox, () => {
        table.put(resource, keys)
        return resource
      })
    },
    async get(scope, id, { omit }) {
      const tenant = state.of(scope)
      const resource = find(tenant, id)
      return resource && kind.view(tenant, resource, omit)
    },
    async getMany(scope, ids, { omit }) {
      const tenant = state.of(scope)
      const found = ids.map((id) => find(tenant, id)).filter((resource) => resource !== undefined)
      return found.map((resource) => kind.view(tenant, resource, omit))
    },
    async find(scope, keys, { omit }) {
      const tenant = state.of(scope)
      const table = tenant.table(kind.name)
      const ids = new Set(keys.flatMap(({ attribute, key }) => [...table.find(attribute, key)]))
      const found = [...ids].flatMap((id) => find(tenant, id) ?? [])
      return found.map((resource) => kind.view(tenant, resource, omit))
    },
    async query(scope, query) {
      const tenant = state.of(scope)
      const page = await pageOf(tenant, kind, query, scope)
      const view = (resource: Resource) => kind.view(tenant, resource as R, query.omit)
      return { ...page, resources: page.resources.map(view) }
    },
    async replace(scope, resource, { keys, expectedVersion, outbox }) {
      const tenant = state.of(scope)
      requireVersion(find(tenant, resource.id), expectedVersion)
      return state.write(scope, outbox, () => {
        tenant.table(kind.name).put(resource, keys)
        return resource
      })
    },
    async delete(scope, id, { expectedVersion, outbox }) {
      const tenant = state.of(scope)
      const resource = find(tenant, id)
      if (resource === undefined) return false
      if (expectedVersion !== undefined) requireVersion(resource, expectedVersion)
      return state.write(scope, outbox, () => {
        kind.onDelete(tenant, id)
        tenant.table(kind.name).remove(id)
        return true
      })
    },
  }
}

interface KeyUse {
  readonly lookups: readonly Lookup[]
  readonly keysOf: KeysOf
}

/**
 * Computes the keys of all resources, and warns about duplicate values of an attribute that is
 * unique now.
 */
function useKeys(state: State, type: string, { lookups, keysOf }: KeyUse): void {
  const tables = [...state.tenants()].map((tenant) => tenant.table(type))
  for (const table of tables) table.makeKeys(keysOf)
  for (const { name, unique } of lookups) {
    if (unique)
      warnOfShared(
        type,
        name,
        tables.flatMap((table) => table.shared(name)),
      )
  }
}

/** @throws VersionMismatchError when the resource is gone or has another version */
export function requireVersion(resource: Resource | undefined, expectedVersion: string): void {
  if (resource?.meta.version !== expectedVersion) throw new VersionMismatchError()
}

async function pageOf<R extends Resource>(
  tenant: TenantState,
  kind: Kind<R>,
  query: Query,
  scope: Scope,
): Promise<Page<Resource>> {
  const table = tenant.table(kind.name)
  const { filter, sort } = query
  if (filter === undefined && sort === undefined) return pageOfTable(table, query.page)
  const { filtered } = kind
  const seen =
    filtered && filter && mentionsGroups(filter)
      ? (resource: R) => filtered(tenant, resource)
      : (resource: R) => kind.view(tenant, resource, nothingOmitted)
  const plan = filter && indexPlan(filter, kind.name)
  const candidates = plan ? planned(tenant, kind.name, plan) : table.slice(0)
  const isMatch =
    filter && !isAnsweredByPlan(filter, kind.name)
      ? (resource: Resource) => evaluate(filter, seen(resource as R))
      : () => true
  return select({ candidates, isMatch, scope }, query)
}

function pageOfTable(table: Table, page: PageRequest): Page<Resource> {
  const start = page.kind === 'index' ? page.offset : page.after ? table.indexAfter(page.after) : 0
  const resources = table.slice(start, start + page.limit)
  const hasMore = start + resources.length < table.size()
  return { resources, totalResults: table.size(), ...nextOf(resources, page, { hasMore }) }
}

interface Selection {
  readonly candidates: readonly Resource[]
  readonly isMatch: (resource: Resource) => boolean
  readonly scope: Scope
}

/** Resources looked at before other requests have their turn. */
const atOnce = 500

/** The page of those that match, looked for in steps, so that no other request has to wait. */
async function select(
  { candidates, isMatch, scope }: Selection,
  { page, sort }: Query,
): Promise<Page<Resource>> {
  const compare = comparePositions(sort)
  const after = page.kind === 'cursor' ? page.after : undefined
  const start = page.kind === 'index' ? page.offset : 0
  const end = start + page.limit
  let totalResults = 0
  const found = sortedFirst<Placed>(([, a], [, b]) => compare(a, b), end + 1)
  for (let done = 0; done < candidates.length; done += atOnce) {
    if (done > 0) await turnOf(scope)
    const matches = candidates.slice(done, done + atOnce).filter(isMatch)
    totalResults += matches.length
    const placed = matches.map((each) => [each, positionOf(each, sort)] as const)
    const further = after ? placed.filter(([, each]) => compare(each, after) > 0) : placed
    found.add(further)
  }
  const first = found.all()
  const resources = first.slice(start, end).map(([resource]) => resource)
  return {
    resources,
    totalResults,
    ...nextOf(resources, page, { sort, hasMore: first.length > end }),
  }
}

type Placed = readonly [Resource, KeysetPosition]

/**
 * The first `most` of what is added, in order. Only lists that are about as long are merged, so
 * that the cost does not grow with each addition.
 */
function sortedFirst<T>(compare: (a: T, b: T) => number, most: number) {
  const runs: T[][] = []
  const push = (list: readonly T[]) => runs.push([...list].sort(compare).slice(0, most))
  const merge = () => push(runs.splice(-2).flat())
  return {
    add(list: readonly T[]) {
      push(list)
      while ((runs.at(-2)?.length ?? Number.POSITIVE_INFINITY) <= (runs.at(-1)?.length ?? 0))
        merge()
    },
    all(): readonly T[] {
      while (runs.length > 1) merge()
      return runs[0] ?? []
    },
  }
}

async function turnOf(scope: Scope): Promise<void> {
  await nextTurn()
  scope.signal.throwIfAborted()
}

/** The position of the last resource of a cursor page that another page follows. */
function nextOf(
  resources: readonly Resource[],
  { kind }: PageRequest,
  { sort, hasMore }: { readonly sort?: Sort | undefined; readonly hasMore: boolean },
): Pick<Page<Resource>, 'next'> {
  const last = resources.at(-1)
  return kind === 'cursor' && hasMore && last ? { next: positionOf(last, sort) } : {}
}

function planned(tenant: TenantState, type: string, plan: IndexPlan): Resource[] {
  const ids = new Set(idsOf(tenant, type, plan))
  return [...ids].map((id) => tenant.table(type).get(id)).filter((found) => found !== undefined)
}

function idsOf(tenant: TenantState, type: string, plan: IndexPlan): Iterable<string> {
  switch (plan.kind) {
    case 'id':
      return [plan.id]
    case 'lookup':
      return tenant.table(type).find(plan.attribute, plan.key)
    case 'groupsWith':
      return tenant.memberships.groups(plan.memberId)
    case 'usersIn':
      return groupsOfPlan(tenant, plan).flatMap((id) => [...tenant.memberships.everythingIn(id)])
    case 'union':
      return plan.plans.flatMap((each) => [...idsOf(tenant, type, each)])
  }
}

function groupsOfPlan(
  tenant: TenantState,
  { by, group }: Extract<IndexPlan, { kind: 'usersIn' }>,
): readonly string[] {
  return by === 'value' ? [group] : [...tenant.table('Group').find('displayName', group)]
}
