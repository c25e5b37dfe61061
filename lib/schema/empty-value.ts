import { isAddresses, isDerived } from './core-schemas.js'
import { isObject } from './json.js'
import { subAttribute } from './paths.js'
import type { ReadContext } from './read-context.js'
import type { AttributeDefinition, Json } from './types.js'

/**
 * Whether a value unassigns its attribute: `null`, `[]` and, by deviation, the empty string (RFC
 * 7643 §2.5).
 */
export function isUnassigned(
  value: Json,
  { deviations }: Pick<ReadContext, 'deviations'>,
): boolean {
  if (value === null) return true
  if (value === '') return deviations.has('emptyStringClears')
  return Array.isArray(value) && value.length === 0
}

/**
 * Whether a client's value only says that there is none: an object whose `value` is unassigned, or
 * in which everything but `type` and `primary` is unassigned.
 */
export function saysNone(raw: Json, context: Pick<ReadContext, 'deviations'>): boolean {
  if (!isObject(raw)) return isUnassigned(raw, context)
  const members = Object.entries(raw).map(([key, member]) => ({
    name: key.toLowerCase(),
    isNone: isUnassigned(member, context),
  }))
  const value = members.find(({ name }) => name === 'value')
  if (value !== undefined) return value.isNone
  const given = members.filter(({ isNone }) => !isNone)
  return given.length < members.length && given.every(({ name }) => isLabel(name))
}

/**
 * Whether an element of a multi-valued attribute holds no value: it has only `type` and `primary`,
 * which describe a value (RFC 7643 §2.4). In a host's attribute without `value`, `type` may be the
 * value.
 */
export function holdsNothing(definition: AttributeDefinition, element: Json): boolean {
  const subs = definition.subAttributes
  if (!isObject(element) || subs === undefined) return false
  // An element without a required sub-attribute is refused instead.
  if (subs.some(({ required }) => required)) return false
  const isLabelled = subAttribute(definition, 'value') !== undefined || isAddresses(definition)
  return Object.keys(element).every((name) => {
    const sub = subAttribute(definition, name)
    return !sub || isDerived(sub) || name === 'primary' || (isLabelled && isLabel(name))
  })
}

function isLabel(name: string): boolean {
  return name === 'type' || name === 'primary'
}
