import type { ResolvedFilter } from '../filter/ast.js'
import type { AttributePath } from '../schema/types.js'
import type { GroupReference, Resource } from './resource.js'

/** Options of reading a resource. */
export interface Read {
  /**
   * Top-level attributes that are not needed, e.g. `members` for `?excludedAttributes=members`. A
   * store may omit them; it must omit `members`.
   */
  readonly omit: ReadonlySet<string>
}

/** `sortBy` and `sortOrder` (RFC 7644 §3.4.2.3). */
export interface Sort {
  readonly path: AttributePath
  readonly descending: boolean
}

/** A sort value in comparable form; `null` if the attribute is unassigned. */
export type SortKey = string | number | boolean | null

/** A position in a result: everything up to and including it was returned before. */
export interface KeysetPosition {
  /** Only with `sort`. */
  readonly sortKey?: SortKey
  /** `meta.created` of the last resource returned. */
  readonly created: string
  readonly id: string
}

/** The requested part of the result: by index, or after a position (RFC 9865). */
export type PageRequest =
  | { readonly kind: 'index'; readonly offset: number; readonly limit: number }
  | { readonly kind: 'cursor'; readonly after?: KeysetPosition; readonly limit: number }

/**
 * A query over one resource type.
 *
 * Order: by `sort` if given (unassigned values last when ascending, first when descending; a
 * multi-valued attribute by its primary value, else its first), then by `(meta.created, id)`,
 * ascending.
 */
export interface Query extends Read {
  readonly filter?: ResolvedFilter
  readonly sort?: Sort
  readonly page: PageRequest
  /**
   * `totalResults` is not needed: instead of counting, a store may return how many resources it has
   * read.
   */
  readonly withoutTotal?: boolean
  /**
   * Users only: the answer shows the groups of those on the page, so a store that can read them in
   * the same query may return them with it, as `groups`.
   */
  readonly withGroups?: boolean
}

/** A page of a result. */
export interface Page<R extends Resource> {
  readonly resources: readonly R[]
  /** How many resources match, on all pages. */
  readonly totalResults: number
  /** For a `cursor` page: where the next page starts; absent on the last page. */
  readonly next?: KeysetPosition
  /**
   * With `withGroups`: the groups of each user on the page, as `groupsOf` returns them. Absent:
   * they are read after the page.
   */
  readonly groups?: ReadonlyMap<string, readonly GroupReference[]>
}
