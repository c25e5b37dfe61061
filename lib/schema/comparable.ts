import { parseDateTime } from './date-time.js'
import { isObject } from './json.js'
import { subAttribute } from './paths.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from './types.js'

/**
 * Version of the rules for comparable form. Raise it when they change, so that stores compute their
 * comparable values again.
 */
export const comparableForm = 1

/** A single value in comparable form. */
export type Comparable = string | number | boolean | null

/** Text for which `toLowerCase` suffices. */
const plainText = /^[ -~]*$/
/** Wide and narrow forms of characters: U+3000 and the block U+FF00 to U+FFEF. */
const wideOrNarrow = /[\u3000\uff00-\uffef]/g

/** Invisible characters: joiners, direction marks, soft hyphens. */
const format = /\p{Cf}/gu

/**
 * Folds text for comparison regardless of case: removes format characters, then applies width
 * mapping, lower case and NFC (the steps of UsernameCaseMapped, RFC 8265 §3.3). Both forms of the
 * small sigma become the same, so that part of a word folds as in the whole word. Folding is
 * idempotent.
 */
export function foldCase(text: string): string {
  if (plainText.test(text)) return text.toLowerCase()
  return text
    .replace(format, '')
    .replace(wideOrNarrow, (character) => character.normalize('NFKC'))
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC')
}

/**
 * The comparable form of a value of this attribute: text folded unless the attribute is caseExact,
 * a dateTime as milliseconds since 1970. A value that does not fit the attribute's type becomes
 * `null`.
 */
export function toComparable(definition: AttributeDefinition, value: Json): Comparable {
  switch (definition.type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'decimal':
    case 'integer':
      return typeof value === 'number' ? value : null
    case 'dateTime':
      return typeof value === 'string' ? (parseDateTime(value) ?? null) : null
    case 'complex':
      return null
    default:
      if (typeof value !== 'string') return null
      // Text of format characters alone stays: it is not empty, so that `pr` must find it.
      return definition.caseExact ? value : foldCase(value) || value
  }
}

/** A resource with every value in comparable form; names and structure stay as they are. */
export function comparableOf(type: ResourceType, resource: object): JsonObject {
  const comparable: JsonObject = {}
  for (const [name, value] of Object.entries(resource) as [string, Json | undefined][]) {
    if (value === undefined) continue
    const definition = type.attributes.get(name.toLowerCase())
    if (definition) {
      comparable[name] = comparableValue(definition, value)
      continue
    }
    const extension = type.extensionAttributes.get(name.toLowerCase())
    if (extension && isObject(value)) {
      comparable[name] = comparableObject(value, (key) =>
        extension.attributes.get(key.toLowerCase()),
      )
    }
  }
  return comparable
}

/**
 * Order of comparable values: text by code point, `false` before `true`; unassigned values are
 * equal to each other. Values of different kinds, which attributes of the same name in two resource
 * types may have, are ordered: booleans, numbers, text (B1).
 */
export function compareComparable(a: Comparable, b: Comparable): number {
  if (a === b) return 0
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const kinds = rankOf(a) - rankOf(b)
  return Number.isNaN(kinds) || kinds === 0 ? Number(a) - Number(b) : kinds
}

const ranks: Readonly<Record<string, number>> = { boolean: 0, number: 1, string: 2 }

/** The position of a kind of value among the others; NaN for no value. */
function rankOf(value: Comparable): number {
  return ranks[typeof value] ?? Number.NaN
}

/**
 * Whether an attribute with this value is present (`pr`, RFC 7644 §3.4.2.2): neither unassigned nor
 * empty.
 */
export function isPresent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  if (Array.isArray(value)) return value.some(isPresent)
  if (typeof value === 'object') return Object.values(value).some(isPresent)
  return true
}

function comparableValue(definition: AttributeDefinition, value: Json): Json {
  if (Array.isArray(value)) return value.map((element) => comparableValue(definition, element))
  if (definition.type !== 'complex') return toComparable(definition, value)
  if (!isObject(value)) return null
  return comparableObject(value, (name) => subAttribute(definition, name))
}

function comparableObject(
  value: JsonObject,
  find: (name: string) => AttributeDefinition | undefined,
): JsonObject {
  const comparable: JsonObject = {}
  for (const name of Object.keys(value)) {
    const definition = find(name)
    const member = value[name]
    if (definition && member !== undefined) comparable[name] = comparableValue(definition, member)
  }
  return comparable
}

/**
 * Compares by code point. UTF-16 units sort like code points, except that surrogates belong after
 * the units above them.
 */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
