import type { Deviations } from '../deviations.js'
import { ScimError, tooMany } from '../errors.js'
import type { FilterLimits } from '../filter/scanner.js'
import type { ListIndex } from '../schema/list-index.js'
import type { UnknownAttributes } from '../schema/read-context.js'
import type { AttributeDefinition, Json, JsonObject, ResourceType } from '../schema/types.js'
import {
  defaultPatchLimits,
  type PatchLimits,
  type PatchOp,
  type PatchOptions,
} from './operation.js'
import type { ValueFilter } from './target.js'

/** State shared by the operations of one PATCH request. */
export interface PatchContext {
  readonly type: ResourceType
  readonly deviations: Deviations
  readonly unknownAttributes: UnknownAttributes
  readonly maxStringLength?: number
  readonly maxValues?: number
  readonly filterLimits: Partial<FilterLimits>
  readonly budget: Budget
  readonly members?: ReadonlyMap<string, JsonObject>
  /** Attribute paths and extension URNs that were dropped. */
  readonly passedOver: Set<string>
  /** Indexes of the lists that this request has made, so that these lists can grow in place. */
  readonly indexes: WeakMap<readonly Json[], ListIndex>
}

/** One operation's change of one attribute. */
export interface Change {
  readonly op: PatchOp
  readonly definition: AttributeDefinition
  /**
   * The sub-attribute to change: of the attribute, or of the values that `filter` matches. Absent:
   * the whole.
   */
  readonly sub?: AttributeDefinition | undefined
  readonly filter?: ValueFilter | undefined
  readonly value?: Json | undefined
  /** Path of the attribute, for messages. */
  readonly name: string
}

/** Makes the context of one PATCH request on a resource of this type. */
export function createContext(type: ResourceType, options: PatchOptions): PatchContext {
  const { deviations, unknownAttributes, limits, maxStringLength, maxValues, members } = options
  const budget = createBudget({ ...defaultPatchLimits, ...limits })
  return {
    type,
    deviations,
    unknownAttributes,
    ...(maxStringLength !== undefined && { maxStringLength }),
    ...(maxValues !== undefined && { maxValues }),
    filterLimits: options.filterLimits ?? {},
    ...(members !== undefined && { members }),
    budget,
    passedOver: new Set(),
    indexes: new WeakMap(),
  }
}

/** The remaining budget of one PATCH request. Both methods throw when it is used up. */
export interface Budget {
  /** @throws ScimError `tooMany` (400) */
  spendComparisons(count: number): void
  /**
   * @param times number of values that receive `value`
   * @throws ScimError 413
   */
  spendBytes(value: Json, times: number): void
}

/** Makes a budget from the limits `comparisons` and `bytes`. */
export function createBudget(limits: Pick<PatchLimits, 'comparisons' | 'bytes'>): Budget {
  let { comparisons, bytes } = limits
  return {
    spendComparisons(count) {
      comparisons -= count
      if (comparisons < 0) {
        throw tooMany(
          'The operations compare too many values. Send fewer operations, or narrower filters.',
        )
      }
    },
    spendBytes(value, times) {
      bytes -= sizeOf(value) * times
      if (bytes < 0)
        throw new ScimError(413, 'The operations write too much data into the resource.')
    },
  }
}

/** The approximate size of a value as JSON, in bytes. Cheap for strings, which can be long. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 5
  return JSON.stringify(value).length
}
