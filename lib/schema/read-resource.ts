import { invalidSyntax, invalidValue } from '../errors.js'
import { checkResource } from './check-resource.js'
import { isPassword } from './core-schemas.js'
import { isUnassigned } from './empty-value.js'
import { isObject } from './json.js'
import { inPlace } from './placement.js'
import type { ReadContext } from './read-context.js'
import { checkSchemas, knownUrn } from './read-schemas.js'
import { type Members, readMembers, refuseTwin } from './read-value.js'
import type { Json, JsonObject, ResourceType } from './types.js'
import { asAttributes } from './wrapped-value.js'

/** How a resource is read. */
export interface ReadOptions extends ReadContext {
  /**
   * The input is part of a resource (the value of a PATCH operation): `schemas` and required
   * attributes may be missing. Default `false`.
   */
  readonly partial?: boolean
  /** Required attributes may be missing, because the caller adds them later. Default `false`. */
  readonly mayBeIncomplete?: boolean
}

/** A resource as read from a client, ready to be stored. */
export interface ReadResource {
  /**
   * Attributes under their names in the schemas, values as sent, extensions under their URNs;
   * without `schemas`, readOnly, unassigned and unknown attributes.
   */
  readonly attributes: JsonObject
  /** The `password`, if one was given; for the host, never to be stored or logged. */
  readonly secrets: Readonly<Record<string, Json>>
  /** Attribute paths and extension URNs in the input that no schema has. */
  readonly passedOver: readonly string[]
  /** Lower-cased attribute names and extension URNs in the input, including unassigned ones. */
  readonly names: ReadonlySet<string>
}

/**
 * Reads a resource that a client sends in POST or PUT: checks it against the schemas of its type
 * and normalises names. readOnly attributes are ignored (RFC 7644 §3.3, §3.5.1), `null` and empty
 * arrays unassign (RFC 7643 §2.5).
 *
 * @throws ScimError `invalidSyntax` for names and `schemas`, `invalidValue` for values, naming the
 *   attribute
 */
export function readResource(type: ResourceType, sent: Json, options: ReadOptions): ReadResource {
  if (!isObject(sent)) throw invalidSyntax('A resource must be a JSON object.')
  const { passedOver = new Set<string>() } = options
  const keepUnassigned = options.keepUnassigned ?? options.partial ?? false
  const context = { ...options, keepUnassigned, passedOver }
  const input = inPlace(type, sent, context)
  const extensions = extensionKeys(type, input, context)
  if (!options.partial) checkSchemas(type, input, [...extensions.values()], context)
  const attributes: JsonObject = {}
  const secrets: Record<string, Json> = {}
  const base = { find: baseFinder(type, input, extensions), prefix: '' }
  readMembers(input, base, context, (definition, value) => {
    const target = isPassword(definition) ? secrets : attributes
    target[definition.name] = value
  })
  for (const [key, urn] of extensions) {
    const extension = readExtension({ type, urn, context }, input[key] ?? null)
    if (extension !== undefined) attributes[urn] = extension
  }
  if (!options.partial && !options.mayBeIncomplete) checkResource(type, attributes)
  const names = new Set(Object.keys(input).map((name) => name.toLowerCase()))
  return { attributes, secrets, passedOver: [...passedOver], names }
}

/** The URNs of the extensions in a resource, by their key in it. */
function extensionKeys(
  type: ResourceType,
  input: JsonObject,
  context: ReadContext,
): ReadonlyMap<string, string> {
  const extensions = new Map<string, string>()
  const urns = new Set([type.schema.id])
  for (const key of Object.keys(input)) {
    const urn = key.includes(':') ? knownUrn(type, key, context) : undefined
    if (urn === undefined || urn === type.schema.id) continue
    if (urns.has(urn)) throw invalidSyntax(`Extension "${urn}" is given more than once.`)
    urns.add(urn)
    extensions.set(key, urn)
  }
  return extensions
}

/** Finds base and common attributes; `schemas` and extensions are read separately. */
function baseFinder(
  type: ResourceType,
  input: JsonObject,
  extensions: ReadonlyMap<string, string>,
): Members['find'] {
  return (name) => {
    const definition = type.attributes.get(name.toLowerCase())
    if (!definition) return extensions.has(name) ? null : undefined
    if (definition.name !== 'schemas') return definition
    if (name !== 'schemas') refuseTwin(Object.keys(input), name, '')
    return null
  }
}

interface ExtensionPlace {
  readonly type: ResourceType
  readonly urn: string
  readonly context: ReadContext
}

/**
 * The attributes of an extension; `undefined` if there are none, `null` if it is kept as
 * unassigned.
 */
function readExtension(place: ExtensionPlace, value: Json): Json | undefined {
  const { type, urn, context } = place
  if (isUnassigned(value, context)) return context.keepUnassigned ? null : undefined
  const given = asAttributes(value, context)
  if (!isObject(given)) throw invalidValue(`Extension "${urn}" must be an object.`)
  const definitions = type.extensionAttributes.get(urn.toLowerCase())?.attributes
  const members = {
    find: (name: string) => definitions?.get(name.toLowerCase()),
    prefix: `${urn}:`,
  }
  const attributes: JsonObject = {}
  readMembers(given, members, context, (definition, member) => {
    attributes[definition.name] = member
  })
  return Object.keys(attributes).length === 0 ? undefined : attributes
}
