import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { mutabilityError } from '../errors.js'
import { requireFixedParts } from '../patch/simple.js'
import { areReferences } from '../schema/core-schemas.js'
import { holdsNothing } from '../schema/empty-value.js'
import { extended, isObject } from '../schema/json.js'
import { indexValues } from '../schema/list-index.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Meta, Resource } from '../stores/resource.js'
import type { Endpoint } from './call.js'

/** Attributes that are not content of a resource. */
const commonNames = new Set(['id', 'meta', 'schemas'])

/**
 * Names of the top-level attributes (extensions: their URN) in which two states of a resource
 * differ.
 */
export function changedAttributes(before: Resource | undefined, after: Resource): string[] {
  const gone = Object.keys(before ?? {}).filter((name) => !Object.hasOwn(after, name))
  return contentAmong([...gone, ...Object.keys(after)]).filter(
    (name) =>
      // The states usually share unchanged values.
      before?.[name] !== after[name] && !isDeepStrictEqual(before?.[name], after[name]),
  )
}

/** The names of attributes that are content of a resource. */
export function contentAmong(names: readonly string[]): string[] {
  return names.filter((name) => !commonNames.has(name))
}

/**
 * The resource after a PUT: the attributes sent, plus the stored ones that a PUT keeps: `id`,
 * `meta`, readOnly attributes, omitted attributes that are immutable or not returned by default,
 * and those that the kind keeps (RFC 7644 §3.5.1).
 *
 * @throws ScimError `mutability` (400) when an immutable attribute has another value already
 */
export function replacement(
  { type, kind }: Pick<Endpoint, 'type' | 'kind'>,
  current: Resource,
  sent: JsonObject,
): Resource {
  const next: Record<string, Json> = { ...sent }
  for (const definition of type.attributes.values()) {
    if (isKept(definition, next)) keep(next, current, definition.name)
  }
  for (const { urn, attributes } of type.extensionAttributes.values()) {
    keepInExtension(next, current, { urn, attributes })
  }
  keepParts(next, current, { attributes: type.attributes, prefix: '' })
  for (const name of kind.keptByPut) if (next[name] === undefined) keep(next, current, name)
  const resource = extended(next, { id: current.id, meta: current.meta })
  checkImmutable(type, current, resource)
  return resource
}

/**
 * Refuses other values for immutable attributes that have one (RFC 7643 §7). The values of a
 * multi-valued attribute may be added and removed, so their immutable sub-attributes are checked
 * where values are compared: by `replacement` for PUT, and in each operation of a PATCH.
 *
 * @param changed names of the attributes that differ; default: all are compared
 * @throws ScimError `mutability` (400)
 */
export function checkImmutable(
  type: ResourceType,
  before: Resource,
  after: Resource,
  changed?: readonly string[],
): void {
  const isConcerned = ({ name }: { readonly name: string }) => changed?.includes(name) ?? true
  const definitions = [...type.attributes.values()].filter(isConcerned)
  checkAttributes(definitions, before, after, '')
  for (const { urn, attributes } of type.extensionAttributes.values()) {
    if (!isConcerned({ name: urn })) continue
    checkAttributes(attributes.values(), objectOf(before[urn]), objectOf(after[urn]), `${urn}:`)
  }
}

/** The `meta` of a new state. `lastModified` never goes back, even if the clock does. */
export function nextMeta(current: Meta, now: Date, version: string): Meta {
  const at = now.toISOString()
  const { resourceType, created, lastModified } = current
  const isBehind = at < lastModified
  return { resourceType, created, lastModified: isBehind ? lastModified : at, version }
}

/**
 * A UUID that begins with the time (RFC 9562 §5.7), with 74 random bits. In a database, resources
 * that were created one after the other are then also stored side by side, by whatever index, and
 * share pages.
 */
