import { workColumn } from './endpoints.js'
import { decodedText, jsonOf, unreadable } from './text.js'

/** What `query` filters by. Label Studio decodes it a second time. */
export function filterIn(query: ReadonlyMap<string, string>): unknown {
  const decoded = decodedText(query.get('query') ?? '{}', false)
  return decoded === undefined ? unreadable : jsonOf(Buffer.from(decoded))
}

/** Whether the filters or the order of a request or tab use the column with everybody's work. */
export function findsByWork(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(workColumn)
  if (typeof value !== 'object' || value === null) return false
  // Showing the column reveals nothing, because it is empty.
  return Object.entries(value).some(([name, each]) => name !== 'hiddenColumns' && findsByWork(each))
}
