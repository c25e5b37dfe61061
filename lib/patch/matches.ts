import type { DeviationId } from '../deviations.js'
import { noTarget } from '../errors.js'
import type { ParsedFilter } from '../filter/ast.js'
import { isUnassigned } from '../schema/empty-value.js'
import { isObject, own } from '../schema/json.js'
import { indexValues, tellsApart } from '../schema/list-index.js'
import { subAttribute } from '../schema/paths.js'
import { areMemberships, joinedValue, readElement } from '../schema/read-value.js'
import type { AttributeDefinition, Json, JsonObject } from '../schema/types.js'
import { asElement, asSent, looksLikeJson } from '../schema/wrapped-value.js'
import { isBlank, mergeEdit, rulesFor, subEdit } from './complex.js'
import type { Change, PatchContext } from './context.js'
import { demotePrimaries } from './primary.js'
import { requireUnchanged } from './simple.js'
import type { Steps } from './steps.js'
import { readList, withAdded } from './value-list.js'

/**
 * The values of an attribute after an operation on the values that a filter matches, or on a
 * sub-attribute of all values (RFC 7644 §3.5.2.1 to §3.5.2.3).
 *
 * @throws ScimError `noTarget` (400) when add or replace matches no value and must not create one
 */
export function* changeMatches(
  current: Json[],
  given: Change,
  context: PatchContext,
): Steps<Json[]> {
  const change = withPlainValue(given, context)
  const { op, value = null } = change
  const matched = yield* findMatches(current, change, yield* readNamed(change, context), context)
  if (matched.size === 0) {
    return op === 'remove' ? current : yield* withCreated(current, change, context)
  }
  if (change.sub === undefined && (op === 'remove' || isUnassigned(value, context))) {
    return op === 'add' ? current : current.filter((_, position) => !matched.has(position))
  }
  return yield* changeEach(current, matched, change, context)
}

/** Unwraps the value of the change, because a filter selects single values. */
function withPlainValue(change: Change, context: PatchContext): Change {
  const { definition, filter, sub, value } = change
  if (filter === undefined || value === undefined) return change
  const single = { ...(sub ?? definition), multiValued: sub?.multiValued ?? false }
  const plain = asSent(single, value, context)
  const isElement = sub === undefined && definition.multiValued
  return { ...change, value: isElement ? asElement(plain, context) : plain }
}

/**
 * Tests whether the value of a remove operation names the sub-attribute of an element:
 * `roles.value` with "admin" removes no other role. `undefined` if the operation names none, or a
 * sub-attribute that stays in any case.
 *
 * @throws ScimError as `readList`
 */
function* readNamed(
  { op, filter, sub, name, value }: Change,
  context: PatchContext,
): Steps<((element: Json) => boolean) | undefined> {
  if (op !== 'remove' || filter !== undefined || sub === undefined || sub.multiValued) return
  if (value === undefined || value === null || sub.mutability === 'immutable') return
  const listing = { op, definition: { ...sub, multiValued: true }, name, value }
  const named = yield* readList(listing, rulesFor(listing, context), context)
  const index = indexValues(listing.definition, named)
  return (element) => {
    const part = isObject(element) ? own(element, sub.name) : undefined
    return part !== undefined && index.find(part) !== undefined
  }
}

function* findMatches(
  current: Json[],
  { filter }: Change,
  isNamed: ((element: Json) => boolean) | undefined,
  { budget }: PatchContext,
): Steps<ReadonlySet<number>> {
  budget.spendComparisons(current.length * (filter?.terms ?? 1))
  const matches = filter?.matches ?? isNamed
  if (matches === undefined) return new Set(current.keys())
  const positions = new Set<number>()
  for (const [position, value] of current.entries()) {
    if (matches(value)) positions.add(position)
    yield
  }
  return positions
}

function* changeEach(
  current: Json[],
  matched: ReadonlySet<number>,
  change: Change,
  context: PatchContext,
): Steps<Json[]> {
  const { definition, sub, value = null } = change
  context.budget.spendComparisons(matched.size)
  context.budget.spendBytes(value, matched.size)
  const edit = editOf(change, context)
  const next: Json[] = []
  // Only values that are told apart by what changes can become equal.
  const index = tellsApart(definition, sub) ? indexValues(definition, next) : undefined
  const touched: number[] = []
  let isChanged = false
  for (const [position, before] of current.entries()) {
    yield
    const after = matched.has(position) ? edit(before) : before
    if (after !== before && isBlank(definition, after)) continue
    isChanged ||= after !== before
    // Values that have become equal are merged, as in POST and PUT (RFC 7643 §2.4).
    const twin = isChanged ? index?.find(after) : undefined
    const place = twin ?? next.length
    next[place] = twin === undefined ? after : joinedValue(next[twin] ?? null, after)
    index?.note(next[place], place)
    if (matched.has(position)) touched.push(place)
  }
  const mayBePrimary = sub === undefined || sub.name === 'primary'
  if (mayBePrimary) demotePrimaries(next, touched, definition, context.budget)
  return next
}

