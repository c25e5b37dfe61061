import { workColumn } from './endpoints.js'
import { decodedText, jsonOf, unreadable } from './text.js'

/**
 * What `query` filters by. Label Studio decodes it a second time, and leaves a `%` that begins no
 * code as it is.
 */
export function filterIn(query: ReadonlyMap<string, string>): unknown {
  const text = query.get('query') ?? '{}'
  const decoded = decodedText(text.replace(/%(?![0-9a-f]{2})/gi, '%25'), false)
  return decoded === undefined ? unreadable : jsonOf(Buffer.from(decoded))
}

/** Label Studio looks at annotations for it (data_manager/managers.py). */
function isOfEmptyPredictions(value: object): boolean {
  const { filter, operator } = value as { readonly filter?: unknown; readonly operator?: unknown }
  return operator === 'empty' && String(filter).includes('predictions_results')
}

/** Whether the filters or the order of a request or tab use the column with everybody's work. */
export function findsByWork(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(workColumn)
  if (typeof value !== 'object' || value === null) return false
  if (isOfEmptyPredictions(value)) return true
  // Showing the column reveals nothing, because it is empty.
  return Object.entries(value).some(([name, each]) => name !== 'hiddenColumns' && findsByWork(each))
}
