import { invalidSyntax, invalidValue } from '../errors.js'
import { resolveExtensionAttribute } from '../filter/aliases.js'
import { isUnassigned } from './empty-value.js'
import { isObject } from './json.js'
import { resolvePath } from './paths.js'
import type { ReadContext } from './read-context.js'
import { knownUrn } from './read-schemas.js'
import type { Json, JsonObject, ResourceType } from './types.js'
import { asAttributes } from './wrapped-value.js'

/**
 * Moves attributes to their place in the schemas. Some clients write attributes of the base schema
 * under its URN (deviation `coreUrnAsKey`), and attributes of an extension without the URN or with
 * a dot after it (`unqualifiedExtensionAttributes`, `dottedExtensionAttributes`). Returns the same
 * object if all are in place.
 *
 * @throws ScimError `invalidSyntax` (400) when an attribute of the base schema is given in two
 *   places, `invalidValue` (400) when the value under the URN of the base schema is not an object.
 *   For an attribute of an extension, the value inside the extension takes precedence over one
 *   outside
 */
export function inPlace(type: ResourceType, input: JsonObject, context: ReadContext): JsonObject {
  const stray = Object.keys(input).filter((key) => isStray(type, key, context))
  if (stray.length === 0) return input
  const placed: JsonObject = Object.fromEntries(
    Object.entries(input).filter(([key]) => !stray.includes(key)),
  )
  for (const key of stray) {
    const value = input[key] ?? null
    const path = resolveExtensionAttribute(type, key, context.deviations)
    if (path?.extension !== undefined && path.attribute !== undefined) {
      const own = extensionKey(type, placed, path.extension, context)
      placed[own] = withDefault(placed[own] ?? null, path.attribute.name, value)
    } else if (path?.attribute !== undefined) {
      Object.assign(placed, withMembers(placed, { [path.attribute.name]: value }))
    } else {
      Object.assign(placed, withMembers(placed, coreAttributes(type, value, context)))
    }
  }
  return placed
}

function isStray(type: ResourceType, key: string, context: ReadContext): boolean {
  const { deviations } = context
  if (!key.includes(':')) {
    return !type.attributes.has(key.toLowerCase()) && isName(type, key, context)
  }
  const urn = knownUrn(type, key, context)
  if (urn !== undefined) return urn === type.schema.id && deviations.has('coreUrnAsKey')
  return resolvePath(type, key) === undefined && isName(type, key, context)
}

function isName(type: ResourceType, key: string, { deviations }: ReadContext): boolean {
  const path = resolveExtensionAttribute(type, key, deviations)
  return path?.attribute !== undefined && path.sub === undefined
}

/** The key of an extension in a resource. */
function extensionKey(
  type: ResourceType,
  resource: JsonObject,
  urn: string,
  context: ReadContext,
): string {
  return Object.keys(resource).find((key) => knownUrn(type, key, context) === urn) ?? urn
}

/** Adds an attribute to an extension, unless it has the attribute already or is not an object. */
function withDefault(extension: Json, name: string, value: Json): Json {
  if (extension === null) return { [name]: value }
  if (!isObject(extension)) return extension
  const isThere = Object.keys(extension).some((key) => key.toLowerCase() === name.toLowerCase())
  return isThere ? extension : { ...extension, [name]: value }
}

/**
 * The attributes that a client gives under the URN of the base schema.
 *
 * @throws ScimError `invalidValue` (400) if the value is not an object
 */
export function coreAttributes(
  { schema }: ResourceType,
  value: Json,
  context: Pick<ReadContext, 'deviations'>,
): JsonObject {
  if (isUnassigned(value, context)) return {}
  const attributes = asAttributes(value, context)
  if (isObject(attributes)) return attributes
  throw invalidValue(`"${schema.id}" must be an object.`)
}

/**
 * Adds members to an object.
 *
 * @throws ScimError `invalidSyntax` (400) when it has one of them already, in any case
 */
export function withMembers(object: JsonObject, members: JsonObject): JsonObject {
  const names = new Set(Object.keys(object).map((name) => name.toLowerCase()))
  const twin = Object.keys(members).find((name) => names.has(name.toLowerCase()))
  if (twin !== undefined) throw invalidSyntax(`Attribute "${twin}" is given more than once.`)
  return { ...object, ...members }
}
