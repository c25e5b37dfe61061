import type { Access } from '../mapping/types.js'
import type { GroupStore } from './group-store.js'
import type { Read } from './query.js'
import { omitNothing } from './reads.js'
import type { Resource, User } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'

const concurrentReads = 8

/**
 * The resources with these ids; unknown ids are omitted. One call if the store supports it, else a
 * few at a time.
 */
export async function readMany<R extends Resource>(
  store: ResourceStore<R>,
  scope: Scope,
  ids: readonly string[],
  read: Read = omitNothing,
): Promise<readonly R[]> {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) return []
  if (store.getMany) return store.getMany(scope, distinct, read)
  const found = await mapConcurrently(distinct, concurrentReads, (id) => store.get(scope, id, read))
  return found.filter((resource) => resource !== undefined)
}

/**
 * The access of these people, in their order. One call if the store supports it, else a few at a
 * time.
 */
export async function resolveMany(
  groups: GroupStore,
  scope: Scope,
  people: readonly User[],
): Promise<readonly Access[]> {
  if (people.length === 0) return []
  if (groups.resolveAccessOf) return groups.resolveAccessOf(scope, people)
  return mapConcurrently(people, concurrentReads, (user) => groups.resolveAccess(scope, user))
}

/**
 * Like `Promise.all` over `items`, with at most `limit` at the same time; results in the order of
 * `items`.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
