import {
  type KeysetPosition,
  type LookupKey,
  type Resource,
  UniquenessError,
} from '../../lib/stores/index.js'

/** A stored resource with its lookup keys. */
interface Row {
  resource: Resource
  keys: readonly LookupKey[]
}

/** The resources of one type and tenant, with indexes. Everything is synchronous, so each method is atomic. */
export interface Table {
  get(id: string): Resource | undefined
  /** Ids of the resources with this lookup key. */
  find(attribute: string, key: string): ReadonlySet<string>
  size(): number
  /** Resources in order of `(meta.created, id)` from this index on. */
  slice(start: number, end?: number): Resource[]
  /** Index of the first resource after a position. */
  indexAfter(position: KeysetPosition): number
  /** @throws UniquenessError when another resource has one of the unique keys; nothing is stored then */
  put(resource: Resource, keys: readonly LookupKey[]): void
  /** The same resource with other content, lookup keys as they are. */
  touch(resource: Resource): void
  /** @throws UniquenessError as `put` would */
  assertUnique(id: string, keys: readonly LookupKey[]): void
  remove(id: string): void
}

const none: ReadonlySet<string> = new Set()

export function createTable(): Table {
  const rows = new Map<string, Row>()
  const order: Row[] = []
  const byKey = new Map<string, Set<string>>()
  const find = (attribute: string, key: string) => byKey.get(indexKey(attribute, key)) ?? none

  const addKeys = (id: string, keys: readonly LookupKey[]) => {
    for (const { attribute, key } of keys) {
      const name = indexKey(attribute, key)
      const ids = byKey.get(name)
      if (ids) ids.add(id)
      else byKey.set(name, new Set([id]))
    }
  }
  const removeKeys = (id: string, keys: readonly LookupKey[]) => {
    for (const { attribute, key } of keys) {
      const name = indexKey(attribute, key)
      const ids = byKey.get(name)
      ids?.delete(id)
      if (ids?.size === 0) byKey.delete(name)
    }
  }
  const assertUnique = (id: string, keys: readonly LookupKey[]) => {
    for (const { attribute, key, unique } of keys) {
      if (!unique) continue
      for (const other of find(attribute, key)) {
        if (other !== id) throw new UniquenessError(attribute)
      }
    }
  }

  return {
    get: (id) => rows.get(id)?.resource,
    find,
    size: () => order.length,
    slice: (start, end) => order.slice(start, end).map((row) => row.resource),
    indexAfter: (position) => countUpTo(order, position),
    assertUnique,
    put(resource, keys) {
      const { id, meta } = resource
      assertUnique(id, keys)
      const row = rows.get(id)
      if (row === undefined) {
        const added = { resource, keys }
        order.splice(countUpTo(order, { created: meta.created, id }), 0, added)
        rows.set(id, added)
      } else {
        row.resource = resource
        // Most changes leave the keys as they are.
        if (areSame(row.keys, keys)) return
        removeKeys(id, row.keys)
        row.keys = keys
      }
      addKeys(id, keys)
    },
    touch(resource) {
      const row = rows.get(resource.id)
      if (row !== undefined) row.resource = resource
    },
    remove(id) {
      const row = rows.get(id)
      if (row === undefined) return
      rows.delete(id)
      removeKeys(id, row.keys)
      order.splice(countUpTo(order, { created: row.resource.meta.created, id }) - 1, 1)
    },
  }
}

function areSame(keys: readonly LookupKey[], others: readonly LookupKey[]): boolean {
  return (
    keys.length === others.length &&
    keys.every((each, index) => {
      const other = others[index]
      return other?.key === each.key && other.attribute === each.attribute
    })
  )
}

function indexKey(attribute: string, key: string): string {
  return `${attribute}\n${key}`
}

/** How many rows are at or before a position: a binary search. */
function countUpTo(order: readonly Row[], { created, id }: KeysetPosition): number {
  let low = 0
  let high = order.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const resource = order[middle]?.resource
    if (resource !== undefined && isAfter(resource, created, id)) high = middle
    else low = middle + 1
  }
  return low
}

function isAfter({ meta, id: otherId }: Resource, created: string, id: string): boolean {
  return meta.created > created || (meta.created === created && otherId > id)
}
