import { memoryAdapters } from '../../adapters/memory/index.js'
import type { Resource, Scope } from '../../lib/stores/index.js'
import { type AnyStore, type Defect, each, inGroups, inStores, inUsers } from './broken.js'

/** Stores that take an id for another one. */
export const idDefects: readonly Defect[] = [
  inStores('number resources', each('create.id'), (store) => ({
    async create(scope, resource, write) {
      const stored = await store.create(scope, resource, write)
      return { ...stored, id: 5 as unknown as string }
    },
  })),
  inStores('compare ids without case', each('get.exact'), (store) => ({
    get: (scope, id, read) => store.get(scope, id.toLowerCase(), read),
  })),
  inStores('trim ids that are deleted', each('get.exact'), (store) => ({
    delete: (scope, id, options) => store.delete(scope, id.trim(), options),
  })),
  inStores('keep resources in an object', each('get.unknown'), (store) => ({
    async get(scope, id, read) {
      const inherited = ({} as Record<string, unknown>)[id]
      return (await store.get(scope, id, read)) ?? (inherited as undefined)
    },
  })),
  inStores('look for groups too', ['users.types'], (users, { groups }) => ({
    get: async (scope, id, read) =>
      (await users.get(scope, id, read)) ?? (await groups.get(scope, id, read)),
  })),
  inStores('look for users too', ['groups.types', 'devices.types'], (store, { users }) => ({
    get: async (scope, id, read) =>
      (await store.get(scope, id, read)) ?? (await users.get(scope, id, read)),
  })),
  {
    name: 'number the resources of each type',
    breaks: ['ids.apart'],
    make() {
      const { users, groups, ...others } = memoryAdapters()
      const numbering = <S extends object>(store: S): S => {
        let last = 0
        const create = (scope: Scope, resource: Resource, write: never) => {
          last += 1
          return (store as unknown as AnyStore).create(
            scope,
            { ...resource, id: String(last) },
            write,
          )
        }
        return { ...store, create }
      }
      return { ...others, users: numbering(users), groups: numbering(groups) }
    },
  },
]

/** Stores that take a tenant for another one. */
export const tenantDefects: readonly Defect[] = [
  inUsers('read by the beginning of the tenant', ['users.tenants.names'], (users) => {
    const tenants = new Set<string>()
    const known = (tenant: string) => [...tenants].find((one) => tenant.startsWith(one)) ?? tenant
    return {
      query: (scope, query) => users.query({ ...scope, tenant: known(scope.tenant) }, query),
      create(scope, user, write) {
        tenants.add(scope.tenant)
        return users.create(scope, user, write)
      },
    }
  }),
  inGroups('link users of another tenant later', ['groups.tenants.members'], (groups) => ({
    replace: (scope, group, { members: _, ...write }) => groups.replace(scope, group, write),
  })),
]
