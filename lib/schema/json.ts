import type { Json, JsonObject } from './types.js'

/** Whether this is an object: not an array, not `null`. */
export function isObject(value: Json | undefined): value is JsonObject
export function isObject(value: unknown): value is Readonly<Record<string, unknown>>
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object's own member, never one it inherits. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The own member of this lower-cased name, in whatever case it is spelled. */
export function memberNamed(object: JsonObject, lowerName: string): Json | undefined {
  const key = Object.keys(object).find((name) => name.toLowerCase() === lowerName)
  return key === undefined ? undefined : object[key]
}

/**
 * A copy of an object with further members.
 *
 * A literal does not serve here: on Node 20 each `{ ...object, added: … }` gets a hidden class of
 * its own, which takes a hundred times as long to make, and makes whatever reads it slow for as
 * long as it lives.
 */
export function extended<T extends object, A extends object>(object: T, added: A): T & A {
  return Object.assign({}, object, added)
}
