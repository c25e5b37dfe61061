import { isObject } from '../schema/json.js'

/** The longest names of options that messages repeat. */
const maxNameLength = 32
const plainName = /^[A-Za-z][A-Za-z_-]*\d{0,2}$/
const plainChoice = /^[A-Za-z_ -]{1,24}$/

/**
 * The name of an option in a message. What cannot be one, such as a token in its place, is only
 * described.
 */
export function shownName(name: string): string {
  const isName = name.length <= maxNameLength && plainName.test(name)
  return isName ? `"${name}"` : `with a name of ${name.length} characters`
}

/**
 * What is wrong with a value, for a message. Messages end up in logs, and a host may give a secret
 * where it does not belong: a value is repeated only where `repeats` says that values of its type
 * are harmless, and anything else is described by its type.
 *
 * @param repeats the type of the option's values, if they are harmless
 */
export function describeValue(
  value: unknown,
  repeats: 'string' | 'number' | 'boolean' | undefined,
) {
  if (value === '') return 'is empty'
  if (typeof value !== repeats) return `is ${typeName(value)}`
  if (typeof value !== 'string') return `is ${value}`
  return plainChoice.test(value) ? `is "${value}"` : `is text of ${value.length} characters`
}

/** The type of a value, in words. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'an object'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}
