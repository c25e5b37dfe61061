import type { Deviations } from '../deviations.js'
import type { Json } from './types.js'

/**
 * How to treat an attribute that no schema of the resource type has (RFC 7644 §3.1 does not say):
 * `ignore` drops it, `reject` answers 400, `known` drops what a schema of RFC 7643 has and answers
 * 400 for the rest.
 */
export type UnknownAttributes = 'ignore' | 'reject' | 'known'

/** How input is read. */
export interface ReadContext {
  readonly deviations: Deviations
  readonly unknownAttributes: UnknownAttributes
  /**
   * Keep unassigned values (`null`, `[]`) as `null`, in the resource, its extensions and singular
   * complex attributes, for a caller that merges. Default `false`: they are omitted.
   */
  readonly keepUnassigned?: boolean
  /**
   * Maximum length of a string in UTF-16 units; eight times as much for `binary` and `reference`
   * attributes. Default 32 768.
   */
  readonly maxStringLength?: number
  /**
   * Maximum number of values of one attribute, except memberships. Default: as many as the client
   * likes.
   */
  readonly maxValues?: number
  /** Called with the path of each attribute and the URN of each extension that is dropped. */
  readonly passedOver?: Set<string>
  /** Lists that were read already, by what the client sent. */
  readonly lists?: ReadonlyMap<Json, Json[]>
}
