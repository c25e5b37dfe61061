import { isObject } from './json.js'
import type { ReadContext } from './read-context.js'
import type { AttributeDefinition, Json } from './types.js'

/**
 * A value without what some clients wrap around it: an array of one around a singular value
 * (deviation `arrayOfOne`), an object that says nothing but `value` in place of a simple one, and
 * the JSON text of a complex value (deviation `jsonText`).
 */
export function asSent(
  definition: AttributeDefinition,
  value: Json,
  { deviations }: Pick<ReadContext, 'deviations'>,
): Json {
  if (typeof value === 'string') {
    return definition.type === 'complex' && deviations.has('jsonText') ? parsed(value) : value
  }
  if (typeof value !== 'object' || value === null || !deviations.has('arrayOfOne')) return value
  if (definition.multiValued || !Array.isArray(value) || value.length !== 1) return value
  const only = value[0] ?? null
  return definition.type === 'complex' ? only : onlyValue(only)
}

/** The object or array that a text is the JSON of, else the text. */
function parsed(text: string): Json {
  if (!looksLikeJson(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Whether a text begins as the JSON of an object or an array does. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

/** The `value` of an object that says nothing else, e.g. `{ "$ref": null, "value": "Ops" }`. */
function onlyValue(item: Json): Json {
  if (!isObject(item) || !Object.hasOwn(item, 'value')) return item
  const others = Object.entries(item).filter(
    ([name, member]) => name !== 'value' && member !== null,
  )
  return others.length === 0 ? (item['value'] ?? null) : item
}