/** The operation's edit of one value: of one sub-attribute, of several, or of the whole value. */
function editOf(change: Change, context: PatchContext): (before: Json) => Json {
  const { op, definition, sub, value = null } = change
  const isPart = sub !== undefined || op === 'add' || !definition.multiValued
  if (definition.type === 'complex' && isPart) {
    const edit = sub === undefined ? mergeEdit(change, context) : subEdit(change, sub, context)
    return (before) => (isObject(before) ? edit(before) : before)
  }
  const rules = rulesFor({ ...change, definition: { ...definition, multiValued: false } }, context)
  const after = rules.read(described(change, context) ?? value)
  return (before) => {
    if (after === undefined) return {}
    requireSameIdentity(before, after, change)
    return rules.succeed(before, after)
  }
}

/**
 * Refuses to turn a value into another one if its parts are immutable (R-GROUP-04: members are not
 * edited in place).
 */
function requireSameIdentity(before: Json, after: Json, { definition, name }: Change): void {
  if (!isObject(before) || !isObject(after)) return
  for (const sub of definition.subAttributes ?? []) {
    const given = own(after, sub.name)
    if (given === undefined) continue
    requireUnchanged(own(before, sub.name), given, { definition: sub, name: `${name}.${sub.name}` })
  }
}

const creating: Readonly<Record<'add' | 'replace', DeviationId>> = {
  add: 'addCreatesValuePathTarget',
  replace: 'replaceCreatesValuePathTarget',
}

/**
 * Adds the value that the path describes: `emails[type eq "work"].value` on a user without a work
 * e-mail (Entra ID). An empty value creates nothing. Replace never creates a membership, because
 * that would grant access.
 */
function* withCreated(current: Json[], change: Change, context: PatchContext): Steps<Json[]> {
  const { op, definition, filter, sub, name, value = null } = change
  const missing = noTarget(`"${name}" names no value that the resource has.`)
  if (op === 'remove') return current
  if (filter !== undefined) {
    const isOff = !context.deviations.has(creating[op])
    if (isOff || (op === 'replace' && areMemberships(definition))) throw missing
  }
  // The path alone names the new member.
  const isNamed = op === 'add' && filter !== undefined && areMemberships(definition)
  if (isUnassigned(value, context) && !isNamed) return current
  if (!definition.multiValued && current.length > 0) throw missing
  const rules = rulesFor(change, context)
  const whole = described(change, context)
  if (whole === undefined) throw missing
  // An element that has only a label so far may get its value from the next operation; see
  // `dropEmptyValues`.
  const created =
    sub === undefined ? rules.read(whole) : readElement(definition, whole, context, name)
  if (created === undefined) return current
  if (filter !== undefined && !filter.matches(created)) throw missing
  context.budget.spendBytes(created, 1)
  // When a request with a whole value is repeated, it finds and replaces the value it has created.
  const isWhole = op === 'replace' && sub === undefined
  const joining = isWhole ? { ...rules, merge: rules.succeed } : rules
  return yield* withAdded(current, [created], { change, rules: joining, context })
}

/**
 * The value described by the operation together with the `eq` terms of its filter, so that a
 * repeated request finds it again; `undefined` if the filter has other terms.
 */
function described(change: Change, context: PatchContext): Json | undefined {
  const { definition, filter, sub, value = null } = change
  const terms = filter === undefined ? {} : describedBy(filter.parsed, definition)
  if (terms === undefined || definition.type !== 'complex') return terms && value
  if (sub !== undefined) return { ...terms, [sub.name]: value }
  if (isObject(value)) return withTerms(terms, value)
  if (isUnassigned(value, context)) return terms
  const isText = typeof value === 'string' && !looksLikeJson(value)
  const isBare = isText && context.deviations.has('membersAsStrings')
  return isBare && subAttribute(definition, 'value') ? withTerms(terms, { value }) : value
}

function withTerms(terms: JsonObject, value: JsonObject): JsonObject {
  const given = new Set(Object.keys(value).map((name) => name.toLowerCase()))
  const rest = Object.entries(terms).filter(([name]) => !given.has(name.toLowerCase()))
  return { ...Object.fromEntries(rest), ...value }
}

/**
 * The sub-attributes given by the `eq` terms of a filter; `undefined` if the filter has other
 * terms.
 */
function describedBy(
  filter: ParsedFilter,
  definition: AttributeDefinition,
): JsonObject | undefined {
  switch (filter.kind) {
    case 'compare': {
      if (filter.operator !== 'eq' || filter.value === null) return undefined
      const sub = subAttribute(definition, filter.path.text)
      // Read as in filters: a bare number is text if the sub-attribute is a string.
      const isText = typeof filter.value === 'number' && sub?.type === 'string'
      const value = isText ? (filter.word ?? String(filter.value)) : filter.value
      return { [sub?.name ?? filter.path.text]: value }
    }
    case 'present':
      return {}
    case 'and': {
      const parts = filter.nodes.map((node) => describedBy(node, definition))
      return parts.every((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined
    }
    default:
      return undefined
  }
}
