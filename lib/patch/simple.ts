import { invalidValue, mutabilityError } from '../errors.js'
import { isUnassigned } from '../schema/empty-value.js'
import { isEqual, isObject, own } from '../schema/json.js'
import { fixedParts, readElement } from '../schema/read-value.js'
import type { Json } from '../schema/types.js'
import { asSent } from '../schema/wrapped-value.js'
import type { Change, PatchContext } from './context.js'

/** The value of a simple attribute after an operation; `undefined` if unassigned. */
export function changeSimple(change: Change, context: PatchContext): Json | undefined {
  const { op, definition, name } = change
  const value = asSent(definition, change.value ?? null, context)
  if (op === 'remove' || isUnassigned(value, context)) return unassign({ ...change, value })
  context.budget.spendBytes(value, 1)
  return readElement(definition, change.value ?? null, context, name)
}

/**
 * Unassigns an attribute.
 *
 * @throws ScimError when it is required: `invalidValue` for an empty string, else `mutability` (RFC
 *   7644 §3.5.2.2)
 */
export function unassign({
  definition,
  value,
  name,
}: Pick<Change, 'definition' | 'value' | 'name'>): undefined {
  if (!definition.required) return
  if (value === '') throw invalidValue(`Attribute "${name}" is required and cannot be empty.`)
  throw mutabilityError(`Attribute "${name}" is required and cannot be removed.`)
}

/** Refuses to change a value that can be set only once; setting it to the same value is allowed. */
export function requireUnchanged(
  before: Json | undefined,
  after: Json | undefined,
  { definition, name }: Pick<Change, 'definition' | 'name'>,
): void {
  if (definition.mutability !== 'immutable' || before === undefined) return
  if (!isEqual(before, after)) {
    throw mutabilityError(`Attribute "${name}" is immutable and has a value already.`)
  }
}

/** Refuses other values for the immutable parts that an element has; parts left out stay. */
export function requireFixedParts(
  before: Json,
  given: Json,
  { definition, name }: Pick<Change, 'definition' | 'name'>,
): void {
  if (!isObject(before) || !isObject(given)) return
  for (const sub of fixedParts(definition)) {
    const part = own(given, sub.name)
    if (part === undefined) continue
    requireUnchanged(own(before, sub.name), part, { definition: sub, name: `${name}.${sub.name}` })
  }
}
