import { resolveName } from '../filter/aliases.js'
import type { ParsedFilter } from '../filter/ast.js'
import { isObject, own, withMember } from '../schema/json.js'
import { subAttribute } from '../schema/paths.js'
import { areMemberships, clearsList } from '../schema/read-value.js'
import type { AttributeDefinition, Json, ResourceType } from '../schema/types.js'
import type { MemberChange } from '../stores/group-store.js'
import { withoutCoreUrn } from './assignments.js'
import { rulesFor } from './complex.js'
import { type Change, createContext, type PatchContext } from './context.js'
import type { PatchOperation, PatchOptions } from './operation.js'
import type { Steps } from './steps.js'
import { isUnknown, resolveTarget } from './target.js'
import { asListed, readList } from './value-list.js'

/** PATCH operations on a group, split into members and the rest. */
export interface MembersPatched {
  /** The change of `members`. Both lists are empty if there is none. */
  readonly change: MemberChange
  /** The other operations, for `applyPatch` on the group without its members. */
  readonly rest: readonly PatchOperation[]
}

/** The effect of one operation on the members: adds ids, removes ids, none, or unknown. */
type Effect =
  | { readonly kind: 'add' | 'remove'; readonly ids: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' }

/**
 * The change of a group's members by PATCH operations, computed without reading the group, so that
 * the cost depends on the operations and not on the size of the group (R-PATCH-51). If several
 * operations concern the same id, the last one counts.
 *
 * @returns `undefined` if that is not possible, because the operations replace the members, remove
 *   all of them, or select them by a filter other than `value eq "…"`. `applyPatch` then needs the
 *   group with its members.
 * @throws ScimError as `applyPatch` for the operations on members
 */
export function* memberChange(
  type: ResourceType,
  operations: readonly PatchOperation[],
  options: PatchOptions,
): Steps<MembersPatched | undefined> {
  const members = type.attributes.get('members')
  if (members === undefined || !isMemberList(members)) return undefined
  const context = createContext(type, options)
  const isMember = new Map<string, boolean>()
  const rest: PatchOperation[] = []
  for (const operation of operations) {
    yield
    const part = takeApart(withoutCoreUrn(operation, context), members, context)
    if (part.rest !== undefined) rest.push(part.rest)
    const effect = part.change === undefined ? none : yield* effectOf(part.change, context)
    if (effect.kind === 'unclear') return undefined
    if (effect.kind !== 'none') {
      for (const id of effect.ids) {
        yield
        isMember.set(id, effect.kind === 'add')
      }
    }
  }
  const add: string[] = []
  const remove: string[] = []
  for (const [id, isIn] of isMember) {
    yield
    if (isIn) add.push(id)
    else remove.push(id)
  }
  return { change: { add, remove }, rest }
}

/**
 * The ids of members that operations add, if a later operation selects members by more than their
 * ids, so that these have to be known; none otherwise.
 */
export function* membersToKnow(
  type: ResourceType,
  operations: readonly PatchOperation[],
  options: PatchOptions,
): Steps<readonly string[]> {
  const members = type.attributes.get('members')
  if (members === undefined || !isMemberList(members)) return []
  const context = createContext(type, options)
  const ids = new Set<string>()
  let isSelecting = false
  for (const operation of operations) {
    yield
    const { change } = takeApart(withoutCoreUrn(operation, context), members, context)
    if (change === undefined) continue
    const { op, sub, filter, value } = change
    if (filter !== undefined) {
      const named = idsIn(filter.parsed, members)
      isSelecting ||= named === undefined && ids.size > 0
      if (op === 'add') for (const id of named ?? []) ids.add(id)
    } else if (op !== 'remove' && sub === undefined) {
      if (clearsList(members, value ?? null, context)) continue
      const given = yield* readList(asListed(change, context), rulesFor(change, context), context)
      for (const member of given) ids.add(idOf(member))
    }
  }
  return isSelecting ? [...ids] : []
}

const none: Effect = { kind: 'none' }
const unclear: Effect = { kind: 'unclear' }

function isMemberList(definition: AttributeDefinition): boolean {
  return (
    definition.multiValued &&
    !definition.required &&
    definition.mutability === 'readWrite' &&
    areMemberships(definition)
  )
}

/** Splits an operation into its change of the members and the rest. */
function takeApart(
  operation: PatchOperation,
  members: AttributeDefinition,
  context: PatchContext,
): { readonly change?: Change; readonly rest?: PatchOperation } {
  const { op, path, value } = operation
  if (path === undefined) return takeOutMembers(operation, members, context)
  const target = resolveTarget(path, context)
  if (isUnknown(target)) return { rest: operation }
  const { path: found, filter, name } = target
  if (found.attribute !== members) return { rest: operation }
  const { sub } = found
  const change = { op, definition: members, name, ...(value !== undefined && { value }) }
  return { change: { ...change, ...(sub && { sub }), ...(filter && { filter }) } }
}

/** `{ "displayName": "…", "members": […] }` without a path (Okta). */
function takeOutMembers(
  operation: PatchOperation,
  members: AttributeDefinition,
  { type, deviations }: PatchContext,
): { readonly change?: Change; readonly rest?: PatchOperation } {
  const { op, value } = operation
  if (op === 'remove' || !isObject(value)) return { rest: operation }
  const attributeOf = (name: string) => resolveName(type, name, deviations)?.attribute
  const keys = Object.keys(value).filter((key) => attributeOf(key.replace(/\[.*/s, '')) === members)
  const [key, ...others] = keys
  if (key === undefined) return { rest: operation }
  const isPlain = key.toLowerCase() === members.name && others.length === 0
  const change = { op, definition: members, name: members.name, value: own(value, key) ?? null }
  if (!isPlain) return { change: { ...change, op: 'replace' } }
  const rest = withMember(value, key, undefined)
  return Object.keys(rest).length === 0 ? { change } : { change, rest: { op, value: rest } }
}

function* effectOf(given: Change, context: PatchContext): Steps<Effect> {
  const change = given.filter === undefined ? asListed(given, context) : given
  const { op, sub, filter, value, definition } = change
  if (sub !== undefined || op === 'replace') return unclear
  if (filter !== undefined) {
    const ids = op === 'remove' ? idsIn(filter.parsed, definition) : undefined
    return ids === undefined ? unclear : { kind: 'remove', ids }
  }
  if (op === 'remove' && (value === undefined || !context.deviations.has('removeByValueList'))) {
    return unclear
  }
  if (op === 'add' && clearsList(definition, value ?? null, context)) return none
  const list = yield* readList(change, rulesFor(change, context), context)
  return { kind: op, ids: list.map(idOf) }
}

function idOf(member: Json): string {
  return isObject(member) ? String(own(member, 'value')) : ''
}

/** The ids in `value eq "…"`, or in several of these joined by `or`. */
function idsIn(filter: ParsedFilter, members: AttributeDefinition): string[] | undefined {
  if (filter.kind === 'or') {
    const parts = filter.nodes.map((node) => idsIn(node, members))
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return undefined
  const isId = subAttribute(members, filter.path.text)?.name === 'value'
  return isId && typeof filter.value === 'string' ? [filter.value] : undefined
}
