import { mutabilityError } from '../errors.js'
import { isDerived, isPassword } from '../schema/core-schemas.js'
import { isObject, own, withMember } from '../schema/json.js'
import { printPath } from '../schema/paths.js'
import type { AttributeDefinition, AttributePath, Json, JsonObject } from '../schema/types.js'
import { changeAttribute } from './change-attribute.js'
import type { PatchContext } from './context.js'
import type { PatchOp } from './operation.js'
import type { Steps } from './steps.js'
import type { PatchTarget } from './target.js'

/** The resource while operations are applied to it. */
export interface Draft {
  /** A shallow copy: members are replaced, but their values are never modified. */
  readonly resource: JsonObject
  /** The new `password`; `null`: unassigned. */
  readonly secrets: Record<string, Json>
  /** Names of the members that operations have set or removed, even if the value is the same. */
  readonly written: Set<string>
}

/** An operation's assignment to one place. */
export interface Assignment {
  readonly op: PatchOp
  readonly target: PatchTarget
  readonly value?: Json
}

/**
 * Applies an operation to one attribute of the draft.
 *
 * @param assignment with a target that is an attribute, not a whole extension
 * @throws ScimError `mutability` (400) when clients cannot write there, and as `changeAttribute`
 *   does
 */
export function* assign(draft: Draft, assignment: Assignment, context: PatchContext): Steps<void> {
  const { op, target, value } = assignment
  const { path, filter } = target
  const { attribute, sub } = path
  if (attribute === undefined) return
  if (!isWritable(path)) {
    throw mutabilityError(`Attribute "${target.name}" cannot be changed by clients.`)
  }
  const place = placeOf(path, attribute)
  const change = { op, definition: attribute, sub, filter, value, name: place.name }
  writePlace(draft, place, yield* changeAttribute(readPlace(draft, place), change, context))
}

/** Whether a client may write an attribute or sub-attribute. */
export function isWritable({ attribute, sub }: AttributePath): boolean {
  return attribute?.mutability !== 'readOnly' && (sub === undefined || !isDerived(sub))
}

/** The attributes of an extension in the draft. */
export function extensionOf(draft: Draft, urn: string): JsonObject {
  const extension = own(draft.resource, urn)
  return isObject(extension) ? extension : {}
}

/** The place of an attribute: in the resource, in an extension, or among the secrets. */
export interface DraftPlace {
  readonly extension: string | undefined
  readonly attribute: AttributeDefinition
  readonly isSecret: boolean
  /** Path of the attribute. */
  readonly name: string
}

function placeOf({ extension }: AttributePath, attribute: AttributeDefinition): DraftPlace {
  const name = printPath({ extension, attribute })
  return { extension, attribute, isSecret: isPassword(attribute), name }
}

/** The value at a place of the draft. */
export function readPlace(
  draft: Draft,
  { extension, attribute, isSecret, name }: DraftPlace,
): Json | undefined {
  if (isSecret) return own(draft.secrets, name) ?? undefined
  const holder = extension === undefined ? draft.resource : extensionOf(draft, extension)
  return own(holder, attribute.name)
}

/** Sets the value at a place of the draft; `undefined` unassigns it. */
export function writePlace(draft: Draft, place: DraftPlace, value: Json | undefined): void {
  const { extension, attribute, isSecret, name } = place
  if (isSecret) draft.secrets[name] = value ?? null
  else if (extension === undefined) setMember(draft, attribute.name, value)
  else
    writeExtension(
      draft,
      extension,
      withMember(extensionOf(draft, extension), attribute.name, value),
    )
}

/** Sets an extension; an empty one is removed. */
export function writeExtension(draft: Draft, urn: string, extension: JsonObject): void {
  const isEmpty = Object.keys(extension).length === 0
  setMember(draft, urn, isEmpty ? undefined : extension)
}

function setMember({ resource, written }: Draft, name: string, value: Json | undefined): void {
  written.add(name)
  if (value === undefined) delete resource[name]
  else resource[name] = value
}
