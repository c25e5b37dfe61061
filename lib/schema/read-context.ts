import type { Deviations } from '../deviations.js'

/**
 * What happens to an attribute that no schema of the resource type has (RFC 7644 §3.1 is silent on
 * it): `ignore` drops it, `reject` answers 400, `known` drops what a schema of RFC 7643 has and
 * answers 400 for the rest.
 */
export type UnknownAttributes = 'ignore' | 'reject' | 'known'

/** How input is read. */
export interface ReadContext {
  readonly deviations: Deviations
  readonly unknownAttributes: UnknownAttributes
  /**
   * Keep what was given as unassigned (`null`, `[]`) as `null`, in the resource, its extensions and
   * singular complex attributes, for a caller that merges. Default `false`: it is left out.
   */
  readonly keepUnassigned?: boolean
  /**
   * Longest string, in UTF-16 units; of `binary` and `reference` attributes eight times as long.
   * Default 32 768.
   */
  readonly maxStringLength?: number
  /** Gets the path of each attribute and the URN of each extension that is passed over. */
  readonly passedOver?: Set<string>
}
