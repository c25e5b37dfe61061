import { toComparable } from './comparable.js'
import { isObject, own } from './json.js'
import { subAttribute } from './paths.js'
import type { AttributeDefinition, Json, JsonObject } from './types.js'

/**
 * The values of a multi-valued attribute by what makes two of them the same, so that the cost of
 * looking one up does not depend on how many there are. It holds positions in the list.
 */
export interface ListIndex {
  /**
   * Where the first value stands that counts as the same as this one; `undefined` when there is
   * none.
   */
  find(value: Json): number | undefined
  /** Takes note of a value at a position after all others. */
  note(value: Json, position: number): void
}

/**
 * An index over values of an attribute.
 *
 * Two values are the same when their `value`s are equal and, where a client may change `type`,
 * their `type`s are equal or one of them has none (RFC 7643 §2.4: the same `value` may be there
 * under several types). Values without `value`, such as addresses, are the same when all
 * sub-attributes but readOnly ones and `primary` are.
 */
export function indexValues(definition: AttributeDefinition, values: readonly Json[]): ListIndex {
  const positions = new Map<string, number>()
  const note = (value: Json, position: number): void => {
    for (const key of identify(definition, value).stored) {
      if (!positions.has(key)) positions.set(key, position)
    }
  }
  const find = (value: Json): number | undefined => {
    for (const key of identify(definition, value).wanted) {
      const position = positions.get(key)
      if (position !== undefined) return position
    }
    return undefined
  }
  values.forEach(note)
  return { find, note }
}

/** Keys under which a value is noted, and keys to look for, the best first. */
function identify(
  definition: AttributeDefinition,
  element: Json,
): { readonly stored: readonly string[]; readonly wanted: readonly string[] } {
  if (!isObject(element)) return only(keyOf(definition, element))
  const significant = subAttribute(definition, 'value')
  const value = significant && own(element, significant.name)
  if (significant === undefined || value === undefined) return only(wholeKey(definition, element))
  const key = keyOf(significant, value)
  const label = subAttribute(definition, 'type')
  if (label === undefined || label.mutability !== 'readWrite') return only(key)
  const type = own(element, label.name)
  const untyped = `untyped ${key}`
  if (type === undefined) return { stored: [key, untyped], wanted: [key] }
  const typed = `${JSON.stringify(keyOf(label, type))} ${key}`
  return { stored: [key, typed], wanted: [typed, untyped] }
}

function only(key: string) {
  return { stored: [key], wanted: [key] }
}

function keyOf(definition: AttributeDefinition, value: Json): string {
  const comparable = toComparable(definition, value)
  return `${typeof comparable}:${comparable}`
}

function wholeKey(definition: AttributeDefinition, element: JsonObject): string {
  const subs = definition.subAttributes ?? []
  const parts = subs
    .filter(({ name, mutability }) => mutability !== 'readOnly' && name !== 'primary')
    .map((sub) => [own(element, sub.name) ?? null].flat().map((value) => keyOf(sub, value)))
  return JSON.stringify(parts)
}
