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

/** Makes representations of resources of one type. */
export type Projector = (resource: object) => JsonObject

/**
 * Makes the representation of resources (RFC 7644 §3.9): the attributes that `projection` and their
 * own `returned` let through, and `schemas` with the base schema and the extensions that have
 * attributes in it (RFC 7643 §3). Unassigned attributes and those that no schema of the type has
 * are omitted. A resource is not changed; its representation may share parts of it.
 *
 * A sub-attribute that is always returned is returned only together with its attribute.
 *
 * What becomes of an attribute is decided once, however many resources have it.
 */
export function projector(
  type: ResourceType,
  projection: Projection,
  options: ProjectOptions = {},
): Projector {
  const known = new Map<string, ProjectedMember>()
  const memberNamed = (key: string) => {
    const member = known.get(key) ?? decideMember(type, key, { projection, options })
    if (member) known.set(key, member)
    return member
  }
  return (resource) => {
    const schemas = [type.schema.id]
    const result: JsonObject = { schemas }
    for (const key of Object.keys(resource)) {
      const value = (resource as JsonObject)[key]
      const member = memberNamed(key)
      const shown = member && value !== undefined ? member.show(value) : undefined
      if (member === undefined || shown === undefined) continue
      result[member.name] = shown
      if (member.isExtension) schemas.push(member.name)
    }
    return result
  }
}

/** The representation of one resource, as from a {@link projector}. */
export function project(
  type: ResourceType,
  resource: object,
  projection: Projection,
  options?: ProjectOptions,
): JsonObject {
  return projector(type, projection, options)(resource)
}

/** A member of a resource that its representation may have. */
interface ProjectedMember {
  /** As its schema writes it. */
  readonly name: string
  readonly isExtension: boolean
  /** What is shown of a value; `undefined` if nothing is. */
  show(value: Json): Json | undefined
}

interface Decision {
  readonly projection: Projection
  readonly options: ProjectOptions
}

/** `undefined` for a member that no schema of the type has, or that is made here. */
function decideMember(
  type: ResourceType,
  key: string,
  { projection, options }: Decision,
): ProjectedMember | undefined {
  const lower = key.toLowerCase()
  const definition = type.attributes.get(lower)
  if (definition) {
    if (definition.name === 'schemas') return undefined
    const show = shower(definition, { shape: projection, prefix: '', ...options })
    return { name: definition.name, isExtension: false, show }
  }
  const extension = type.extensionAttributes.get(lower)
  if (!extension) return undefined
  const { urn, attributes } = extension
  const place = { shape: shapeOf(projection, urn), prefix: `${urn}:`, ...options }
  const find = (name: string) => attributes.get(name.toLowerCase())
  const show = (value: Json) => (isObject(value) ? projectObject(value, find, place) : undefined)
  return { name: urn, isExtension: true, show }
}

interface ProjectedPlace extends ProjectOptions {
  readonly shape: Shape
  /** The text before a name in its path. */
  readonly prefix: string
  /** Whether the client set the attribute that the members belong to. */
  readonly wasSent?: boolean
}

/** Finds the definition of a member, in any case. */
type Find = (name: string) => AttributeDefinition | undefined

function projectObject(
  object: JsonObject,
  find: Find,
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
  place: ProjectedPlace,
): Json | undefined {
  return value === undefined ? undefined : shower(definition, place)(value)
}

/** How values of an attribute are shown at a place. */
function shower(
  definition: AttributeDefinition,
  { shape, prefix, sent, wasSent }: ProjectedPlace,
): ProjectedMember['show'] {
  const isSent = wasSent ?? sent?.has(prefix + definition.name) ?? false
  if (!isReturned(definition, shape, isSent)) return () => undefined
  const asked = shapeOf(shape, definition.name)
  const inner = asked === nothing ? byDefault : asked
  if (isTakenWhole(definition, inner)) return (value) => (isEmpty(value) ? undefined : value)
  const place = { shape: inner, prefix: '', wasSent: isSent }
  const find = (name: string) => subAttribute(definition, name)
  return (value) => projectParts(value, find, place)
}

function projectParts(value: Json, find: Find, place: ProjectedPlace): Json | undefined {
  if (value === null) return undefined
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
  if (value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}
