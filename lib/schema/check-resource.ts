import { invalidValue } from '../errors.js'
import { isPresent } from './comparable.js'
import { isObject } from './json.js'
import { valuesAt } from './lookups.js'
import { subAttribute } from './paths.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from './types.js'

/**
 * Maximum length of an indexed value in UTF-16 units, because an index entry holds a few kilobytes
 * at most.
 */
const longestIndexed = 512

/**
 * Checks a resource as a whole: required attributes and extensions are present, `primary` is true
 * at most once per attribute (RFC 7643 §2.4), and indexed values are not too long.
 *
 * @param resource as {@link readResource} returns its attributes
 * @param changed names of the attributes to check, extensions by URN; default: all
 * @throws ScimError `invalidValue` naming the attribute
 */
export function checkResource(
  type: ResourceType,
  resource: JsonObject,
  changed?: readonly string[],
): void {
  const isConcerned = (name: string) => changed?.includes(name) ?? true
  for (const definition of type.attributes.values()) {
    if (isConcerned(definition.name)) checkAttribute(definition, resource, '')
  }
  for (const { schema, required } of type.extensions) {
    if (!isConcerned(schema.id)) continue
    const extension = resource[schema.id]
    if (isObject(extension)) checkAttributes(schema.attributes, extension, `${schema.id}:`)
    else if (required) throw invalidValue(`Extension "${schema.id}" is required.`)
  }
  for (const { name, path } of type.lookups) {
    if (!isConcerned(path.extension ?? path.attribute?.name ?? '')) continue
    for (const value of valuesAt(path, resource)) {
      if (typeof value === 'string' && value.length > longestIndexed) {
        throw invalidValue(`Attribute "${name}" must have at most ${longestIndexed} characters.`)
      }
    }
  }
}

function checkAttributes(
  definitions: Iterable<AttributeDefinition>,
  object: JsonObject,
  prefix: string,
): void {
  for (const definition of definitions) checkAttribute(definition, object, prefix)
}

function checkAttribute(definition: AttributeDefinition, object: JsonObject, prefix: string): void {
  const value = object[definition.name]
  if (value !== undefined) checkValue(definition, value, prefix)
  if (isMissing(definition, value)) {
    throw invalidValue(`Attribute "${prefix}${definition.name}" is required.`)
  }
}

/**
 * Clients need not send `schemas`, which is derived, or readOnly attributes, which the service
 * provider sets.
 */
function isMissing(definition: AttributeDefinition, value: Json | undefined): boolean {
  if (!definition.required || definition.mutability === 'readOnly') return false
  return definition.name !== 'schemas' && !isPresent(value)
}

function checkValue(definition: AttributeDefinition, value: Json, prefix: string): void {
  const { subAttributes, name } = definition
  if (!subAttributes) return
  requireOnePrimary(definition, value, prefix + name)
  if (!subAttributes.some((sub) => sub.required)) return
  for (const element of Array.isArray(value) ? value : [value]) {
    if (isObject(element)) checkAttributes(subAttributes, element, `${prefix}${name}.`)
  }
}

/**
 * Refuses a list in which `primary` is true more than once (RFC 7643 §2.4), because it is unclear
 * which value is meant.
 *
 * @throws ScimError `invalidValue` (400) naming the attribute
 */
export function requireOnePrimary(definition: AttributeDefinition, list: Json, path: string): void {
  if (!Array.isArray(list) || !subAttribute(definition, 'primary')) return
  if (countPrimaries(list) < 2) return
  throw invalidValue(`Attribute "${path}" must have "primary": true at most once.`)
}

/** How many values of a list are primary. */
export function countPrimaries(list: readonly Json[]): number {
  return list.filter((each) => isObject(each) && each['primary'] === true).length
}
