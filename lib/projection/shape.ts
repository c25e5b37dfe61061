import type { AttributeDefinition } from '../schema/types.js'

/**
 * The members of an object to return: the default ones, with those that are named as well, `only`
 * the named ones, all `without` the named ones, or those that are `always` returned. The
 * characteristic `returned` of each attribute takes precedence (RFC 7643 §7).
 */
export type Shape = Projection | { readonly kind: 'always' }

/** The attributes that a response contains. */
export type Projection =
  | { readonly kind: 'default'; readonly names?: Names }
  | { readonly kind: 'only' | 'without'; readonly names: Names }

/** Canonical attribute names and extension URNs that a list names, themselves or parts of them. */
export type Names = ReadonlyMap<string, Named>

/** What a list says of a name: the whole of it, parts, or both. */
export interface Named {
  readonly isWhole: boolean
  readonly parts: Names
}

export const byDefault: Projection = { kind: 'default' }
export const nothing: Projection = { kind: 'only', names: new Map() }
/** What is left of an attribute that is excluded. */
const excluded: Shape = { kind: 'always' }

/**
 * The shape of a member's value; {@link nothing} if the member was not requested.
 *
 * @param isDefault whether the member is returned if it is not named; else its parts may be
 */
export function shapeOf(shape: Shape, name: string, isDefault = true): Shape {
  if (shape.kind === 'always') return excluded
  const named = shape.names?.get(name)
  if (named === undefined) return shape.kind === 'only' ? nothing : byDefault
  const { isWhole, parts } = named
  if (shape.kind === 'without') return isWhole ? excluded : { kind: 'without', names: parts }
  const isAll = isWhole || (shape.kind === 'default' && isDefault)
  return isAll && parts.size === 0 ? byDefault : { kind: isAll ? 'default' : 'only', names: parts }
}

/** Whether an attribute is returned, by its characteristics and the shape. */
export function isReturned(
  definition: AttributeDefinition,
  shape: Shape,
  wasSent = false,
): boolean {
  const { returned, name, subAttributes = [] } = definition
  if (returned === 'never') return false
  if (returned === 'always') return true
  const asked = shapeOf(shape, name)
  if (asked === nothing) return false
  const isDefault = returned === 'default' || wasSent
  if (asked === excluded) return isDefault && subAttributes.some((sub) => sub.returned === 'always')
  return isDefault || shape.kind === 'only' || isNamed(shape, name)
}

/** Whether a part is to be shown as if its attribute, which is always returned, was not named. */
export function isUnasked(shape: Shape): boolean {
  return shape === nothing || shape === excluded
}

function isNamed(shape: Shape, name: string): boolean {
  return shape.kind === 'default' && shape.names?.has(name) === true
}