export function timeOrderedId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  const random = randomUUID().slice('xxxxxxxx-xxxx-4'.length)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random}`
}

type Attributes = Readonly<Record<string, unknown>>

function checkAttributes(
  definitions: Iterable<AttributeDefinition>,
  before: Attributes,
  after: Attributes,
  prefix: string,
): void {
  for (const definition of definitions) {
    const was = before[definition.name]
    const is = after[definition.name]
    if (was === is) continue
    const name = `${prefix}${definition.name}`
    if (definition.mutability === 'immutable') checkSame(name, was, is)
    if (definition.multiValued || definition.mutability === 'readOnly') continue
    for (const sub of definition.subAttributes ?? []) {
      if (sub.mutability !== 'immutable') continue
      checkSame(`${name}.${sub.name}`, objectOf(was)[sub.name], objectOf(is)[sub.name])
    }
  }
}

function checkSame(name: string, before: unknown, after: unknown): void {
  if (before === undefined || isDeepStrictEqual(before, after)) return
  throw mutabilityError(`Attribute "${name}" is immutable and has another value already.`)
}

/**
 * Whether PUT keeps the stored value: clients cannot set it, or omitted something that they cannot
 * change or cannot know.
 */
function isKept(definition: AttributeDefinition, sent: Attributes): boolean {
  const { name, mutability } = definition
  if (mutability === 'readOnly') return true
  return (mutability === 'immutable' || isUnseen(definition)) && sent[name] === undefined
}

/** Whether clients do not see an attribute unasked. */
function isUnseen({ returned }: AttributeDefinition): boolean {
  return returned === 'never' || returned === 'request'
}

function keep(next: Record<string, Json>, current: Attributes, name: string): void {
  const value = current[name]
  if (value === undefined) delete next[name]
  else next[name] = value as Json
}

interface Place {
  readonly attributes: ReadonlyMap<string, AttributeDefinition>
  /** The text before a name in its path. */
  readonly prefix: string
}

/**
 * In complex attributes, keeps the sub-attributes that a client cannot set: readOnly ones, and
 * omitted immutable ones.
 */
function keepParts(
  next: Record<string, Json>,
  current: Attributes,
  { attributes, prefix }: Place,
): void {
  for (const definition of attributes.values()) {
    const { name, multiValued, mutability } = definition
    const stored = current[name]
    if (mutability === 'readOnly' || stored === undefined) continue
    if (multiValued) keepInElements(next, stored, { definition, name: `${prefix}${name}` })
    else {
      const value = withKeptParts(next[name], stored, definition)
      if (value !== undefined) next[name] = value
    }
  }
}

interface NamedAttribute {
  readonly definition: AttributeDefinition
  /** Path of the attribute, for messages. */
  readonly name: string
}

/**
 * Keeps what a client cannot set in elements, and elements of which it sees nothing, unless what it
 * sends shows that it knows them. Members are matched by id, and nothing of them is kept.
 *
 * @throws ScimError `mutability` (400) when an immutable part of an element has another value
 */
function keepInElements(
  next: Record<string, Json>,
  stored: unknown,
  { definition, name }: NamedAttribute,
): void {
  const subs = definition.subAttributes ?? []
  if (!subs.some((sub) => isKept(sub, {})) || areReferences(definition)) return
  const before: readonly Json[] = Array.isArray(stored) ? stored : []
  const sent = next[definition.name]
  const given: readonly Json[] = Array.isArray(sent) ? sent : []
  const { find, unseen } = lookUp(definition, before)
  const found = given.flatMap((element): Found[] => {
    const positions = find(element)
    if (positions.length === 0) return [{ element }]
    return positions.map((position) => {
      const old = before[position] ?? null
      requireFixedParts(old, element, { definition, name })
      return { element: withKeptParts(element, old, definition), position }
    })
  })
  const all = given.some((element) => namesUnseen(subs, element)) ? found : [...found, ...unseen]
  if (all.length > 0) next[definition.name] = inStoredOrder(all, before)
}

/** An element after a PUT, with its position among the stored ones if it is one of them. */
interface Found {
  readonly element: Json
  readonly position?: number
}

/**
 * Finds elements as in PATCH, but by what a client can see of them. What looks alike is one element
 * for the client, so all of these are found.
 */
function lookUp(definition: AttributeDefinition, stored: readonly Json[]) {
  const subs = definition.subAttributes ?? []
  const seen = subs.filter((sub) => !isUnseen(sub))
  const exact = indexValues(definition, stored)
  const looks = indexValues({ ...definition, subAttributes: seen }, stored)
  const alike = new Map<number | undefined, number[]>()
  for (const [position, element] of stored.entries()) {
    const first = looks.find(element)
    const same = alike.get(first)
    if (same) same.push(position)
    else alike.set(first, [position])
  }
  const find = (element: Json): readonly number[] => {
    const same = namesUnseen(subs, element) ? exact.find(element) : undefined
    if (same !== undefined) return [same]
    const first = looks.find(element)
    const positions = first === undefined ? [] : (alike.get(first) ?? [])
    return namesUnseen(subs, element) && positions.length > 1 ? [] : positions
  }
  const unseen = [...stored.entries()].flatMap(([position, element]): Found[] =>
    holdsNothing(definition, seenOf(seen, element)) ? [{ element, position }] : [],
  )
  return { find, unseen }
}

function seenOf(seen: readonly AttributeDefinition[], element: Json): Json {
  if (!isObject(element)) return element
  const names = seen.map(({ name }) => name)
  return Object.fromEntries(Object.entries(element).filter(([name]) => names.includes(name)))
}

function namesUnseen(subs: readonly AttributeDefinition[], element: Json): boolean {
  return isObject(element) && subs.some((sub) => isUnseen(sub) && Object.hasOwn(element, sub.name))
}

/** The stored list if it has the same elements, because their order has no meaning. */
function inStoredOrder(found: readonly Found[], stored: readonly Json[]): Json[] {
  const kept = new Set(
    found.flatMap(({ element, position = -1 }) =>
      isDeepStrictEqual(element, stored[position]) ? [position] : [],
    ),
  )
  const isSame = found.length === stored.length && kept.size === stored.length
  return isSame ? [...stored] : found.map(({ element }) => element)
}

/** A complex value with the kept parts of the stored one; the same object if nothing is kept. */
function withKeptParts<V extends Json | undefined>(
  value: V,
  stored: unknown,
  { subAttributes = [] }: AttributeDefinition,
): V | JsonObject {
  const before = objectOf(stored)
  const sent = { ...objectOf(value) } as Record<string, Json>
  const kept = subAttributes.filter((sub) => before[sub.name] !== undefined && isKept(sub, sent))
  for (const sub of kept) keep(sent, before, sub.name)
  return kept.length > 0 ? sent : value
}

function keepInExtension(
  next: Record<string, Json>,
  current: Resource,
  { urn, attributes }: Pick<Place, 'attributes'> & { readonly urn: string },
): void {
  const stored = objectOf(current[urn])
  const sent = { ...objectOf(next[urn]) } as Record<string, Json>
  for (const definition of attributes.values()) {
    if (isKept(definition, sent)) keep(sent, stored, definition.name)
  }
  keepParts(sent, stored, { attributes, prefix: `${urn}:` })
  if (Object.keys(sent).length > 0) next[urn] = sent
}

function objectOf(value: unknown): Attributes {
  return isObject(value) ? value : {}
}
