import { checkResource } from '../schema/check-resource.js'
import { holdsNothing } from '../schema/empty-value.js'
import { isEqual, own } from '../schema/json.js'
import { printPath } from '../schema/paths.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from '../schema/types.js'
import { assignmentsOf } from './assignments.js'
import { createContext, type PatchContext } from './context.js'
import { type Assignment, assign, type Draft, readPlace, writePlace } from './draft.js'
import { changeSchemas, removeExtension } from './extensions.js'
import type { PatchOperation, PatchOptions } from './operation.js'
import { unassign } from './simple.js'
import type { Steps } from './steps.js'
import { hasForeignUrn, isUnknown, type UnknownTarget, unknownTarget } from './target.js'

/** The result of a PATCH. */
export interface Patched {
  readonly resource: JsonObject
  /** The new `password`; `null` if unassigned. */
  readonly secrets: Readonly<Record<string, Json>>
  /**
   * Names of the attributes that changed, extensions by URN; empty if nothing changed (R-PATCH-18).
   */
  readonly changed: readonly string[]
  /** Attribute paths and extension URNs in the operations that no schema has. */
  readonly passedOver: readonly string[]
}

/**
 * Applies PATCH operations to a resource in order, each to the result of the one before (RFC 7644
 * §3.5.2). Either all apply or, if one throws, none; the argument is never changed. The result is
 * valid as a whole.
 *
 * @param resource as stores keep it
 * @throws ScimError `invalidPath`, `invalidFilter`, `noTarget`, `mutability`, `invalidValue` or
 *   `invalidSyntax` (400) as RFC 7644 §3.12 has them; `tooMany` (400) or 413 beyond a limit
 */
export function* applyPatch(
  type: ResourceType,
  resource: JsonObject,
  operations: readonly PatchOperation[],
  options: PatchOptions,
): Steps<Patched> {
  const draft: Draft = { resource: { ...resource }, secrets: {}, written: new Set() }
  const context = createContext(type, options)
  const unknown: UnknownTarget[] = []
  let isNothing = true
  for (const operation of operations) {
    const assignments = assignmentsOf(operation, context)
    if (isUnknown(assignments)) unknown.push(assignments)
    else {
      for (const assignment of assignments) yield* apply(draft, assignment, context)
      isNothing &&= assignments.length === 0
    }
    yield
  }
  if (isNothing && !options.isRest) refuseMisspelt(unknown, context)
  dropEmptyValues(draft, context)
  const changed = changedNames(resource, draft)
  checkResource(type, draft.resource, changed)
  const passedOver = [...context.passedOver]
  return { resource: draft.resource, secrets: draft.secrets, changed, passedOver }
}

/**
 * Refuses a request in which every name is unknown: a success would suggest that it was carried
 * out.
 */
function refuseMisspelt(
  unknown: readonly UnknownTarget[],
  { type, passedOver }: PatchContext,
): void {
  const misspelt = unknown.find(({ isForeign }) => !isForeign)
  if (misspelt !== undefined) throw misspelt.error
  const name = [...passedOver].find((each) => !hasForeignUrn(type, each))
  if (name !== undefined) throw unknownTarget(name).error
}

function* apply(draft: Draft, assignment: Assignment, context: PatchContext): Steps<void> {
  const { extension, attribute } = assignment.target.path
  if (attribute !== undefined && attribute === context.type.attributes.get('schemas')) {
    changeSchemas(draft, assignment, context)
  } else if (attribute === undefined && extension !== undefined) {
    removeExtension(draft, extension, context)
  } else {
    yield* assign(draft, assignment, context)
  }
}

/**
 * Removes elements without a value from the attributes that the operations have written, as POST
 * and PUT do. It runs after all operations, because Entra ID sets an element's type with one
 * operation and its value with the next.
 *
 * @throws ScimError `mutability` (400) when nothing is left of a required attribute
 */
function dropEmptyValues(draft: Draft, { type }: PatchContext): void {
  for (const attribute of type.attributes.values()) {
    if (draft.written.has(attribute.name)) dropIn(draft, undefined, attribute)
  }
  for (const { schema } of type.extensions) {
    if (!draft.written.has(schema.id)) continue
    for (const attribute of schema.attributes) dropIn(draft, schema.id, attribute)
  }
}

function dropIn(draft: Draft, extension: string | undefined, definition: AttributeDefinition) {
  if (!definition.multiValued || !definition.subAttributes) return
  const name = printPath({ extension, attribute: definition })
  const place = { extension, attribute: definition, isSecret: false, name }
  const values = readPlace(draft, place)
  if (!Array.isArray(values)) return
  const kept: Json[] = values.filter((value) => !holdsNothing(definition, value))
  if (kept.length === values.length) return
  writePlace(draft, place, kept.length > 0 ? kept : unassign({ definition, name }))
}

function changedNames(before: JsonObject, { resource: after, written }: Draft): string[] {
  return [...written].filter((name) => !isEqual(own(before, name), own(after, name)))
}
