import { type MemoryOptions, memoryAdapters } from '../../adapters/memory/index.js'
import { resolveAccess } from '../../lib/mapping/index.js'
import {
  type Adapters,
  type Group,
  type GroupReference,
  type Page,
  type Query,
  type Resource,
  type ResourceStore,
  type Scope,
  UniquenessError,
  UnknownReferenceError,
  type User,
  VersionMismatchError,
} from '../../lib/stores/index.js'
import type { Write } from '../../lib/stores/write.js'

/** One call of a store. */
export interface Call {
  /** `users.get` */
  readonly name: string
  readonly args: readonly unknown[]
}

/** Adapters that record every call; `calls` is emptied by `calls.length = 0`. */
export function watched<A extends Adapters>(adapters: A): A & { readonly calls: Call[] } {
  const calls: Call[] = []
  const watch = <S extends object>(storeName: string, store: S): S =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          calls.push({ name: `${storeName}.${String(name)}`, args })
          return value.apply(target, args)
        }
      },
    })
  const { access, audit } = adapters
  return {
    ...adapters,
    users: watch('users', adapters.users),
    groups: watch('groups', adapters.groups),
    ...(access && { access: watch('access', access) }),
    ...(audit && { audit: watch('audit', audit) }),
    calls,
  }
}

/** Memory adapters with some methods of the stores replaced. */
export function altered(
  changes: {
    readonly users?: Partial<Adapters['users']>
    readonly groups?: Partial<Adapters['groups']>
    readonly audit?: Partial<NonNullable<Adapters['audit']>>
  },
  options?: MemoryOptions,
) {
  const adapters = memoryAdapters(options)
  return {
    ...adapters,
    users: { ...adapters.users, ...changes.users },
    groups: { ...adapters.groups, ...changes.groups },
    audit: { ...adapters.audit, ...changes.audit },
  }
}

/**
 * What a host without any capability writes: five short methods a store, and no more than the
 * interface requires.
 */
export function minimalAdapters(): Adapters {
  const users = minimalStore<User>()
  const groups = minimalStore<Group>()
  const isKnown = (scope: Scope, id: string) =>
    users.all(scope).some((each) => each.id === id) ||
    groups.all(scope).some((each) => each.id === id)
  const requireKnown = (scope: Scope, group: Group) => {
    const unknown = idsOf(group).filter((id) => !isKnown(scope, id))
    if (unknown.length > 0) throw new UnknownReferenceError(unknown)
  }
  return {
    users: {
      ...users.store,
      deprovision: async () => {},
      applyAccess: async () => ({ applied: [] }),
    },
    groups: {
      ...groups.store,
      create: async (scope, group, write) => {
        requireKnown(scope, group)
        return groups.store.create(scope, group, write)
      },
      replace: async (scope, group, write) => {
        requireKnown(scope, group)
        return groups.store.replace(scope, group, write)
      },
      groupsOf: async (scope, ids) =>
        new Map(ids.map((id) => [id, referencesTo(groups.all(scope), id)])),
      resolveAccess: async (_, user) =>
        resolveAccess(
          { roles_groups: [], workspaces_groups: [], projects_groups: [] },
          [],
          { onNoRole: 'keep', defaultRole: null, ignoreCase: false, allowSystemRoles: false },
          { active: user.active === true, hadRole: false },
        ),
    },
    resourceStore: () => minimalStore<Resource>().store,
  }
}

function minimalStore<R extends Resource>() {
  const tenants = new Map<string, Map<string, { resource: R; write: Write }>>()
  const of = ({ tenant }: Scope) => {
    const table = tenants.get(tenant) ?? new Map<string, { resource: R; write: Write }>()
    tenants.set(tenant, table)
    return table
  }
  const requireFree = (scope: Scope, resource: R, { keys }: Write) => {
    for (const { resource: other, write } of of(scope).values()) {
      if (other.id === resource.id) continue
      const taken = keys.find(
        (key) =>
          key.unique &&
          write.keys.some(
            ({ attribute, key: text }) => attribute === key.attribute && text === key.key,
          ),
      )
      if (taken) throw new UniquenessError(taken.attribute)
    }
  }
  const requireVersion = (scope: Scope, id: string, version: string | undefined) => {
    if (version !== undefined && of(scope).get(id)?.resource.meta.version !== version) {
      throw new VersionMismatchError()
    }
  }
  const store: ResourceStore<R> = {
    async create(scope, resource, write) {
      requireFree(scope, resource, write)
      of(scope).set(resource.id, { resource, write })
      return resource
    },
    get: async (scope, id) => of(scope).get(id)?.resource,
    async query(scope, { page }: Query): Promise<Page<R>> {
      if (page.kind !== 'index') throw new Error('no cursors here')
      const all = [...of(scope).values()].map(({ resource }) => resource)
      return {
        resources: all.slice(page.offset, page.offset + page.limit),
        totalResults: all.length,
      }
    },
    async replace(scope, resource, write) {
      requireVersion(scope, resource.id, write.expectedVersion)
      requireFree(scope, resource, write)
      of(scope).set(resource.id, { resource, write })
      return resource
    },
    async delete(scope, id, { expectedVersion }) {
      if (of(scope).has(id)) requireVersion(scope, id, expectedVersion)
      return of(scope).delete(id)
    },
  }
  return { store, all: (scope: Scope) => [...of(scope).values()].map(({ resource }) => resource) }
}

function idsOf(group: Group): string[] {
  return (group.members ?? []).map(({ value }) => value)
}

function referencesTo(groups: readonly Group[], id: string): GroupReference[] {
  return groups
    .filter((group) => idsOf(group).includes(id))
    .map(({ id: groupId, displayName }) => ({ id: groupId, displayName, direct: true }))
}
