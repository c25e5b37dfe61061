import { invalidValue, mutabilityError } from '../errors.js'
import { own } from '../schema/json.js'
import { knownUrn } from '../schema/read-schemas.js'
import type { Json } from '../schema/types.js'
import type { PatchContext } from './context.js'
import { type Assignment, type Draft, extensionOf, writeExtension } from './draft.js'

/**
 * Removes everything from an extension that clients may write (RFC 7644 §3.10); readOnly attributes
 * stay.
 *
 * @throws ScimError `mutability` (400) when the extension is required or holds an immutable value
 */
export function removeExtension(draft: Draft, urn: string, { type }: PatchContext): void {
  const extension = type.extensions.find(({ schema }) => schema.id === urn)
  if (extension === undefined) return
  if (extension.required) {
    throw mutabilityError(`Extension "${urn}" is required and cannot be removed.`)
  }
  const present = extensionOf(draft, urn)
  const definitions = extension.schema.attributes.filter(
    ({ name }) => own(present, name) !== undefined,
  )
  const immutable = definitions.find(({ mutability }) => mutability === 'immutable')
  if (immutable !== undefined) {
    throw mutabilityError(`Attribute "${urn}:${immutable.name}" is immutable and has a value.`)
  }
  const kept = definitions.filter(({ mutability }) => mutability === 'readOnly')
  writeExtension(
    draft,
    urn,
    Object.fromEntries(kept.map(({ name }) => [name, own(present, name) ?? null])),
  )
}

/**
 * Applies an operation on `schemas` (RFC 7644 §3.5.2). `schemas` lists the extensions that have
 * data, so adding a URN changes nothing by itself, and removing a URN removes the extension's data.
 * Later operations may set it again.
 *
 * @throws ScimError `invalidValue` (400) for a URN that the resource type does not have,
 *   `mutability` (400) when the base schema would be removed
 */
export function changeSchemas(draft: Draft, assignment: Assignment, context: PatchContext): void {
  const { schema, extensions } = context.type
  const urns = extensions.map((extension) => extension.schema.id)
  const current = [schema.id, ...urns.filter((urn) => Object.hasOwn(draft.resource, urn))]
  const next = nextUrns(current, assignment, context)
  if (!next.includes(schema.id)) throw mutabilityError(`"schemas" must list "${schema.id}".`)
  for (const urn of current) {
    if (!next.includes(urn)) removeExtension(draft, urn, context)
  }
}

/** The URNs that `schemas` lists after an operation. */
function nextUrns(
  current: readonly string[],
  { op, target, value }: Assignment,
  context: PatchContext,
): readonly string[] {
  const { filter } = target
  if (filter !== undefined) {
    if (op === 'remove') return current.filter((urn) => !filter.matches(urn))
    throw mutabilityError('A URN in "schemas" cannot be changed into another one.')
  }
  if (op === 'remove' && value === undefined) return []
  const given = readUrns(value ?? null, context)
  if (op === 'replace') return given
  return op === 'add' ? current : current.filter((urn) => !given.includes(urn))
}

function readUrns(value: Json, context: PatchContext): string[] {
  const { type, deviations, unknownAttributes } = context
  const mayPassOver = unknownAttributes === 'ignore' && deviations.has('legacyUrns')
  return [value ?? []].flat().flatMap((text) => {
    if (typeof text !== 'string') throw invalidValue('"schemas" must be an array of URNs.')
    const urn = knownUrn(type, text, context)
    if (urn !== undefined) return [urn]
    if (mayPassOver) return []
    throw invalidValue(`"${text.slice(0, 200)}" is no schema of a ${type.name}.`)
  })
}
