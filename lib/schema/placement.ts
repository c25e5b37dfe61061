import { invalidSyntax } from '../errors.js'
import { resolveExtensionAttribute } from '../filter/aliases.js'
import { isObject } from './json.js'
import { resolvePath } from './paths.js'
import type { ReadContext } from './read-context.js'
import { knownUrn } from './read-schemas.js'
import type { Json, JsonObject, ResourceType } from './types.js'

/**
 * A resource with its attributes where the schemas have them, of which some clients write some
 * elsewhere: those of the base schema under its URN (deviation `coreUrnAsKey`), and those of an
 * extension without the URN or with a dot behind it (`unqualifiedExtensionAttributes`,
 * `dottedExtensionAttributes`). The same object when all are in place.
 *
 * @throws ScimError `invalidSyntax` (400) when an attribute of the base schema is given in two
 *   places; what an extension says of its own attribute counts more than a copy beside it
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
    } else if (isObject(value)) {
      Object.assign(placed, withMembers(placed, value))
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

/** The key under which a resource has an extension. */
function extensionKey(
  type: ResourceType,
  resource: JsonObject,
  urn: string,
  context: ReadContext,
): string {
  return Object.keys(resource).find((key) => knownUrn(type, key, context) === urn) ?? urn
}

/** An extension with an attribute, unless it has this attribute or is no object. */
function withDefault(extension: Json, name: string, value: Json): Json {
  if (extension === null) return { [name]: value }
  if (!isObject(extension)) return extension
  const isThere = Object.keys(extension).some((key) => key.toLowerCase() === name.toLowerCase())
  return isThere ? extension : { ...extension, [name]: value }
}

/**
 * An object with more members.
 *
 * @throws ScimError `invalidSyntax` (400) when it has one of them already, in whatever case
 */
export function withMembers(object: JsonObject, members: JsonObject): JsonObject {
  const names = new Set(Object.keys(object).map((name) => name.toLowerCase()))
  const twin = Object.keys(members).find((name) => names.has(name.toLowerCase()))
  if (twin !== undefined) throw invalidSyntax(`Attribute "${twin}" is given more than once.`)
  return { ...object, ...members }
}
