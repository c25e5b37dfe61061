import { isObject } from '../schema/json.js'
import type { Json, JsonObject } from '../schema/types.js'
import type { CheckedOperation } from './bulk-request.js'

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
