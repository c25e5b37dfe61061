import type { FilterLimits } from '../filter/scanner.js'
import type { Limits } from './context.js'

/** What bounds filters, also those in PATCH paths. */
export function filterLimits({
  maxFilterBytes,
  maxFilterNodes,
  maxFilterDepth,
}: Pick<Limits, 'maxFilterBytes' | 'maxFilterNodes' | 'maxFilterDepth'>): FilterLimits {
  return { bytes: maxFilterBytes, nodes: maxFilterNodes, depth: maxFilterDepth }
}
