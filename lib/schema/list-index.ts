import { toComparable } from './comparable.js'
import { isObject, own } from './json.js'
import { subAttribute } from './paths.js'
import type { AttributeDefinition, Json, JsonObject } from './types.js'

/**
 * An index of the values of a multi-valued attribute, so that the cost of finding an equal value
 * does not depend on their number. It holds positions in the list.
 */
export interface ListIndex {
  /**
   * The position of the first value that counts as equal to this one; `undefined` if there is none.
   */
  find(value: Json): number | undefined
  /** Adds a value at a position after all others, or in place of the same value. */
  note(value: Json, position: number): void
}

/**
 * Makes an index of values of an attribute.
 *
 * Two values are equal if their `value`s are equal and, if clients may change `type`, their `type`s
 * are equal or one has none (RFC 7643 §2.4: the same `value` may occur with several types). Values
 * without `value`, such as addresses, are equal if all sub-attributes except readOnly ones and
 * `primary` are.
 */
export function indexValues(definition: AttributeDefinition, values: readonly Json[]): ListIndex {
  const positions = new Map<string, number>()
  const note = (value: Json, position: number): void => {
    const { stored, outdated } = identify(definition, value)
    for (const key of stored) if (!positions.has(key)) positions.set(key, position)
    if (outdated !== undefined && positions.get(outdated) === position) positions.delete(outdated)
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

/**
 * Whether a change of a sub-attribute, or of the whole value without one, can make two values of an
 * attribute equal.
 */
export function tellsApart(
  definition: AttributeDefinition,
  sub: AttributeDefinition | undefined,
): boolean {
  const hasValue = subAttribute(definition, 'value') !== undefined
  return sub === undefined || !hasValue || sub.name === 'value' || sub.name === 'type'
}

interface Keys {
  /** Under which a value is indexed. */
  readonly stored: readonly string[]
  /** To look for, best match first. */
  readonly wanted: readonly string[]
  /** Under which it was indexed before it had a type. */
  readonly outdated?: string
}

function identify(definition: AttributeDefinition, element: Json): Keys {
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
  return { stored: [key, typed], wanted: [typed, untyped], outdated: untyped }
}

function only(key: string): Keys {
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
