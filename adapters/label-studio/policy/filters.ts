import { workColumn } from './endpoints.js'
import { decodedText, jsonOf, unreadable } from './text.js'

/** What `query` filters by. Label Studio decodes it once more. */
export function filterIn(query: ReadonlyMap<string, string>): unknown {
  const decoded = decodedText(query.get('query') ?? '{}', false)
  return decoded === undefined ? unreadable : jsonOf(Buffer.from(decoded))
}

/** Whether filters or an order, of a request or of a tab, go by the column of everybody's work. */
export function findsByWork(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(workColumn)
  if (typeof value !== 'object' || value === null) return false
  // Whether the column is shown is of no matter, since it is empty.
  return Object.entries(value).some(([name, each]) => name !== 'hiddenColumns' && findsByWork(each))
}
