import { isObject } from '../schema/json.js'
import type { Json, JsonObject } from '../schema/types.js'
import type { CheckedOperation } from './bulk-request.js'

/** The order in which operations run, and the parts that are deferred. */
export interface BulkPlan {
  /** Indexes of operations. */
  readonly order: readonly number[]
  /**
   * By index: the bulkIds that a POST in a reference cycle is first created without; they are added
   * afterwards.
   */
  readonly deferred: ReadonlyMap<number, ReadonlySet<string>>
}

const reference = /^bulkId:(.+)$/s
const quotedReference = /"bulkId:([^"\\]+)"/g
const pathReference = /^\/?[^?#]*\/bulkId:([^/]+)\/?$/

/**
 * The bulkIds to which an operation refers: in its data, in the filter of a PATCH path, or as the
 * id in its path.
 */
export function referencesOf({ path, data }: CheckedOperation): ReadonlySet<string> {
  const inPath = pathReference.exec(path)?.[1]
  const found = new Set(inPath === undefined ? [] : [inPath])
  if (data !== undefined) collect(data, found)
  return found
}

/**
 * Plans a bulk request: operations run in their order, but one that needs a later operation runs
 * right after that (RFC 7644 §3.7.1). If POSTs refer to each other in a cycle, the first one runs
 * without the missing references. Takes linear time.
 *
 * @param operations `undefined` for those that are invalid
 */
export function planBulk(operations: readonly (CheckedOperation | undefined)[]): BulkPlan {
  const creators = creatorsOf(operations)
  const needs = operations.map((operation) => needsOf(operation, creators))
  const dependents = invert(needs)
  const order: number[] = []
  const deferred = new Map<number, Set<string>>()
  const reached = new Set<number>()

  const run = (first: number): void => {
    const ready = [first]
    for (let index = ready.shift(); index !== undefined; index = ready.shift()) {
      order.push(index)
      for (const dependent of dependents[index] ?? []) {
        const left = needs[dependent]
        if (!left?.delete(index) || left.size > 0) continue
        if (reached.has(dependent)) ready.push(dependent)
      }
    }
  }

  for (const index of operations.keys()) {
    reached.add(index)
    if (needs[index]?.size === 0) run(index)
  }
  for (const [index, operation] of operations.entries()) {
    const left = needs[index]
    if (!left || left.size === 0 || operation?.method !== 'POST') continue
    deferred.set(index, new Set([...left].flatMap((each) => operations[each]?.bulkId ?? [])))
    left.clear()
    run(index)
  }
  return { order, deferred }
}

/** Replaces references in data by the ids that are known. */
export function resolveReferences(value: Json, ids: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return ids.get(reference.exec(value)?.[1] ?? '') ?? value
  if (Array.isArray(value)) return value.map((element) => resolveReferences(element, ids))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key.toLowerCase() === 'path' && typeof member === 'string'
        ? resolveInFilter(member, ids)
        : resolveReferences(member, ids),
    ]),
  )
}

/** Replaces the reference in a path by its id. */
export function resolvePathReference(path: string, ids: ReadonlyMap<string, string>): string {
  const bulkId = pathReference.exec(path)?.[1]
  const id = bulkId === undefined ? undefined : ids.get(bulkId)
  return id === undefined ? path : path.replace(`bulkId:${bulkId}`, encodeURIComponent(id))
}

/**
 * Removes the parts of a resource that refer to these bulkIds, and returns them as PATCH operations
 * to apply once the ids are known.
 */
export function takeOut(
  data: JsonObject,
  bulkIds: ReadonlySet<string>,
  prefix = '',
): { readonly data: JsonObject; readonly later: JsonObject[] } {
  const kept: JsonObject = {}
  const later: JsonObject[] = []
  for (const [key, value] of Object.entries(data)) {
    if (!needsAny(value, bulkIds)) {
      kept[key] = value
    } else if (Array.isArray(value)) {
      kept[key] = value.filter((element) => !needsAny(element, bulkIds))
      const elements = value.filter((element) => needsAny(element, bulkIds))
      later.push({ op: 'add', path: `${prefix}${key}`, value: elements })
    } else if (isObject(value) && key.includes(':')) {
      const inner = takeOut(value, bulkIds, `${key}:`)
      kept[key] = inner.data
      later.push(...inner.later)
    } else {
      later.push({ op: 'add', path: `${prefix}${key}`, value })
    }
  }
  return { data: kept, later }
}

function creatorsOf(
  operations: readonly (CheckedOperation | undefined)[],
): ReadonlyMap<string, number> {
  const creators = new Map<string, number>()
  for (const [index, operation] of operations.entries()) {
    if (operation?.method !== 'POST' || operation.bulkId === undefined) continue
    if (!creators.has(operation.bulkId)) creators.set(operation.bulkId, index)
  }
  return creators
}

function needsOf(
  operation: CheckedOperation | undefined,
  creators: ReadonlyMap<string, number>,
): Set<number> {
  if (!operation) return new Set()
  const indexes = [...referencesOf(operation)].map((bulkId) => creators.get(bulkId))
  return new Set(indexes.filter((index) => index !== undefined))
}

function invert(needs: readonly ReadonlySet<number>[]): readonly number[][] {
  const dependents: number[][] = needs.map(() => [])
  for (const [index, needed] of needs.entries()) {
    for (const each of needed) dependents[each]?.push(index)
  }
  return dependents
}

function collect(value: Json, found: Set<string>): void {
  if (typeof value === 'string') {
    const bulkId = reference.exec(value)?.[1]
    if (bulkId !== undefined) found.add(bulkId)
  } else if (Array.isArray(value)) {
    for (const element of value) collect(element, found)
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key.toLowerCase() !== 'path' || typeof member !== 'string') collect(member, found)
      else for (const [, bulkId = ''] of member.matchAll(quotedReference)) found.add(bulkId)
    }
  }
}

function needsAny(value: Json, bulkIds: ReadonlySet<string>): boolean {
  const found = new Set<string>()
  collect(value, found)
  return [...found].some((bulkId) => bulkIds.has(bulkId))
}

function resolveInFilter(path: string, ids: ReadonlyMap<string, string>): string {
  return path.replace(quotedReference, (text, bulkId: string) => {
    const id = ids.get(bulkId)
    return id === undefined ? text : JSON.stringify(id)
  })
}
