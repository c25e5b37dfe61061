import { invalidSyntax, invalidValue, mutabilityError, ScimError } from '../errors.js'
import { resolveName } from '../filter/aliases.js'
import { isUnassigned } from '../schema/empty-value.js'
import { isObject } from '../schema/json.js'
import { printPath } from '../schema/paths.js'
import { coreAttributes, withMembers } from '../schema/placement.js'
import { knownUrn } from '../schema/read-schemas.js'
import { refuseUnknown } from '../schema/read-value.js'
import type { Json, JsonObject } from '../schema/types.js'
import { asAttributes } from '../schema/wrapped-value.js'
import type { PatchContext } from './context.js'
import { type Assignment, isWritable } from './draft.js'
import type { PatchOp, PatchOperation } from './operation.js'
import { isUnknown, type PatchTarget, resolveTarget, type UnknownTarget } from './target.js'

/**
 * The places to which one operation writes, in order: the one named by its path, or those named by
 * the members of its value (RFC 7644 §3.5.2.1, §3.5.2.3). An unknown path is returned as such if
 * unknown attributes are to be dropped.
 *
 * @throws ScimError `invalidPath`, `invalidFilter`, `invalidSyntax`, `invalidValue` or `mutability`
 *   (400)
 */
export function assignmentsOf(
  operation: PatchOperation,
  context: PatchContext,
): readonly Assignment[] | UnknownTarget {
  const { op, path, value } = withoutCoreUrn(operation, context)
  if (path === undefined) {
    if (isObject(value)) return ofMembers(value, '', { op, context })
    throw invalidValue(`The value of "${op}" without a path must be an object.`)
  }
  const target = resolveTarget(path, context)
  if (isUnknown(target)) {
    if (context.unknownAttributes !== 'ignore') throw target.error
    context.passedOver.add(target.unknown)
    return target
  }
  const { extension, attribute } = target.path
  return extension !== undefined && attribute === undefined
    ? ofExtension(target, value, { op, context })
    : [{ op, target, ...(value !== undefined && { value }) }]
}

/**
 * Removes the URN of the base schema from the names in an operation, whether it is the path or a
 * key of the value (RFC 7644 §3.10; deviation `coreUrnAsKey`).
 *
 * @throws ScimError `invalidSyntax` (400) when an attribute is given both with and without the URN;
 *   `invalidValue` (400) when the value under the URN is not an object
 */
export function withoutCoreUrn(operation: PatchOperation, context: PatchContext): PatchOperation {
  const { op, path, value } = operation
  const { type, deviations } = context
  if (op === 'remove' || !deviations.has('coreUrnAsKey')) return operation
  if (path !== undefined) {
    if (!isCoreUrn(path, context) || isUnassigned(value, context)) return operation
    return { op, value: coreAttributes(type, value, context) }
  }
  if (!isObject(value)) return operation
  const key = Object.keys(value).find((each) => each.includes(':') && isCoreUrn(each, context))
  if (key === undefined) return operation
  const { [key]: inner = null, ...rest } = value
  return { op, value: withMembers(rest, coreAttributes(type, inner, context)) }
}

function isCoreUrn(text: string, context: PatchContext): boolean {
  return knownUrn(context.type, text, context) === context.type.schema.id
}

interface Source {
  readonly op: PatchOp
  readonly context: PatchContext
}

/** The assignments of an operation on a whole extension: its attributes, or its removal. */
function ofExtension(target: PatchTarget, value: Json | undefined, source: Source): Assignment[] {
  const { op } = source
  const { name } = target
  const isNone = value === undefined || isUnassigned(value, source.context)
  if (op === 'remove' && !isNone) {
    throw invalidSyntax(`A remove operation on "${name}" has no "value".`)
  }
  if (isNone) return op === 'add' ? [] : [{ op: 'remove', target }]
  const attributes = asAttributes(value, source.context)
  if (isObject(attributes)) return ofMembers(attributes, `${name}:`, source)
  throw invalidValue(`Extension "${name}" must be an object.`)
}

/**
 * The assignments named by the members of an object.
 *
 * @param prefix the text before their names in a path: empty, or the URN of an extension and a
 *   colon
 * @throws ScimError `invalidSyntax` when two members name the same place, because it would be
 *   unclear which one counts
 */
function ofMembers(object: JsonObject, prefix: string, source: Source): Assignment[] {
  const seen = new Set<string>()
  const assignments = Object.entries(object).flatMap(([key, value]) => {
    const target = targetOf(key, prefix, source.context)
    if (target === undefined) return []
    const place = target.filter === undefined ? target.name : `${target.name} ${key}`
    if (seen.has(place)) throw invalidSyntax(`Attribute "${target.name}" is given more than once.`)
    seen.add(place)
    if (target.path.attribute === undefined) return ofExtension(target, value, source)
    return isPassedOver(target, source.context) ? [] : [{ op: source.op, target, value }]
  })
  // The members of an object have no order, so a part of an attribute is assigned after the whole
  // attribute.
  return assignments.sort((a, b) => Number(isPart(a)) - Number(isPart(b)))
}

function isPart({ target: { path, filter } }: Assignment): boolean {
  return path.sub !== undefined || filter !== undefined
}

/**
 * The target named by a member of a value; `undefined` if no schema has it and unknown names are
 * accepted.
 */
function targetOf(key: string, prefix: string, context: PatchContext): PatchTarget | undefined {
  const { type, deviations } = context
  const urn = prefix === '' && key.includes(':') ? knownUrn(type, key, context) : undefined
  if (urn !== undefined && urn !== type.schema.id) return { path: { extension: urn }, name: urn }
  const isName = !/[.:[]/.test(key)
  const mayBePath = deviations.has('pathlessDottedKeys') && (prefix === '' || !key.includes(':'))
  if (!isName && mayBePath && key.includes('[')) {
    const target = readTarget(prefix + key, context)
    if (!isUnknown(target)) return target
    if (context.unknownAttributes !== 'ignore') throw target.error
  } else if (isName || mayBePath) {
    const path = resolveName(type, prefix + key, deviations)
    if (path !== undefined) return { path, name: printPath(path) }
  }
  refuseUnknown(key, context, prefix)
  return undefined
}

/**
 * A key that is not a path, such as `emails[`, counts as an unknown name; the other keys still
 * apply, as in POST and PUT.
 */
function readTarget(text: string, context: PatchContext): PatchTarget | UnknownTarget {
  try {
    return resolveTarget(text, context)
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return { unknown: text, isForeign: false, error }
  }
}

/**
 * Whether to ignore a member that clients cannot write, as in PUT. `schemas` counts as one here:
 * clients that send whole resources (authentik) do not mean to remove the extensions that they do
 * not list.
 *
 * @throws ScimError `mutability` (400) if the deviation `ignoreReadOnlyInPathlessPatch` is off
 */
function isPassedOver({ path, name }: PatchTarget, { deviations }: PatchContext): boolean {
  const isIgnoring = deviations.has('ignoreReadOnlyInPathlessPatch')
  if (isWritable(path)) return isIgnoring && name === 'schemas'
  if (isIgnoring) return true
  throw mutabilityError(`Attribute "${name}" cannot be changed by clients.`)
}
