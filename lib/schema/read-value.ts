import { invalidSyntax, invalidValue } from '../errors.js'
import {
  areReferences,
  enterpriseUserSchema,
  groupSchema,
  isDerived,
  userSchema,
} from './core-schemas.js'
import { holdsNothing, isUnassigned, saysNone } from './empty-value.js'
import { isObject } from './json.js'
import { indexValues } from './list-index.js'
import { subAttribute } from './paths.js'
import type { ReadContext } from './read-context.js'
import { readSimple } from './read-simple.js'
import type { AttributeDefinition, Json, JsonObject } from './types.js'
import { asElement, asSent, looksLikeJson } from './wrapped-value.js'

/** Lower-cased URNs and names of RFC 7643 §8.7.1, which `unknownAttributes: 'known'` drops. */
const standardNames: ReadonlySet<string> = new Set(
  [userSchema, groupSchema, enterpriseUserSchema].flatMap(({ id, attributes }) => [
    id.toLowerCase(),
    ...attributes.flatMap((attribute) =>
      [attribute, ...(attribute.subAttributes ?? [])].map(({ name }) => name.toLowerCase()),
    ),
  ]),
)

/**
 * Reads the whole value of an attribute: an array for a multi-valued one, with each value once.
 * `undefined` if the attribute is unassigned: `null`, no values (RFC 7643 §2.5), or only readOnly
 * and unknown parts.
 *
 * Values are kept as sent; only names get the spelling of the schema. The caller has to check the
 * `mutability` of the attribute itself.
 *
 * @param path path of the attribute, for error details
 * @throws ScimError `invalidValue` naming the attribute, or `invalidSyntax` for names
 */
export function readValue(
  definition: AttributeDefinition,
  value: Json,
  context: ReadContext,
  path: string = definition.name,
): Json | undefined {
  if (!definition.multiValued) return readElement(definition, value, context, path)
  const given = asSent(definition, value, context)
  if (clearsList(definition, given, context)) return undefined
  const values =
    context.lists?.get(given) ??
    distinct(definition, readElements(definition, given, context, path))
  return values.length === 0 ? undefined : values
}

/**
 * Whether a value unassigns a multi-valued attribute. An empty string never empties a list of
 * memberships, because a mistake would have severe effects.
 */
export function clearsList(
  definition: AttributeDefinition,
  value: Json,
  context: Pick<ReadContext, 'deviations'>,
): boolean {
  return value === '' && areMemberships(definition) ? false : isUnassigned(value, context)
}

/** Reads one value of a singular or multi-valued attribute; otherwise like {@link readValue}. */
export function readElement(
  definition: AttributeDefinition,
  value: Json,
  context: ReadContext,
  path: string = definition.name,
): Json | undefined {
  const given = asSent(definition, value, context)
  if (isUnassigned(given, context)) return undefined
  if (definition.type !== 'complex') return readSimple(definition, given, context, path)
  const whole = definition.multiValued ? asElement(given, context) : given
  const result: JsonObject = {}
  readMembers(
    asObject(definition, whole, context, path),
    { find: (name) => subAttribute(definition, name), prefix: `${path}.` },
    definition.multiValued && context.keepUnassigned
      ? { ...context, keepUnassigned: false }
      : context,
    (sub, member) => {
      result[sub.name] = member
    },
  )
  return Object.keys(result).length === 0 ? undefined : result
}

/** The definitions of an object's members. */
export interface Members {
  /**
   * The definition for a name in any case; `undefined` if there is none, `null` to skip the member.
   */
  readonly find: (name: string) => AttributeDefinition | null | undefined
  /** The text before a name in its path, e.g. `name.` */
  readonly prefix: string
}

/**
 * Passes each member of an object that has a definition and is not readOnly to `take`, in the
 * object's order.
 *
 * @throws ScimError `invalidSyntax` when two names differ only in case
 */
export function readMembers(
  object: JsonObject,
  { find, prefix }: Members,
  context: ReadContext,
  take: (definition: AttributeDefinition, value: Json) => void,
): void {
  const names = Object.keys(object)
  for (const name of names) {
    const definition = find(name)
    if (!definition) {
      if (definition === undefined) refuseUnknown(name, context, prefix)
      continue
    }
    if (name !== definition.name) refuseTwin(names, name, prefix)
    if (isDerived(definition)) continue
    const value = readValue(definition, object[name] ?? null, context, prefix + definition.name)
    if (value !== undefined) take(definition, value)
    else if (context.keepUnassigned) take(definition, null)
  }
}

/**
 * @throws ScimError `invalidSyntax` when another name differs from this one only in case (S-INP-04)
 */
export function refuseTwin(names: readonly string[], name: string, prefix: string): void {
  const lower = name.toLowerCase()
  if (names.some((other) => other !== name && other.toLowerCase() === lower)) {
    throw invalidSyntax(`Attribute "${prefix}${name}" is given more than once.`)
  }
}

