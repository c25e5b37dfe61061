import { anyEquals, findByEmail, pathsOf } from '../../access/index.js'
import { ScimError } from '../../errors.js'
import { eventNames } from '../../events/catalogue.js'
import type { AuditQuery, AuditStore, StoredAuditEntry } from '../../stores/audit-store.js'
import { queryStore } from '../../stores/query-store.js'
import { omitGroups } from '../../stores/reads.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { csvHeader, csvLine } from '../reports/audit-csv.js'
import { groupsCalled } from '../rules/groups.js'
import type { Answer, Call } from './answer.js'
import { choiceOf, instantOf, integerOf, readText } from './parameters.js'

const outcomes = ['succeeded', 'refused', 'failed'] as const
const exportPage = 1_000
const maxExported = 1_000_000

/**
 * The audit query from query parameters.
 *
 * @throws ScimError 400 naming the invalid parameter
 */
export function auditQueryOf(query: URLSearchParams): AuditQuery {
  const parts = {
    event: choiceOf(query, 'event', eventNames),
    actor: readText(query, 'actor'),
    target: readText(query, 'target'),
    outcome: choiceOf(query, 'outcome', outcomes),
    from: dayOrInstantOf(query, 'from'),
    until: dayOrInstantOf(query, 'until'),
    before: query.get('before')
      ? integerOf(query, 'before', { least: 1, most: 9_999_999_999, otherwise: 1 })
      : undefined,
  }
  const given = Object.entries(parts).filter(([, value]) => value !== undefined)
  const limit = integerOf(query, 'limit', { least: 1, most: 1_000, otherwise: 100 })
  return { ...(Object.fromEntries(given) as Partial<AuditQuery>), limit }
}

/** Replaces the name or address of a person, group or token in the query by its id. */
export async function withTargetNamed(
  context: SettingsContext,
  scope: Scope,
  query: AuditQuery,
): Promise<AuditQuery> {
  const text = query.target?.trim()
  return text === undefined ? query : { ...query, target: await idNamed(context, scope, text) }
}

/**
 * The id of the person, group or token with this name or address; the text itself if there is none.
 */
async function idNamed(context: SettingsContext, scope: Scope, text: string): Promise<string> {
  const { users } = context.adapters
  const [person] = await findByEmail(users)(scope, text)
  if (person) return person.id
  const [group] = await groupsCalled(context, scope, [text])
  if (group) return group.id
  const filter = anyEquals(pathsOf('User', ['displayName']), [text])
  const page = { kind: 'index', offset: 0, limit: 1 } as const
  const read = { ...omitGroups, filter, page }
  const { resources } = await queryStore({ store: users, type: 'User' }, scope, read)
  const token = (await context.tokens?.list(scope))?.find(({ name }) => name === text)
  return resources[0]?.id ?? token?.id ?? text
}

/**
 * A date without a time means its beginning in the reader's zone (`zone`, an IANA name), else in
 * UTC.
 */
function dayOrInstantOf(query: URLSearchParams, name: string): string | undefined {
  const instant = instantOf(query, name)
  const zone = readText(query, 'zone')
  if (instant === undefined || zone === undefined) return instant
  return /^\d{4}-\d\d-\d\d$/.test(query.get(name) ?? '') ? midnightIn(zone, instant) : instant
}

/** @throws ScimError 400 for an unknown time zone */
function midnightIn(zone: string, utcMidnight: string): string {
  const at = Date.parse(utcMidnight)
  const once = at - offsetIn(zone, at)
  // The offset may change between the two midnights.
  return new Date(at - offsetIn(zone, once)).toISOString()
}

function offsetIn(zone: string, at: number): number {
  try {
    const text = new Date(at).toLocaleString('sv', { timeZone: zone })
    return Date.parse(`${text.replace(' ', 'T')}Z`) - Math.floor(at / 1000) * 1000
  } catch {
    throw new ScimError(400, `"zone" must be a time zone, e.g. Europe/Berlin.`)
  }
}

/** `GET /api/scim/audit`: newest first; `next` is the `before` of the next page. */
export async function getAudit(context: SettingsContext, { scope, query }: Call): Promise<Answer> {
  const wanted = await withTargetNamed(context, scope, auditQueryOf(query))
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
  const wanted = await withTargetNamed(context, scope, auditQueryOf(query))
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
