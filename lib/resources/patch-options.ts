import type { PatchOptions } from '../patch/operation.js'
import type { ServiceOptions } from './context.js'
import { filterLimits } from './filter-limits.js'

/** How PATCH requests are read and applied under these options. */
export function patchOptions({
  deviations,
  unknownAttributes,
  limits,
}: Pick<ServiceOptions, 'deviations' | 'unknownAttributes' | 'limits'>): PatchOptions {
  return {
    deviations,
    unknownAttributes,
    limits: { operations: limits.maxPatchOperations, values: limits.maxMembers },
    maxStringLength: limits.maxStringLength,
    filterLimits: filterLimits(limits),
  }
}
