import type { Json, JsonObject } from '../schema/types.js'
import { anonymizeExpression } from './expressions.js'

/** How values are replaced. */
export interface Replacements {
  /** Replaces a text. */
  text(text: string): string
  /** Whether an attribute is never returned, or its name suggests a secret. */
  isSecret(attribute: string): boolean
}

export const notRecorded = 'not-recorded'

/** Keys whose values are defined by SCIM. */
const keptKeys = new Set(['schemas', 'op', 'method', 'bulkid', 'resourcetype', 'sortorder'])
/** Values from a small fixed set, or that do not identify a person. */
const keptTypes = new Set('work home other mobile fax pager photo thumbnail user group'.split(' '))
/** Replacements for attributes whose values are validated. */
const fixed: Readonly<Record<string, string>> = {
  country: 'US',
  locale: 'en-US',
  preferredlanguage: 'en',
  timezone: 'Europe/Paris',
}
const expressionKeys = new Set(['path', 'filter'])
const messageNumbers = new Set('startindex count itemsperpage totalresults failonerrors'.split(' '))

/**
 * A body with its values replaced. Structure, attribute names, booleans, operators and the form of
 * filters stay.
 */
export function anonymizeBody(body: JsonObject, replacements: Replacements): JsonObject {
  return anonymizeObject(body, replacements)
}

function anonymizeObject(object: JsonObject, replacements: Replacements, parent = ''): JsonObject {
  const path = typeof object['path'] === 'string' ? attributeAt(object['path']) : undefined
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      const attribute = key === 'value' && path !== undefined ? path : key
      const name = anonymizeExpression(key, (text) => replacements.text(text))
      return [name, anonymizeValue({ attribute, parent }, value, replacements)]
    }),
  )
}

/** The place of a value. */
interface RecordedPlace {
  readonly attribute: string
  /** The attribute around it, in lower case. */
  readonly parent: string
}

function anonymizeValue(place: RecordedPlace, value: Json, replacements: Replacements): Json {
  const name = attributeAt(place.attribute).toLowerCase()
  if (value === null || typeof value === 'boolean') return value
  if (replacements.isSecret(name)) return notRecorded
  if (keptKeys.has(name)) return value
  if (Array.isArray(value)) {
    return value.map((item) => anonymizeValue(place, item, replacements))
  }
  if (typeof value === 'object') return anonymizeObject(value, replacements, name)
  if (typeof value === 'number') {
    return messageNumbers.has(name) ? value : Number(replacements.text(String(Math.trunc(value))))
  }
  return anonymizeText({ attribute: name, parent: place.parent }, value, replacements)
}

function anonymizeText(
  { attribute: name, parent }: RecordedPlace,
  text: string,
  replacements: Replacements,
): string {
  if (expressionKeys.has(name)) return anonymizeExpression(text, (each) => replacements.text(each))
  if (name === 'type' && keptTypes.has(text.toLowerCase())) return text
  if (text !== '' && fixed[name] !== undefined) return fixed[name]
  if (parent === 'x509certificates' && name === 'value') return 'AAAA'
  const inner = text.startsWith('{') ? parsed(text) : undefined
  if (inner !== undefined) return JSON.stringify(anonymizeObject(inner, replacements))
  return replacements.text(text)
}

/** Parses text that contains JSON, as sent by Entra ID. */
function parsed(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return undefined
  }
}

/**
 * Name of the last attribute in a path: `value` of `emails[type eq "work"].value`, `manager` of
 * `urn:…:manager`.
 */
function attributeAt(path: string): string {
  const plain = path.replace(/\[[^\]]*\]?/g, '')
  return plain.slice(Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(':')) + 1) || path
}
