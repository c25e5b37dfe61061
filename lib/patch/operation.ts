import type { Deviations } from '../deviations.js'
import type { FilterLimits } from '../filter/scanner.js'
import type { Json, JsonObject } from '../schema/types.js'

/** The kind of an operation (RFC 7644 §3.5.2). */
export type PatchOp = 'add' | 'remove' | 'replace'

/** One operation of a PATCH request: its envelope is checked, its names and values are not yet. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path?: string; readonly value: Json }
  | {
      readonly op: 'remove'
      readonly path: string
      /** With `remove`: not part of RFC 7644; see the deviation `removeByValueList`. */
      readonly value?: Json
    }

/** Limits of one PATCH request. A request that exceeds one is refused as a whole. */
export interface PatchLimits {
  /** Maximum number of operations. Default 1000. */
  readonly operations: number
  /** Maximum number of values, e.g. members, in the arrays of all operations. Default 100 000. */
  readonly values: number
  /**
   * Maximum number of comparisons: the values of an attribute times the terms of a value filter,
   * summed up. Default 2 000 000.
   */
  readonly comparisons: number
  /**
   * Maximum number of bytes written into the resource, counted for every value that receives them.
   * Default 10 000 000.
   */
  readonly bytes: number
}

/** The default limits. */
export const defaultPatchLimits: PatchLimits = {
  operations: 1000,
  values: 100_000,
  comparisons: 2_000_000,
  bytes: 10_000_000,
}

/** How a PATCH request is read and applied. */
export interface PatchOptions {
  /** The deviations that are switched on. */
  readonly deviations: Deviations
  /**
   * How to treat attributes that no schema has. `ignore`: they are dropped, also in a path, if the
   * request contains something else as well, or if they belong to an unknown extension.
   */
  readonly unknownAttributes: 'ignore' | 'reject' | 'known'
  readonly limits?: Partial<PatchLimits>
  /** Maximum length of a string; see `ReadContext`. */
  readonly maxStringLength?: number
  /** Maximum number of values of one attribute; see `ReadContext`. */
  readonly maxValues?: number
  /** Limits of paths and the value filters in them. */
  readonly filterLimits?: Partial<FilterLimits>
  /**
   * The operations are the rest of a request that contains other operations as well. Default
   * `false`.
   */
  readonly isRest?: boolean
  /**
   * Members that operations may add, by id, as the store shows them. If given, nothing else counts
   * of what clients write about members, so that filters of later operations find them as they
   * would in a later request.
   */
  readonly members?: ReadonlyMap<string, JsonObject>
}
