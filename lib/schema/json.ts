import type { Json, JsonObject } from './types.js'

/** Whether this is a JSON object: no array, not `null`. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The own member of this lower-cased name, in whatever case it is spelled. */
export function memberNamed(object: JsonObject, lowerName: string): Json | undefined {
  const key = Object.keys(object).find((name) => name.toLowerCase() === lowerName)
  return key === undefined ? undefined : object[key]
}