/**
 * Drops or refuses a name that no schema has, as `unknownAttributes` says. Names that every
 * JavaScript object inherits are always refused.
 *
 * @throws ScimError `invalidSyntax`
 */
export function refuseUnknown(name: string, context: ReadContext, prefix: string): void {
  const { unknownAttributes, passedOver } = context
  const isDropped =
    unknownAttributes === 'ignore' ||
    (unknownAttributes === 'known' && standardNames.has(name.toLowerCase()))
  const [root = name] = name.includes('.') ? name.split('.', 1) : [name]
  if (!isDropped || root in Object.prototype) {
    throw invalidSyntax(`No schema has an attribute "${prefix}${name}".`)
  }
  passedOver?.add(prefix + name)
}

function readElements(
  definition: AttributeDefinition,
  value: Json,
  context: ReadContext,
  path: string,
): Json[] {
  if (!Array.isArray(value) && !context.deviations.has('singleValueForMultiValued')) {
    throw invalidValue(`Attribute "${path}" must be an array.`)
  }
  const elements = Array.isArray(value) ? value : [value]
  requireFewValues(definition, elements.length, context, path)
  return elements.flatMap((element) => readListed(definition, element, context, path) ?? [])
}

/**
 * Refuses more values than an attribute may have. Memberships have limits of their own.
 *
 * @throws ScimError `invalidValue` (400) naming the attribute
 */
export function requireFewValues(
  definition: AttributeDefinition,
  count: number,
  { maxValues = Number.POSITIVE_INFINITY }: Pick<ReadContext, 'maxValues'>,
  path: string,
): void {
  if (count <= maxValues || areMemberships(definition)) return
  throw invalidValue(
    `Attribute "${path}" can have at most ${maxValues} values (limit "maxValues").`,
  )
}

/**
 * Reads one element of a multi-valued attribute; `undefined` if it holds no value.
 *
 * @throws ScimError `invalidValue` for a member without an id, because dropping it would turn a
 *   client's mistake into the removal of a member
 */
export function readListed(
  definition: AttributeDefinition,
  raw: Json,
  context: ReadContext,
  path: string = definition.name,
): Json | undefined {
  const read = readElement(definition, raw, context, path)
  if (areMemberships(definition)) {
    if (isObject(read) && (read['value'] ?? '') !== '') return read
    throw invalidValue(`Attribute "${path}.value" is required for each value.`)
  }
  if (read === undefined || saysNone(raw, context) || holdsNothing(definition, read)) {
    return undefined
  }
  return read
}

/** Whether the values of an attribute are identified by an immutable `value`, as members are. */
export function areMemberships(definition: AttributeDefinition): boolean {
  return subAttribute(definition, 'value')?.mutability === 'immutable'
}

/**
 * The parts of an element that are set once: its immutable sub-attributes, besides the `value` by
 * which it is known. Members of groups have none, because clients write all but their ids as they
 * like.
 */
export function fixedParts(definition: AttributeDefinition): readonly AttributeDefinition[] {
  if (definition.subAttributes === undefined || areReferences(definition)) return []
  return definition.subAttributes.filter(
    ({ mutability, name }) => mutability === 'immutable' && name !== 'value',
  )
}

/** Reads a complex value, or only its `value` if a deviation allows it. */
function asObject(
  definition: AttributeDefinition,
  value: Json,
  { deviations }: ReadContext,
  path: string,
): JsonObject {
  if (isObject(value)) return value
  const isTolerated = deviations.has(
    definition.multiValued ? 'membersAsStrings' : 'managerAsString',
  )
  const isBare = typeof value === 'string' && !looksLikeJson(value)
  if (isBare && isTolerated && subAttribute(definition, 'value')) return { value }
  throw invalidValue(
    `Attribute "${path}" must be ${definition.multiValued ? 'made of objects' : 'an object'}.`,
  )
}

/** Merges repeated values, as determined by their index. */
export function distinct(definition: AttributeDefinition, values: Json[]): Json[] {
  if (values.length < 2) return values
  const list: Json[] = []
  values.forEach(joining(definition, list))
  return list
}

/** Adds values to a list one by one; merges one that is in it already. */
export function joining(
  definition: AttributeDefinition,
  list: Json[],
): (value: Json | undefined) => void {
  const index = indexValues(definition, list)
  return (value) => {
    if (value === undefined) return
    const position = index.find(value)
    if (position === undefined) index.note(value, list.push(value) - 1)
    else {
      const joined = joinedValue(list[position] ?? null, value)
      list[position] = joined
      index.note(joined, position)
    }
  }
}

/** Merges two spellings of the same value. */
export function joinedValue(before: Json, added: Json): Json {
  return isObject(before) && isObject(added) ? { ...before, ...added } : before
}
