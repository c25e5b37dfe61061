import type { Resource } from '../../lib/stores/index.js'
import { type Defect, each, inStores } from './broken.js'

/** Stores that list in another order, or not everything. */
export const listDefects: readonly Defect[] = [
  inStores('list what was changed last at the end', each('query.order'), (store) => ({
    async query(scope, query) {
      const page = await store.query(scope, query)
      const at = ({ meta }: Resource) => meta.lastModified
      const resources = [...page.resources].sort((a, b) => (at(a) < at(b) ? -1 : 1))
      return { ...page, resources }
    },
  })),
  inStores('list at most 100 resources', each('query.many'), (store) => ({
    query(scope, query) {
      const limit = Math.min(query.page.limit, 100)
      return store.query(scope, { ...query, page: { ...query.page, limit } })
    },
  })),
  inStores('read at most 100 ids', each('query.many'), (store) => ({
    getMany: async (scope, ids, read) =>
      (await store.getMany?.(scope, ids.slice(0, 100), read)) ?? [],
  })),
  inStores('find at most 100 resources', each('query.many'), (store) => ({
    find: async (scope, keys, read) =>
      ((await store.find?.(scope, keys, read)) ?? []).slice(0, 100),
  })),
]
