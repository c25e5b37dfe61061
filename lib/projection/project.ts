import { isObject } from '../schema/json.js'
import { subAttribute } from '../schema/paths.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from '../schema/types.js'
import { byDefault, isReturned, isUnasked, type Projection, type Shape, shapeOf } from './shape.js'

/** Input of a projection, besides the projection itself. */
export interface ProjectOptions {
  /**
   * Canonical paths of the attributes that the client set in this request, so that those with
   * `returned: request` are returned (RFC 7643 §7).
   */
  readonly sent?: ReadonlySet<string>
}

/**
 * Makes representations of resources of one type. The members of `computed` take the place of the
 * resource's own; `null` makes one unassigned.
 */
export type Projector = (resource: object, computed?: JsonObject) => JsonObject

/**
 * Makes the representation of resources (RFC 7644 §3.9): the attributes that `projection` and their
 * own `returned` let through, and `schemas` with the base schema and the extensions that have
 * attributes in it (RFC 7643 §3). Unassigned attributes and those that no schema of the type has
 * are omitted. A resource is not changed; its representation may share parts of it.
 *
 * A sub-attribute that is always returned is returned only together with its attribute, but stays
 * when that is excluded.
 *
 * What becomes of an attribute is decided once, however many resources have it.
 */
export function projector(
  type: ResourceType,
  projection: Projection,
  options: ProjectOptions = {},
): Projector {
  const memberNamed = remembered((key) => decideMember(type, key, { projection, options }))
  return (resource, computed = nothingComputed) => {
    const schemas = [type.schema.id]
    const result: JsonObject = { schemas }
    const add = (key: string, value: Json | undefined) => {
      const member = value === undefined ? undefined : memberNamed(key)
      const shown = member?.show(value as Json)
      if (member === undefined || shown === undefined) return
      result[member.name] = shown
      if (member.isExtension) schemas.push(member.name)
    }
    const stored = resource as JsonObject
    for (const key of first) add(key, stored[key])
    for (const key of Object.keys(stored)) {
      if (!first.includes(key)) add(key, Object.hasOwn(computed, key) ? computed[key] : stored[key])
    }
    for (const key of Object.keys(computed)) {
      if (!Object.hasOwn(stored, key)) add(key, computed[key])
    }
    return result
  }
}

const nothingComputed: JsonObject = {}
/** Where readers look first. */
const first = ['id', 'externalId']

/** The representation of one resource, as from a {@link projector}. */
export function project(
  type: ResourceType,
  resource: object,
  projection: Projection,
  options?: ProjectOptions,
): JsonObject {
  return projector(type, projection, options)(resource)
}

/** Decides about each name once; a name without a decision is asked for again. */
function remembered<T>(decide: (key: string) => T | undefined): (key: string) => T | undefined {
  const known = new Map<string, T>()
  return (key) => {
    const found = known.get(key) ?? decide(key)
    if (found !== undefined) known.set(key, found)
    return found
  }
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
  const members = membersOf(find, place)
  const show = (value: Json) => (isObject(value) ? projectObject(value, members) : undefined)
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

/** Finds how a member is shown. */
type Members = (name: string) => Pick<ProjectedMember, 'name' | 'show'> | undefined

function membersOf(find: Find, place: ProjectedPlace): Members {
  return remembered((key) => {
    const definition = find(key)
    return definition && { name: definition.name, show: shower(definition, place) }
  })
}

function projectObject(object: JsonObject, members: Members): JsonObject | undefined {
  let result: JsonObject | undefined
  for (const key of Object.keys(object)) {
    const value = object[key]
    const member = value === undefined ? undefined : members(key)
    const shown = member?.show(value as Json)
    if (member === undefined || shown === undefined) continue
    result ??= {}
    result[member.name] = shown
  }
  return result
}

/** How values of an attribute are shown at a place. */
function shower(
  definition: AttributeDefinition,
  { shape, prefix, sent, wasSent }: ProjectedPlace,
): ProjectedMember['show'] {
  const isSent = wasSent ?? sent?.has(prefix + definition.name) ?? false
  if (!isReturned(definition, shape, isSent)) return () => undefined
  const isDefault = definition.returned !== 'request' || isSent
  const asked = shapeOf(shape, definition.name, isDefault)
  const inner = definition.returned === 'always' && isUnasked(asked) ? byDefault : asked
  if (isTakenWhole(definition, inner)) return (value) => (isEmpty(value) ? undefined : value)
  const place = { shape: inner, prefix: '', wasSent: isSent }
  const members = membersOf((name) => subAttribute(definition, name), place)
  return (value) => projectParts(value, members)
}

function projectParts(value: Json, members: Members): Json | undefined {
  if (value === null) return undefined
  if (!Array.isArray(value)) return isObject(value) ? projectObject(value, members) : value
  const elements = value.flatMap((element) =>
    isObject(element) ? (projectObject(element, members) ?? []) : element,
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
  if (!isObject(value)) return false
  // No list of the names is made: this runs for each attribute of each resource.
  for (const name in value) if (Object.hasOwn(value, name)) return false
  return true
}
