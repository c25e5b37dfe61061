import type { StoredAuditEntry } from '../../stores/audit-store.js'

/** Columns of the CSV export, in order. */
const columns: readonly (readonly [string, (entry: StoredAuditEntry) => unknown])[] = [
  ['sequence', (entry) => entry.sequence],
  ['at', (entry) => entry.at],
  ['event', (entry) => entry.event],
  ['outcome', (entry) => entry.outcome],
  ['actor', (entry) => entry.actor],
  ['targetType', (entry) => entry.target?.resourceType],
  ['targetId', (entry) => entry.target?.id],
  ['targetName', (entry) => entry.target?.name],
  ['detail', (entry) => entry.detail],
  ['attributes', (entry) => entry.attributes?.join(' ')],
  ['members', (entry) => entry.members?.join(' ')],
  ['count', (entry) => entry.count],
  ['status', (entry) => entry.status],
  ['scimType', (entry) => entry.scimType],
  ['requestId', (entry) => entry.requestId],
]

/** First line of the export. */
export const csvHeader = `${columns.map(([name]) => name).join(',')}\r\n`

/** One entry as a line of CSV (RFC 4180). */
export function csvLine(entry: StoredAuditEntry): string {
  return `${columns.map(([, read]) => cell(read(entry))).join(',')}\r\n`
}

/** Characters that start a formula in spreadsheets, including their full-width forms. */
const formula = /^[=+\-@\t\r\n＝＋－＠|%]/

/** A quoted cell. An apostrophe at the start keeps a spreadsheet from calculating a formula. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = String(value)
  const harmless = formula.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}
