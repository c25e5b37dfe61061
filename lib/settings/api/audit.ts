import { ScimError } from '../../errors.js'
import { eventNames } from '../../events/catalogue.js'
import type { AuditQuery, AuditStore, StoredAuditEntry } from '../../stores/audit-store.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { csvHeader, csvLine } from '../reports/audit-csv.js'
import type { Answer, Call } from './answer.js'
import { choiceOf, instantOf, integerOf, textOf } from './parameters.js'

const outcomes = ['succeeded', 'refused', 'failed'] as const
const exportPage = 1_000
const maxExported = 1_000_000

/**
 * What to look for in the audit log, from a query.
 *
 * @throws ScimError 400 naming the parameter that is wrong
 */
export function auditQueryOf(query: URLSearchParams): AuditQuery {
  const parts = {
    event: choiceOf(query, 'event', eventNames),
    actor: textOf(query, 'actor'),
    target: textOf(query, 'target'),
    outcome: choiceOf(query, 'outcome', outcomes),
    from: instantOf(query, 'from'),
    until: instantOf(query, 'until'),
    before: query.get('before')
      ? integerOf(query, 'before', { least: 1, most: 9_999_999_999, otherwise: 1 })
      : undefined,
  }
  const given = Object.entries(parts).filter(([, value]) => value !== undefined)
  const limit = integerOf(query, 'limit', { least: 1, most: 1_000, otherwise: 100 })
  return { ...(Object.fromEntries(given) as Partial<AuditQuery>), limit }
}

/** `GET /api/scim/audit`: newest first; `next` is the `before` of the next page. */
export async function getAudit(context: SettingsContext, { scope, query }: Call): Promise<Answer> {
  const wanted = auditQueryOf(query)
  const entries = await auditStoreOf(context).query(scope, wanted)
  const last = entries.at(-1)
  const hasMore = entries.length === wanted.limit
  return { status: 200, body: { entries, ...(hasMore && last && { next: last.sequence }) } }
}

/** `GET /api/scim/audit.csv`: everything that matches, newest first, page by page. */
export async function getAuditCsv(
  context: SettingsContext,
  { scope, query }: Call,
): Promise<Answer> {
  const wanted = auditQueryOf(query)
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="scim-audit.csv"',
    },
    lines: csvOf(auditStoreOf(context), scope, wanted),
  }
}

function auditStoreOf({ adapters }: SettingsContext): AuditStore {
  if (adapters.audit) return adapters.audit
  throw new ScimError(501, 'These adapters keep no audit log.')
}

async function* csvOf(store: AuditStore, scope: Scope, wanted: AuditQuery): AsyncGenerator<string> {
  yield csvHeader
  let exported = 0
  let query: AuditQuery = { ...wanted, limit: exportPage }
  let page: readonly StoredAuditEntry[]
  do {
    page = await store.query(scope, query)
    yield page.map(csvLine).join('')
    exported += page.length
    const last = page.at(-1)
    if (last) query = { ...query, before: last.sequence }
  } while (page.length === exportPage && exported < maxExported)
}
