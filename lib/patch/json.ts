import { isObject } from '../schema/json.js'
import type { Json, JsonObject } from '../schema/types.js'

/** A copy of an object with one member set, or removed if the value is `undefined`. */
export function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const copy = { ...object }
  if (value === undefined) delete copy[name]
  else copy[name] = value
  return copy
}

/** Whether two JSON values are equal, regardless of the order of an object's members. */
export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  )
}
