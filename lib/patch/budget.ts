import { ScimError, tooMany } from '../errors.js'
import type { Json } from '../schema/types.js'
import type { PatchLimits } from './operation.js'

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
        throw tooMany('The operations look at too many values. Send fewer, or narrower ones.')
      }
    },
    spendBytes(value, times) {
      bytes -= sizeOf(value) * times
      if (bytes < 0) throw new ScimError(413, 'The operations write too much into the resource.')
    },
  }
}

/** The approximate size of a value as JSON, in bytes. Cheap for strings, which can be long. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 5
  return JSON.stringify(value).length
}
