import type { Resource } from '../../lib/stores/index.js'
import { type Defect, each, everything, inStores, turn, unique } from './broken.js'

/** Stores that change, lose or add values. */
export const valueDefects: readonly Defect[] = [
  readingAs('return dates', each('create.echo'), (resource) => {
    const { meta } = resource
    return { ...resource, meta: { ...meta, created: new Date(meta.created) as unknown as string } }
  }),
  readingAs('lose milliseconds', each('create.echo'), (resource) => {
    const { meta } = resource
    return { ...resource, meta: { ...meta, created: meta.created.replace(/\.\d+Z/, '.000Z') } }
  }),
  readingAs('return null for no value', each('create.echo'), (resource) => ({
    externalId: null as never,
    ...resource,
  })),
  readingAs('take nobody for inactive', ['users.create.echo', 'users.replace.whole'], (all) => ({
    ...(all.meta.resourceType === 'User' && { active: true }),
    ...all,
  })),
  readingAs('trim text', ['users.create.echo'], (all) => ({
    ...all,
    ...(typeof all['nickName'] === 'string' && { nickName: all['nickName'].trim() }),
  })),
  readingAs('cut long text', ['users.create.echo'], (all) => ({
    ...all,
    ...(typeof all['title'] === 'string' && { title: all['title'].slice(0, 255) }),
  })),
  readingAs('keep one e-mail address for each type', ['users.create.echo'], (all) => {
    const emails = all['emails'] as { readonly type: string }[] | undefined
    const byType = new Map(emails?.map((email) => [email.type, email]))
    return { ...all, ...(emails && { emails: [...byType.values()] as never }) }
  }),
  readingAs('return a list of one value as the value', ['users.create.echo'], (all) => ({
    ...all,
    ...(Array.isArray(all['phoneNumbers']) && { phoneNumbers: all['phoneNumbers'][0] as never }),
  })),
  inStores('write into what they are given', each('create.input'), (store) => ({
    create(scope, resource, write) {
      Object.assign(resource, { _id: 'own' })
      return store.create(scope, resource, write)
    },
  })),
]

/** Stores that return each resource changed. */
function readingAs(name: string, breaks: string[], change: (all: Resource) => Resource): Defect {
  return inStores(name, breaks, (store) => ({
    create: async (scope, resource, write) => change(await store.create(scope, resource, write)),
    async get(scope, id, read) {
      const resource = await store.get(scope, id, read)
      return resource && change(resource)
    },
  }))
}

/** Stores that lose to others who write at the same time. */
export const raceDefects: readonly Defect[] = [
  inStores('bring back the deleted', each('replace.gone'), (store) => {
    const deleted = new Set<string>()
    return {
      async delete(scope, id, options) {
        const isDeleted = await store.delete(scope, id, options)
        if (isDeleted) deleted.add(id)
        return isDeleted
      },
      replace: (scope, resource, write) =>
        deleted.has(resource.id)
          ? store.create(scope, resource, write)
          : store.replace(scope, resource, write),
    }
  }),
  inStores('check the version and delete later', each('delete.race'), (store) => ({
    async delete(scope, id, { expectedVersion }) {
      const before = await store.get(scope, id, everything)
      await turn()
      const isExpected = before?.meta.version === expectedVersion
      return store.delete(scope, id, isExpected ? {} : { expectedVersion })
    },
  })),
  inStores('look for keys before they change them', unique('replace.uniqueness.race'), (store) => {
    const taken = new Set<unknown>()
    return {
      async replace(scope, resource, write) {
        const name = resource['userName'] ?? resource['serial']
        const isTaken = taken.has(name)
        await turn()
        taken.add(name)
        const keys = isTaken ? write.keys : []
        return store.replace(scope, resource, { ...write, keys })
      },
    }
  }),
]
