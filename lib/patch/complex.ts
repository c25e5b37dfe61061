import { isDerived } from '../schema/core-schemas.js'
import { isEqual, isObject, own, withMember } from '../schema/json.js'
import { subAttribute } from '../schema/paths.js'
import { areMemberships, readElement, readListed } from '../schema/read-value.js'
import type { AttributeDefinition, Json, JsonObject } from '../schema/types.js'
import type { Change, PatchContext } from './context.js'
import { changeSimple, requireFixedParts, requireUnchanged } from './simple.js'
import { inOneGo } from './steps.js'
import { changeList, type ValueRules } from './value-list.js'

/**
 * Returns a complex value after an operation. Made once per operation and used for each value that
 * it matches.
 */
export type Edit = (current: JsonObject) => JsonObject

/**
 * The edit of an operation that gives some sub-attributes of a complex value. The others stay as
 * they are (RFC 7644 §3.5.2.1, §3.5.2.3), and those that clients cannot set are ignored.
 */
export function mergeEdit(change: Change, context: PatchContext): Edit {
  const { definition, value = null, name } = change
  const singular = { ...definition, multiValued: false }
  const given = readElement(singular, value, { ...context, keepUnassigned: true }, name)
  const edits = Object.entries(isObject(given) ? given : {}).flatMap(([key, member]) => {
    const sub = subAttribute(definition, key)
    if (sub === undefined || isDerived(sub)) return []
    return [subEdit({ ...change, value: member }, sub, context)]
  })
  return (current) => edits.reduce((next, edit) => edit(next), current)
}

/** The edit of an operation that adds, replaces or removes one sub-attribute. */
export function subEdit(change: Change, sub: AttributeDefinition, context: PatchContext): Edit {
  const { op, definition, value } = change
  const inner: Change = {
    op,
    definition: sub,
    name: `${change.name}.${sub.name}`,
    ...(value !== undefined && { value }),
  }
  const next = sub.multiValued ? listAfter(inner, context) : constant(changeSimple(inner, context))
  // Whatever was derived from the old `value` is removed with it.
  const derived = sub.name === 'value' ? (definition.subAttributes ?? []).filter(isDerived) : []
  return (current) => {
    const before = own(current, sub.name)
    const after = next(before)
    requireUnchanged(before, after, inner)
    if (isEqual(before, after)) return current
    const rest = before === undefined ? current : omit(derived, current)
    return withMember(rest, sub.name, after)
  }
}

function listAfter(change: Change, context: PatchContext) {
  const rules = simpleRules(change, context)
  return (before: Json | undefined): Json | undefined =>
    inOneGo(changeList(Array.isArray(before) ? before : undefined, change, rules, context))
}

function constant(value: Json | undefined) {
  return (): Json | undefined => value
}

/** Whether a complex value has nothing left that a client has set, except the flag `primary`. */
export function isBlank(definition: AttributeDefinition, value: Json): boolean {
  if (!isObject(value)) return false
  return Object.keys(value).every((name) => {
    const sub = subAttribute(definition, name)
    return sub === undefined || isDerived(sub) || name === 'primary'
  })
}

/** The rules for reading and merging values of a multi-valued attribute. */
export function rulesFor(change: Change, context: PatchContext): ValueRules {
  return change.definition.type === 'complex'
    ? complexRules(change, context)
    : simpleRules(change, context)
}

function simpleRules({ definition, name }: Change, context: PatchContext): ValueRules {
  return {
    read: (value) => readElement(definition, value, context, name),
    merge: (before) => before,
    succeed: (_, after) => after,
  }
}

function complexRules(change: Change, context: PatchContext): ValueRules {
  const subs = change.definition.subAttributes ?? []
  const immutable = subs.filter(({ mutability }) => mutability === 'immutable')
  const kept = [...immutable, ...subs.filter(isDerived)]
  // A value to be removed is only compared. What names no member must not look like one removed.
  const isCompared = change.op === 'remove' && !areMemberships(change.definition)
  const read = isCompared ? readElement : readListed
  return {
    read: (value) => asShown(read(change.definition, value, context, change.name), change, context),
    merge: (before, added) => {
      requireFixedParts(before, added, change)
      return join(before, added, pick(immutable, before))
    },
    succeed: (before, after) => {
      requireFixedParts(before, after, change)
      return join({}, after, pick(kept, before))
    },
  }
}

/** A member that a request adds, as later requests see it. */
function asShown(
  value: Json | undefined,
  { definition }: Change,
  { members }: PatchContext,
): Json | undefined {
  if (members === undefined || !areMemberships(definition) || !isObject(value)) return value
  const { value: id } = value
  return { ...(typeof id === 'string' && members.get(id)), ...(id !== undefined && { value: id }) }
}

function join(...values: Json[]): JsonObject {
  return Object.assign({}, ...values)
}

function omit(subs: readonly AttributeDefinition[], value: JsonObject): JsonObject {
  if (subs.length === 0) return value
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !subs.some(({ name }) => name === key)),
  )
}

function pick(subs: readonly AttributeDefinition[], value: Json): JsonObject {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => subs.some(({ name }) => name === key)),
  )
}
