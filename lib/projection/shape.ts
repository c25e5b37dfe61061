import type { AttributeDefinition } from '../schema/types.js'

/**
 * The members of an object to return: the default ones, `only` the named ones, or all `without` the
 * named ones. The characteristic `returned` of each attribute takes precedence (RFC 7643 §7).
 */
export type Shape =
  | { readonly kind: 'default' }
  | { readonly kind: 'only' | 'without'; readonly names: Names }

/** Canonical attribute names and extension URNs, each with `whole` or the parts to return. */
export type Names = ReadonlyMap<string, Names | 'whole'>

export const byDefault: Shape = { kind: 'default' }
export const nothing: Shape = { kind: 'only', names: new Map() }

/** The shape of a member's value; {@link nothing} if the member was not requested. */
export function shapeOf(shape: Shape, name: string): Shape {
  if (shape.kind === 'default') return byDefault
  const parts = shape.names.get(name)
  if (parts === undefined) return shape.kind === 'only' ? nothing : byDefault
  if (parts === 'whole') return shape.kind === 'only' ? byDefault : nothing
  return { kind: shape.kind, names: parts }
}

/** Whether an attribute is returned, by its characteristics and the shape. */
export function isReturned(
  { returned, name }: AttributeDefinition,
  shape: Shape,
  wasSent = false,
): boolean {
  if (returned === 'never') return false
  if (returned === 'always') return true
  if (shapeOf(shape, name) === nothing) return false
  return returned === 'default' || wasSent || shape.kind === 'only'
}
