import {
  type KeysetPosition,
  type KeysOf,
  type LookupKey,
  type Resource,
  type SharedValue,
  UniquenessError,
} from '../../lib/adapter/index.js'

/** A stored resource with its lookup keys. */
interface Row {
  resource: Resource
  keys: readonly LookupKey[]
}

/**
 * The resources of one type and tenant, with indexes. Everything is synchronous, so each method is
 * atomic.
 */
export interface Table {
  get(id: string): Resource | undefined
  /** Ids of the resources with this lookup key. */
  find(attribute: string, key: string): Iterable<string>
  size(): number
  /** Resources in order of `(meta.created, id)` from this index on. */
  slice(start: number, end?: number): Resource[]
  /** Index of the first resource after a position. */
  indexAfter(position: KeysetPosition): number
  /**
   * @throws UniquenessError when another resource has one of the unique keys; nothing is stored
   * then
   */
  put(resource: Resource, keys: readonly LookupKey[]): void
  /** Replaces the content of a resource without changing its lookup keys. */
  touch(resource: Resource): void
  /** @throws UniquenessError as `put` would */
  assertUnique(id: string, keys: readonly LookupKey[]): void
  remove(id: string): void
  /** Gives every resource these lookup keys. */
  makeKeys(keysOf: KeysOf): void
  /** Two resources for each shared value of an attribute. */
  shared(attribute: string): readonly SharedValue[]
}

export function createTable(): Table {
  const rows = new Map<string, Row>()
  const order: Row[] = []
  const index = createIndex()
  const assertUnique = (id: string, keys: readonly LookupKey[]) => {
    for (const { attribute, key, unique } of keys) {
      if (!unique) continue
      for (const other of index.find(attribute, key)) {
        if (other !== id) throw new UniquenessError(attribute)
      }
    }
  }

  return {
    get: (id) => rows.get(id)?.resource,
    find: index.find,
    size: () => order.length,
    slice: (start, end) => order.slice(start, end).map((row) => row.resource),
    indexAfter: (position) => countUpTo(order, position),
    assertUnique,
    put(resource, keys) {
      const { id, meta } = resource
      const row = rows.get(id)
      // Most changes do not change the keys.
      if (row !== undefined && areSame(row.keys, keys)) {
        row.resource = resource
        return
      }
      // An unchanged key may have become unique while others had it already.
      assertUnique(id, row === undefined ? keys : added(row.keys, keys))
      if (row === undefined) {
        const created = { resource, keys }
        order.splice(countUpTo(order, { created: meta.created, id }), 0, created)
        rows.set(id, created)
      } else {
        index.remove(id, row.keys)
        row.resource = resource
        row.keys = keys
      }
      index.add(id, keys)
    },
    touch(resource) {
      const row = rows.get(resource.id)
      if (row !== undefined) row.resource = resource
    },
    makeKeys(keysOf) {
      for (const [id, row] of rows) {
        index.remove(id, row.keys)
        row.keys = keysOf(row.resource)
        index.add(id, row.keys)
      }
    },
    shared: index.shared,
    remove(id) {
      const row = rows.get(id)
      if (row === undefined) return
      rows.delete(id)
      index.remove(id, row.keys)
      order.splice(countUpTo(order, { created: row.resource.meta.created, id }) - 1, 1)
    },
  }
}

/**
 * Ids by attribute and key. Most keys have one resource, and a set for each would take a quarter of
 * the memory.
 */
function createIndex() {
  const byAttribute = new Map<string, Map<string, string | Set<string>>>()
  const keysOf = (attribute: string) => {
    const known = byAttribute.get(attribute) ?? new Map<string, string | Set<string>>()
    byAttribute.set(attribute, known)
    return known
  }
  return {
    find(attribute: string, key: string): Iterable<string> {
      const ids = byAttribute.get(attribute)?.get(key) ?? []
      return typeof ids === 'string' ? [ids] : ids
    },
    shared(attribute: string): readonly SharedValue[] {
      const sets = [...(byAttribute.get(attribute)?.values() ?? [])]
      return sets.flatMap((ids) => {
        const [one, another] = typeof ids === 'string' ? [] : [...ids].sort()
        return one !== undefined && another !== undefined ? [{ one, another }] : []
      })
    },
    add(id: string, keys: readonly LookupKey[]) {
      for (const { attribute, key } of keys) {
        const ids = keysOf(attribute).get(key)
        if (ids === undefined) keysOf(attribute).set(key, id)
        else if (typeof ids !== 'string') ids.add(id)
        else if (ids !== id) keysOf(attribute).set(key, new Set([ids, id]))
      }
    },
    remove(id: string, keys: readonly LookupKey[]) {
      for (const { attribute, key } of keys) {
        const ids = keysOf(attribute).get(key)
        if (typeof ids === 'object') ids.delete(id)
        if (ids === id || (typeof ids === 'object' && ids.size === 0)) keysOf(attribute).delete(key)
      }
    },
  }
}

/** Those of `keys` that are not among `before`. */
function added(before: readonly LookupKey[], keys: readonly LookupKey[]): readonly LookupKey[] {
  const nameOf = ({ attribute, key }: LookupKey) => `${attribute}\n${key}`
  const names = new Set(before.map(nameOf))
  return keys.filter((key) => !names.has(nameOf(key)))
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

/** The number of rows at or before a position, by binary search. */
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
