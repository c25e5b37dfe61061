import { isObject } from '../schema/json.js'
import { subAttribute } from '../schema/paths.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Projection } from './parse-projection.js'
import { byDefault, isReturned, nothing, type Shape, shapeOf } from './shape.js'

/** Input of a projection, besides the projection itself. */
export interface ProjectOptions {
  /**
   * Canonical paths of the attributes that the client set in this request, so that those with
   * `returned: request` are returned (RFC 7643 §7).
   */
  readonly sent?: ReadonlySet<string>
}

/**
 * The representation of a resource (RFC 7644 §3.9): the attributes that `projection` and their own
 * `returned` let through, and `schemas` with the base schema and the extensions that have
 * attributes in it (RFC 7643 §3). Unassigned attributes and those that no schema of the type has
 * are omitted. The argument is not changed; the result may share parts of it.
 *
 * A sub-attribute that is always returned is returned only together with its attribute.
 *
 * @param resource as sent to clients, including computed attributes
 */
export function project(
  type: ResourceType,
  resource: object,
  projection: Projection,
  options: ProjectOptions = {},
): JsonObject {
  const result: JsonObject = { schemas: [type.schema.id] }
  const schemas = [type.schema.id]
  const top = { shape: projection, prefix: '', ...options }
  for (const key of Object.keys(resource)) {
    const value = (resource as JsonObject)[key]
    const lower = key.toLowerCase()
    const definition = type.attributes.get(lower)
    if (definition) {
      const member = projectMember(definition, value, top)
      if (member !== undefined && definition.name !== 'schemas') result[definition.name] = member
      continue
    }
    const extension = type.extensionAttributes.get(lower)
    if (!extension || !isObject(value)) continue
    const place = {
      shape: shapeOf(projection, extension.urn),
      prefix: `${extension.urn}:`,
      ...options,
    }
    const find = (name: string) => extension.attributes.get(name.toLowerCase())
    const projected = projectObject(value, find, place)
    if (projected === undefined) continue
    result[extension.urn] = projected
    schemas.push(extension.urn)
  }
  result['schemas'] = schemas
  return result
}

interface ProjectedPlace extends ProjectOptions {
  readonly shape: Shape
  /** The text before a name in its path. */
  readonly prefix: string
  /** Whether the client set the attribute that the members belong to. */
  readonly wasSent?: boolean
}

function projectObject(
  object: JsonObject,
  find: (name: string) => AttributeDefinition | undefined,
  place: ProjectedPlace,
): JsonObject | undefined {
  const result: JsonObject = {}
  for (const name of Object.keys(object)) {
    const definition = find(name)
    const member = definition && projectMember(definition, object[name], place)
    if (definition && member !== undefined) result[definition.name] = member
  }
  return Object.keys(result).length === 0 ? undefined : result
}

function projectMember(
  definition: AttributeDefinition,
  value: Json | undefined,
  { shape, prefix, sent, wasSent }: ProjectedPlace,
): Json | undefined {
  if (value === undefined || value === null) return undefined
  const isSent = wasSent ?? sent?.has(prefix + definition.name) ?? false
  if (!isReturned(definition, shape, isSent)) return undefined
  const asked = shapeOf(shape, definition.name)
  const inner = asked === nothing ? byDefault : asked
  if (isTakenWhole(definition, inner)) return isEmpty(value) ? undefined : value
  const place = { shape: inner, prefix: '', wasSent: isSent }
  const find = (name: string) => subAttribute(definition, name)
  if (!Array.isArray(value)) return isObject(value) ? projectObject(value, find, place) : value
  const elements = value.flatMap((element) =>
    isObject(element) ? (projectObject(element, find, place) ?? []) : element,
  )
  return elements.length === 0 ? undefined : elements
}

/** Whether a value can be returned without removing any part. */
function isTakenWhole({ subAttributes }: AttributeDefinition, shape: Shape): boolean {
  if (!subAttributes) return true
  return (
    shape.kind === 'default' &&
    subAttributes.every(({ returned }) => returned === 'default' || returned === 'always')
  )
}

function isEmpty(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}
