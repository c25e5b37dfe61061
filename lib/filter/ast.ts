import type { AttributePath } from '../schema/types.js'

/**
 * Attribute operators of RFC 7644 §3.4.2.2, table 3, without `pr` (which has a node of its own).
 */
export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

/** A literal of the filter grammar. */
export type CompareValue = string | number | boolean | null

/**
 * A literal after resolution: never `null`, and in comparable form (see {@link ResolvedFilter}).
 */
export type ComparableValue = Exclude<CompareValue, null>

/** An attribute path as the client wrote it. */
export interface PathText {
  readonly text: string
  /** Offset of the path's first character in the filter, from 0. */
  readonly position: number
}

/**
 * A filter as a tree (RFC 7644 §3.4.2.2, figure 1). `P` is {@link PathText} after parsing and
 * {@link AttributePath} after resolution against a schema; `V` is the type of literals.
 *
 * `and`/`or` are flat lists of two or more nodes. In `valuePath` (`emails[type eq "work"]`) the
 * paths of the inner filter are relative to the attribute's sub-attributes, and there is no further
 * `valuePath`. `constant` appears only after resolution, as the whole filter and never inside
 * another node: an attribute that a resource type lacks has no value in a query over several types
 * (RFC 7644 §3.4.2.1).
 */
export type FilterNode<P, V = CompareValue> =
  | { readonly kind: 'and'; readonly nodes: readonly FilterNode<P, V>[] }
  | { readonly kind: 'or'; readonly nodes: readonly FilterNode<P, V>[] }
  | { readonly kind: 'not'; readonly node: FilterNode<P, V> }
  | {
      readonly kind: 'compare'
      readonly path: P
      readonly operator: CompareOperator
      readonly value: V
      /** A number as the client wrote it, if JavaScript would print it differently. */
      readonly word?: string
    }
  | { readonly kind: 'present'; readonly path: P }
  | { readonly kind: 'valuePath'; readonly path: P; readonly filter: FilterNode<P, V> }
  | { readonly kind: 'constant'; readonly value: boolean }

/** A parsed filter whose names have not been looked up yet. */
export type ParsedFilter = FilterNode<PathText>

/**
 * A filter as a store receives it. Every path is resolved (a multi-valued complex attribute without
 * a sub-attribute has got its `value`), every literal was checked against the attribute's type and
 * is in comparable form (see `lib/schema/comparable.ts`): strings folded where the attribute is not
 * `caseExact`, a dateTime as milliseconds since 1970, everything else as it is. Inside `valuePath`
 * the inner paths are `{ attribute: <the sub-attribute> }`, and the path of `valuePath` itself is a
 * multi-valued complex attribute.
 *
 * Semantics, the same in memory and in SQL:
 * - a multi-valued attribute matches when any of its values matches (for `ne`: when any differs);
 * - the values of `emails.type` are the `type`s of those elements that have one;
 * - an attribute without any value matches `ne`, nothing else;
 * - `present` matches when a non-empty value is there; a complex attribute is present when any
 *   sub-attribute is, and a path of an extension alone when any of the extension's attributes is;
 * - strings are ordered by code point, `false` before `true`.
 *
 * Some expressions are rewritten, so that stores need not know about them: `eq null` is `not
 * present` and `ne null` is `present`; `schemas` became the presence of extensions; an absent
 * `primary` counts as `false`; `meta.version` is compared without `W/"…"`; attributes that are
 * computed on reading (`User.groups`, `meta.location`, `$ref`) are refused.
 */
export type ResolvedFilter = FilterNode<AttributePath, ComparableValue>
