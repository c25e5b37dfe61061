import { ScimError, tooMany } from '../errors.js'
import type { Json } from '../schema/types.js'
import type { PatchLimits } from './operation.js'

/** What one PATCH request may still cost. Both methods throw when it is used up. */
export interface Budget {
  /** @throws ScimError `tooMany` (400) */
  spendComparisons(count: number): void
  /**
   * @param times how many values receive `value`
   * @throws ScimError 413
   */
  spendBytes(value: Json, times: number): void
}

/** A budget of the size given: `comparisons` and `bytes` of the limits. */
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

/** About how many bytes a value has as JSON; cheap for text, which is what can be long. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 5
  return JSON.stringify(value).length
}
