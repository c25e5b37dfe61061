import type { Deviations } from '../deviations.js'
import type { FilterLimits } from '../filter/scanner.js'
import type { Json } from '../schema/types.js'

/** What an operation does (RFC 7644 §3.5.2). */
export type PatchOp = 'add' | 'remove' | 'replace'

/**
 * One operation of a PATCH request, its envelope checked and its names and values not yet looked
 * at.
 */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path?: string; readonly value: Json }
  | {
      readonly op: 'remove'
      readonly path: string
      /** No part of RFC 7644; see the deviation `removeByValueList`. */
      readonly value?: Json
    }

/** Bounds of one PATCH request. A request beyond one of them is refused as a whole. */
export interface PatchLimits {
  /** Most operations. Default 1000. */
  readonly operations: number
  /** Most values in the arrays of all operations together, e.g. members. Default 100 000. */
  readonly values: number
  /**
   * Most values looked at: the values of an attribute times the terms of a value filter, summed up.
   * Default 2 000 000.
   */
  readonly comparisons: number
  /**
   * Most bytes written into the resource, counted once for every value that receives them. Default
   * 10 000 000.
   */
  readonly bytes: number
}

/** The bounds that apply unless others are given. */
export const defaultPatchLimits: PatchLimits = {
  operations: 1000,
  values: 100_000,
  comparisons: 2_000_000,
  bytes: 10_000_000,
}

/** How a PATCH request is read and applied. */
export interface PatchOptions {
  /** Departures from the RFC that are accepted. */
  readonly deviations: Deviations
  /**
   * What happens to attributes that no schema has. `ignore`: they are passed over, also in a path,
   * as long as the request says something else as well, or names an extension that nobody knows
   * here.
   */
  readonly unknownAttributes: 'ignore' | 'reject' | 'known'
  readonly limits?: Partial<PatchLimits>
  /** Longest string of an attribute; see `ReadContext`. */
  readonly maxStringLength?: number
  /** Bounds on paths and the value filters in them. */
  readonly filterLimits?: Partial<FilterLimits>
  /**
   * The operations are what is left of a request that says something else as well. Default `false`.
   */
  readonly isRest?: boolean
}
