import type { LookupKey, Scope } from '../../lib/stores/index.js'
import { type Defect, each, inStores, inUsers, unique } from './broken.js'

/** Stores whose keys are changed before they are stored and looked for. */
function withKeys(
  name: string,
  breaks: string[],
  change: (key: Pick<LookupKey, 'attribute' | 'key'>) => Partial<LookupKey>,
): Defect {
  return inStores(name, breaks, (store) => {
    const changed = <K extends Pick<LookupKey, 'attribute' | 'key'>>(keys: readonly K[]) =>
      keys.map((key) => ({ ...key, ...change(key) }))
    return {
      create: (scope, resource, write) =>
        store.create(scope, resource, { ...write, keys: changed(write.keys) }),
      find: async (scope, keys, read) => (await store.find?.(scope, changed(keys), read)) ?? [],
    }
  })
}

/** Stores that take a key for another one. */
export const keyDefects: readonly Defect[] = [
  withKeys('compare keys without case', each('create.keys', 'find.exact'), ({ key }) => ({
    key: key.toLowerCase(),
  })),
  withKeys('compare keys without accents', each('create.keys', 'find.exact'), ({ key }) => ({
    key: key.normalize('NFD').replace(/\p{M}/gu, ''),
  })),
  withKeys('compare keys without spaces at the end', each('create.keys', 'find.exact'), (all) => ({
    key: all.key.trimEnd(),
  })),
  withKeys('normalize keys', each('create.keys', 'find.exact'), ({ key }) => ({
    key: key.normalize('NFKC'),
  })),
  withKeys('compare keys as numbers', each('create.keys', 'find.exact'), ({ key }) => ({
    key: key === '' || Number.isNaN(Number(key)) ? key : String(Number(key)),
  })),
  withKeys('know no attributes of keys', unique('create.keys'), () => ({
    attribute: 'externalId',
  })),
  inStores('look for keys in all attributes', each('find.exact'), (store) => ({
    async find(scope, keys, read) {
      const names = ['userName', 'displayName', 'serial', 'externalId']
      const all = keys.flatMap(({ key }) => names.map((attribute) => ({ attribute, key })))
      return (await store.find?.(scope, all, read)) ?? []
    },
  })),
  inStores('find by the beginning of a key', each('find.exact'), (store) => ({
    async find(scope, keys, read) {
      const page = { kind: 'index', offset: 0, limit: 1000 } as const
      const { resources } = await store.query(scope, { ...read, page })
      return resources.filter(({ externalId }) =>
        keys.some(({ key }) => externalId?.startsWith(key)),
      )
    },
  })),
  inStores('let nobody share a key', each('create.shared'), (store) => ({
    create: (scope, resource, write) => {
      const keys = write.keys.map((key) => ({ ...key, unique: true }))
      return store.create(scope, resource, { ...write, keys })
    },
  })),
  inStores('find by keys of before', each('find.current'), (store) => {
    const before = new Map<string, readonly LookupKey[]>()
    return {
      create: (scope, resource, write) => {
        before.set(resource.id, write.keys)
        return store.create(scope, resource, write)
      },
      replace(scope, resource, write) {
        const keys = [...write.keys, ...(before.get(resource.id) ?? [])]
        return store.replace(scope, resource, { ...write, keys })
      },
    }
  }),
  inUsers('find people of all tenants', ['users.find.current'], (users) => {
    const scopes = new Map<string, Scope>()
    return {
      create(scope, user, write) {
        scopes.set(scope.tenant, scope)
        return users.create(scope, user, write)
      },
      async find(scope, keys, read) {
        const all = new Map([...scopes, [scope.tenant, scope]]).values()
        const found = [...all].map(async (one) => (await users.find?.(one, keys, read)) ?? [])
        return (await Promise.all(found)).flat()
      },
    }
  }),
]
