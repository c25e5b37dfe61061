import type { Json, JsonObject } from './types.js'

/** Whether a value is an object, i.e. neither an array nor `null`. */
export function isObject(value: Json | undefined): value is JsonObject
export function isObject(value: unknown): value is Readonly<Record<string, unknown>>
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object's own member, never an inherited one. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** An object's own member by its lower-cased name, in any case. */
export function memberNamed(object: JsonObject, lowerName: string): Json | undefined {
  const key = Object.keys(object).find((name) => name.toLowerCase() === lowerName)
  return key === undefined ? undefined : object[key]
}

/**
 * A copy of an object with further members.
 *
 * Not an object literal: on Node 20 each `{ ...object, added: … }` gets its own hidden class, which
 * is a hundred times slower to make and slows down all code that reads the object.
 */
export function extended<T extends object, A extends object>(object: T, added: A): T & A {
  return Object.assign({}, object, added)
}

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
