import { isUnassigned } from '../schema/empty-value.js'
import { isObject } from '../schema/json.js'
import { indexValues } from '../schema/list-index.js'
import { fixedParts, requireFewValues } from '../schema/read-value.js'
import type { Json } from '../schema/types.js'
import { asSent } from '../schema/wrapped-value.js'
import { isBlank, mergeEdit, rulesFor, subEdit } from './complex.js'
import type { Change, PatchContext } from './context.js'
import { changeMatches } from './matches.js'
import { changeSimple, requireFixedParts, requireUnchanged, unassign } from './simple.js'
import type { Steps } from './steps.js'
import { asListed, changeList } from './value-list.js'

/**
 * The value of an attribute after an operation; `undefined` if unassigned. The current value is not
 * modified, unless this request made it (see `PatchContext.indexes`).
 *
 * @param change a change of an attribute that clients may write
 * @throws ScimError `mutability`, `invalidValue` or `noTarget` (400)
 */
export function* changeAttribute(
  current: Json | undefined,
  change: Change,
  context: PatchContext,
): Steps<Json | undefined> {
  const next = change.definition.multiValued
    ? yield* changeMultiValued(listOf(current), change, context)
    : yield* changeSingular(current, change, context)
  requireUnchanged(current, next, change)
  return next
}

function* changeMultiValued(
  current: Json[] | undefined,
  change: Change,
  context: PatchContext,
): Steps<Json | undefined> {
  const isWhole = change.filter === undefined && change.sub === undefined
  // A list made by this request grows in place.
  const before = current?.length ?? 0
  const next = isWhole
    ? yield* changeList(current, asListed(change, context), rulesFor(change, context), context)
    : yield* changeMatches(current ?? [], change, context)
  if (next !== undefined && next.length > before) {
    requireFewValues(change.definition, next.length, context, change.name)
  }
  if (!isWhole && current && next) requireFixedElements(current, next, change)
  if (next !== undefined && next.length > 0) return next
  return current === undefined ? undefined : unassign(change)
}

/** Two values that become one, because one gets the `value` of the other, have the same parts. */
function requireFixedElements(
  current: readonly Json[],
  next: readonly Json[],
  change: Change,
): void {
  if (current === next || fixedParts(change.definition).length === 0) return
  const index = indexValues(change.definition, current)
  for (const value of next) {
    const position = index.find(value)
    if (position !== undefined) requireFixedParts(current[position] ?? null, value, change)
  }
}

function* changeSingular(
  current: Json | undefined,
  change: Change,
  context: PatchContext,
): Steps<Json | undefined> {
  const { op, definition, sub, filter } = change
  if (definition.type !== 'complex') return changeSimple(change, context)
  const value = sub === undefined ? asSent(definition, change.value ?? null, context) : null
  const before = isObject(current) ? current : undefined
  if (filter !== undefined) {
    const list = before === undefined ? [] : [before]
    const [only] = yield* changeMatches(list, change, context)
    return only ?? (before && unassign(change))
  }
  if (sub === undefined && (op === 'remove' || isUnassigned(value, context))) {
    return unassign(change)
  }
  const edit = sub === undefined ? mergeEdit(change, context) : subEdit(change, sub, context)
  const next = edit(before ?? {})
  if (!isBlank(definition, next)) return next
  return before && unassign(change)
}

function listOf(value: Json | undefined): Json[] | undefined {
  return Array.isArray(value) ? value : undefined
}
