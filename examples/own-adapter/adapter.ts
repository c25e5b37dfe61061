import type {
  Adapters,
  Group,
  GroupReference,
  Member,
  Query,
  Read,
  Resource,
  ResourceStore,
  Scope,
  User,
} from 'label-studio-scim'
import {
  UniquenessError,
  UnknownReferenceError,
  VersionMismatchError,
} from 'label-studio-scim/adapter'

/**
 * An adapter to start from: five short methods for each store, and what your application decides.
 * The library does the rest: it filters, sorts and writes whole groups, because there is no
 * `supports`. Replace the maps with your database, keep each method atomic, and run the conformance
 * kit (`label-studio-scim/testing`) until it passes.
 */
export function minimalAdapters(): Adapters {
  const users = minimalStore<User>()
  const groups = minimalStore<Group>()
  const shown = (scope: Scope, group: Group, omit: Read['omit'] = new Set()) =>
    omit.has('members')
      ? withMembers(group, [])
      : withNames(users.of(scope), groups.of(scope), group)
  return {
    users: {
      ...users,
      async delete(scope, id, options) {
        const isDeleted = await users.delete(scope, id, options)
        if (isDeleted) leaveGroups(groups.of(scope), id)
        return isDeleted
      },
      async deprovision() {},
      async applyAccess() {
        return { applied: [] }
      },
    },
    groups: {
      ...groups,
      async create(scope, group, write) {
        const stored = withMemberIds(users.of(scope), groups.of(scope), group)
        return shown(scope, await groups.create(scope, stored, write))
      },
      async replace(scope, group, write) {
        const stored = withMemberIds(users.of(scope), groups.of(scope), group)
        return shown(scope, await groups.replace(scope, stored, write))
      },
      async get(scope, id, { omit }) {
        const group = groups.of(scope).get(id)?.resource
        return group && shown(scope, group, omit)
      },
      async query(scope, query) {
        const page = await groups.query(scope, query)
        return { ...page, resources: page.resources.map((each) => shown(scope, each, query.omit)) }
      },
      async delete(scope, id, options) {
        const isDeleted = await groups.delete(scope, id, options)
        if (isDeleted) leaveGroups(groups.of(scope), id)
        return isDeleted
      },
      async groupsOf(scope, ids) {
        return new Map(ids.map((id) => [id, referencesOf([...groups.of(scope).values()], id)]))
      },
      async resolveAccess(_scope, user) {
        const nothing = { role: null, workspaces: [], projects: [], reasons: [] }
        return { active: user.active === true, ...nothing }
      },
    },
  }
}

interface Row<R> {
  readonly resource: R
  readonly keys: ReadonlySet<string>
}

type Rows<R> = Map<string, Row<R>>

function minimalStore<R extends Resource>(): ResourceStore<R> & { of(scope: Scope): Rows<R> } {
  const tenants = new Map<string, Rows<R>>()
  const of = ({ tenant }: Scope) => {
    const rows = tenants.get(tenant) ?? new Map()
    tenants.set(tenant, rows)
    return rows
  }
  const put = (
    rows: Rows<R>,
    resource: R,
    keys: Parameters<ResourceStore['create']>[2]['keys'],
  ) => {
    const unique = keys.filter((key) => key.unique)
    for (const { attribute, key } of unique) {
      for (const [id, row] of rows) {
        const isTaken = id !== resource.id && row.keys.has(`${attribute} ${key}`)
        if (isTaken) throw new UniquenessError(attribute)
      }
    }
    const names = unique.map(({ attribute, key }) => `${attribute} ${key}`)
    rows.set(resource.id, { resource, keys: new Set(names) })
    return resource
  }
  const expectVersion = (rows: Rows<R>, id: string, version: string | undefined) => {
    if (version !== undefined && rows.get(id)?.resource.meta.version !== version) {
      throw new VersionMismatchError()
    }
  }
  return {
    of,
    async create(scope, resource, { keys }) {
      return put(of(scope), resource, keys)
    },
    async get(scope, id) {
      return of(scope).get(id)?.resource
    },
    async query(scope, query) {
      return pageOfAll(
        [...of(scope).values()].map(({ resource }) => resource),
        query,
      )
    },
    async replace(scope, resource, { keys, expectedVersion }) {
      expectVersion(of(scope), resource.id, expectedVersion)
      return put(of(scope), resource, keys)
    },
    async delete(scope, id, { expectedVersion }) {
      if (!of(scope).has(id)) return false
      expectVersion(of(scope), id, expectedVersion)
      return of(scope).delete(id)
    },
  }
}

function pageOfAll<R extends Resource>(resources: R[], { filter, sort, page }: Query) {
  if (filter || sort || page.kind === 'cursor') throw new Error('Not supported.')
  const order = ({ meta, id }: R) => `${meta.created} ${id}`
  const sorted = resources.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return {
    resources: sorted.slice(page.offset, page.offset + page.limit),
    totalResults: sorted.length,
  }
}

/** The group as it is stored: each member once, and only by id, because names change later. */
function withMemberIds(users: Rows<User>, groups: Rows<Group>, group: Group): Group {
  const ids = [...new Set((group.members ?? []).map(({ value }) => value))]
  const unknown = ids.filter((id) => !users.has(id) && !groups.has(id))
  if (unknown.length > 0) throw new UnknownReferenceError(unknown)
  return withMembers(
    group,
    ids.map((value) => ({ value })),
  )
}

/** The group as it is read: each member with the type and name that it has now. */
function withNames(users: Rows<User>, groups: Rows<Group>, group: Group): Group {
  const members = (group.members ?? []).map(({ value }) => {
    const user = users.get(value)?.resource
    const resource = user ?? groups.get(value)?.resource
    const display = String(resource?.['displayName'] ?? user?.userName)
    return { value, type: user ? ('User' as const) : ('Group' as const), display }
  })
  return withMembers(group, members)
}

/** A group without members has no `members`, not an empty list. */
function withMembers({ members: _, ...rest }: Group, members: readonly Member[]): Group {
  return { ...rest, ...(members.length > 0 && { members }) } as Group
}

function leaveGroups(groups: Rows<Group>, id: string): void {
  for (const [groupId, { resource, keys }] of groups) {
    const members = resource.members?.filter(({ value }) => value !== id)
    if (members === undefined || members.length === resource.members?.length) continue
    const meta = { ...resource.meta, version: `${resource.meta.version}+` }
    groups.set(groupId, { resource: withMembers({ ...resource, meta }, members), keys })
  }
}

/** Level by level: a group that is found directly stays direct, although others lead to it too. */
function referencesOf(groups: readonly Row<Group>[], id: string): GroupReference[] {
  const found = new Map<string, GroupReference>()
  let memberIds = new Set([id])
  for (let direct = true; memberIds.size > 0; direct = false) {
    const around = groups
      .map(({ resource }) => resource)
      .filter((group) => group.members?.some(({ value }) => memberIds.has(value)))
      .filter((group) => !found.has(group.id))
    for (const { id, displayName, externalId } of around) {
      found.set(id, { id, displayName, ...(externalId && { externalId }), direct })
    }
    memberIds = new Set(around.map((group) => group.id))
  }
  return [...found.values()]
}
