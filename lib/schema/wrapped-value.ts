import { isObject } from './json.js'
import type { ReadContext } from './read-context.js'
import type { AttributeDefinition, Json } from './types.js'

/**
 * Unwraps a value that some clients wrap: a singular value in an array of one (deviation
 * `arrayOfOne`), a simple value in an object with only `value`, and a complex value as JSON text
 * (deviation `jsonText`).
 */
export function asSent(
  definition: Pick<AttributeDefinition, 'type' | 'multiValued'>,
  value: Json,
  context: Pick<ReadContext, 'deviations'>,
): Json {
  const once = unwrap(definition, value, context)
  // Text in an array, and an array in text.
  return Array.isArray(once) === Array.isArray(value) ? once : unwrap(definition, once, context)
}

function unwrap(
  definition: Pick<AttributeDefinition, 'type' | 'multiValued'>,
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

/**
 * Unwraps an element of a list that has its own JSON text as its only value: Entra ID's app roles
 * (deviation `jsonText`).
 */
export function asElement(element: Json, { deviations }: Pick<ReadContext, 'deviations'>): Json {
  const text = deviations.has('jsonText') ? onlyValue(element) : null
  const whole = typeof text === 'string' ? parsed(text) : null
  return isObject(whole) && Object.hasOwn(whole, 'value') ? whole : element
}

/** Unwraps a value that stands for the attributes of an extension or of a resource. */
export function asAttributes(value: Json, context: Pick<ReadContext, 'deviations'>): Json {
  return asSent({ type: 'complex', multiValued: false }, value, context)
}

/** Longer texts are not taken for JSON, because the limits of a body do not apply inside. */
const longestJson = 32_768

/** Parses text that is the JSON of an object or array; returns other text unchanged. */
function parsed(text: string): Json {
  if (text.length > longestJson || !looksLikeJson(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Whether a text begins like the JSON of an object or array. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

/** The `value` of an object that contains nothing else, e.g. `{ "$ref": null, "value": "Ops" }`. */
function onlyValue(item: Json): Json {
  if (!isObject(item) || !Object.hasOwn(item, 'value')) return item
  const others = Object.entries(item).filter(
    ([name, member]) => name !== 'value' && member !== null,
  )
  return others.length === 0 ? (item['value'] ?? null) : item
}
