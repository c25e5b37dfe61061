import { invalidSyntax, invalidValue } from '../errors.js'
import { countPrimaries, requireOnePrimary } from '../schema/check-resource.js'
import { isEqual, isObject } from '../schema/json.js'
import { indexValues, type ListIndex } from '../schema/list-index.js'
import {
  areMemberships,
  clearsList,
  distinct,
  fixedParts,
  requireFewValues,
} from '../schema/read-value.js'
import type { AttributeDefinition, Json } from '../schema/types.js'
import { asSent } from '../schema/wrapped-value.js'
import type { Change, PatchContext } from './context.js'
import { demotePrimaries } from './primary.js'
import { unassign } from './simple.js'
import type { Steps } from './steps.js'

/** The handling of single values of a multi-valued attribute. */
export interface ValueRules {
  /** Reads a value into canonical form; `undefined` if it is empty, e.g. `{ "value": null }`. */
  read(value: Json): Json | undefined
  /** Merges `added` into `before`, which is the same value. */
  merge(before: Json, added: Json): Json
  /** Replaces `before` by `after`, which is the same value. */
  succeed(before: Json, after: Json): Json
}

type Values = Json[] | undefined

/**
 * The values of a multi-valued attribute after an operation on the whole of it; `undefined` if
 * unassigned.
 */
export function* changeList(
  current: Values,
  change: Change,
  rules: ValueRules,
  context: PatchContext,
): Steps<Values> {
  const { op } = change
  if (op === 'remove' && isWithoutValue(change)) return unassign(change)
  if (op !== 'remove' && clearsList(change.definition, change.value ?? null, context)) {
    return op === 'add' ? current : unassign(change)
  }
  const values = yield* readList(change, rules, context)
  const next = yield* applyTo[op](current ?? [], values, { change, rules, context })
  return next.length === 0 ? unassign(change) : next
}

/**
 * Whether a remove operation has no value; `null` counts as none (RFC 7643 §2.5).
 *
 * @throws ScimError `invalidValue` (400) for memberships, so that no odd value ever empties a group
 */
function isWithoutValue({ definition, value, name }: Change): boolean {
  if (value !== null || !areMemberships(definition)) return value === undefined || value === null
  throw invalidValue(`To remove all of "${name}", leave "value" out; null removes nobody.`)
}

const applyTo = { add: withAdded, remove: withoutListed, replace: inPlaceOf } as const

/** Parses a value that is the JSON text of a list (deviation `jsonText`). */
export function asListed(change: Change, context: PatchContext): Change {
  const { definition, value } = change
  return typeof value === 'string'
    ? { ...change, value: asSent(definition, value, context) }
    : change
}

/** Reads the values of an operation into canonical form. */
export function* readList(change: Change, rules: ValueRules, context: PatchContext): Steps<Json[]> {
  const { op, name, definition, value = null } = change
  const { deviations, budget } = context
  if (op === 'remove' && !deviations.has('removeByValueList')) {
    throw invalidSyntax(
      `A remove operation has no "value"; name the values in a filter: ${name}[…].`,
    )
  }
  const raw = listOf(unwrap(change, context), change, context)
  if (op !== 'remove') requireFewValues(definition, raw.length, context, name)
  if (op !== 'remove') budget.spendBytes(value, 1)
  const list: Json[] = []
  for (const item of raw) {
    yield
    const read = rules.read(item)
    if (read !== undefined) list.push(read)
    else if (op === 'remove') throw invalidValue(`A value to remove from "${name}" is empty.`)
  }
  if (op !== 'remove' && countPrimaries(list) > 1) {
    // Two spellings of the same value count as one primary value, as in POST and PUT.
    requireOnePrimary(definition, distinct(definition, list), name)
  }
  // So that only stored values are compared: in one list, the last of equal values counts.
  return op !== 'remove' && fixedParts(definition).length > 0 ? distinct(definition, list) : list
}

/** Unwraps `{ "members": […] }` sent as the value of `members` (Salesforce). */
function unwrap({ definition, value = null }: Change, { deviations }: PatchContext): Json {
  if (!isObject(value) || !deviations.has('wrappedMembers')) return value
  const [[key, inner] = ['', null], ...others] = Object.entries(value)
  const isWrapped = others.length === 0 && key.toLowerCase() === definition.name.toLowerCase()
  return isWrapped && Array.isArray(inner) ? inner : value
}

function listOf(value: Json, { op, name }: Change, { deviations }: PatchContext): readonly Json[] {
  if (Array.isArray(value)) return value
  if (value !== null && value !== '' && deviations.has('singleValueForMultiValued')) return [value]
  const hint = op === 'remove' ? ' Leave "value" out to remove all.' : ''
  throw invalidValue(`Attribute "${name}" is multi-valued and needs an array.${hint}`)
}

interface ListChange {
  readonly change: Change
  readonly rules: ValueRules
  readonly context: PatchContext
}

/**
 * Appends new values and merges values that exist. A list made by this request grows in place, so
 * that a thousand operations that add one member each do not copy the list a thousand times.
 */
export function* withAdded(
  current: Json[],
  added: readonly Json[],
  { change, rules, context }: ListChange,
): Steps<Json[]> {
  const { list, index } = growable(current, change.definition, context)
  const touched: number[] = []
  for (const value of added) {
    yield
    const position = index.find(value)
    if (position === undefined) {
      touched.push(list.push(value) - 1)
      index.note(value, list.length - 1)
      continue
    }
    const merged = rules.merge(list[position] ?? null, value)
    touched.push(position)
    list[position] = merged
    index.note(merged, position)
  }
  demotePrimaries(list, touched, change.definition, context.budget)
  return list
}

function growable(
  current: Json[],
  definition: AttributeDefinition,
  { indexes, budget }: PatchContext,
): { list: Json[]; index: ListIndex } {
  const known = indexes.get(current)
  // Only lists made by this request have an index, so growing in place never touches the caller's
  // resource.
  if (known !== undefined) return { list: current, index: known }
  budget.spendComparisons(current.length)
  const list = [...current]
  const index = indexValues(definition, list)
  // An immutable attribute has to be compared with its previous value.
  if (definition.mutability !== 'immutable') indexes.set(list, index)
  return { list, index }
}

/**
 * The new list; or the current one if both have the same values, because the order has no meaning
 * (RFC 7643 §2.4).
 */
function* inPlaceOf(
  current: Json[],
  given: readonly Json[],
  { change, rules, context }: ListChange,
): Steps<Json[]> {
  context.budget.spendComparisons(current.length)
  const before = indexValues(change.definition, current)
  const list: Json[] = []
  for (const value of yield* withAdded([], given, { change, rules, context })) {
    yield
    const position = before.find(value)
    const old = position === undefined ? undefined : current[position]
    const next = old === undefined ? value : rules.succeed(old, value)
    list.push(old !== undefined && isEqual(next, old) ? old : next)
  }
  const kept = new Set(list)
  const isSame = list.length === current.length && current.every((value) => kept.has(value))
  return isSame ? current : list
}

/** Removes the listed values. Listed values that do not exist are ignored. */
function* withoutListed(
  current: Json[],
  listed: readonly Json[],
  { change, context }: ListChange,
): Steps<Json[]> {
  if (listed.length === 0) return current
  context.budget.spendComparisons(current.length)
  const index = indexValues(change.definition, listed)
  const rest: Json[] = []
  for (const value of current) {
    yield
    if (index.find(value) === undefined) rest.push(value)
  }
  return rest.length === current.length ? current : rest
}
