import type { AttributeDefinition } from '../schema/types.js'

/**
 * Which members of an object are returned: those returned by default, `only` the named ones, or all
 * `without` the named ones. `returned` of each attribute has the last word (RFC 7643 §7).
 */
export type Shape =
  | { readonly kind: 'default' }
  | { readonly kind: 'only' | 'without'; readonly names: Names }

/** Canonical names of attributes, URNs of extensions; `whole`, or which parts of it. */
export type Names = ReadonlyMap<string, Names | 'whole'>

export const byDefault: Shape = { kind: 'default' }
export const nothing: Shape = { kind: 'only', names: new Map() }

/** The shape of a member's value; {@link nothing} when the member is not asked for. */
export function shapeOf(shape: Shape, name: string): Shape {
  if (shape.kind === 'default') return byDefault
  const parts = shape.names.get(name)
  if (parts === undefined) return shape.kind === 'only' ? nothing : byDefault
  if (parts === 'whole') return shape.kind === 'only' ? byDefault : nothing
  return { kind: shape.kind, names: parts }
}

/**
 * Whether an attribute is part of an object of this shape, as far as its characteristics and the
 * shape tell.
 */
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
