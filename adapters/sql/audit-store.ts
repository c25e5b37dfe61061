import type {
  AuditEntry,
  AuditQuery,
  AuditStore,
  StoredAuditEntry,
} from '../../lib/adapter/index.js'
import { type Database, type Session, statement } from './database.js'
import { sql } from './sql.js'

/** Appends entries; see `auditRows`. */
export const insertEntries = statement<{ tenant: string; rows: string }>(
  (value, { json }) => sql`
    insert into scim_audit (tenant, at, event, actor, target_id, outcome, entry)
    select ${value('tenant')}, at, event, actor, target_id, outcome, entry
    from ${json.rows(value('rows'), {
      at: 'text',
      event: 'text',
      actor: 'text',
      target_id: 'text',
      outcome: 'text',
      entry: 'text',
    })} as entries`,
)

const removeOld = statement<{ before: string; limit: number }>(
  (value) => sql`
    delete from scim_audit where (tenant, sequence) in (
      select tenant, sequence from (
        select tenant, sequence, at from scim_audit order by sequence limit ${value('limit')}
      ) as oldest where at < ${value('before')})`,
)

/** Appends entries to the log, in the transaction that they describe. */
export async function appendAudit(
  session: Session,
  tenant: string,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length > 0)
    await session.prepared(insertEntries, { tenant, rows: auditRows(entries) })
}

/** The columns of entries, as JSON. */
export function auditRows(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) => {
    const { at, event, actor, target, outcome } = entry
    return [at, event, actor, target?.id ?? null, outcome, JSON.stringify(entry)]
  })
  return JSON.stringify(rows)
}

/** The audit log. */
export function sqlAuditStore(database: Database): AuditStore {
  return {
    async append(scope, entries) {
      await database.transaction((session) => appendAudit(session, scope.tenant, entries), scope)
    },
    async purge({ before, limit }) {
      // Only the oldest by number, because a search by time would read the whole log each day.
      return database.transaction((session) => session.change(removeOld, { before, limit }))
    },
    async query(scope, query) {
      const conditions = [sql`tenant = ${scope.tenant}`, ...conditionsOf(query)]
      const entries = sql<{ sequence: number; entry: string }>`
        select sequence, entry from scim_audit where ${sql.join(conditions, sql` and `)}
        order by sequence desc limit ${query.limit}`
      const rows = await (isIndexed(query) ? database.all(entries) : database.scan(entries, scope))
      return rows.map(
        ({ sequence, entry }): StoredAuditEntry => ({
          ...(JSON.parse(entry) as AuditEntry),
          sequence,
        }),
      )
    },
  }
}

/** Whether an index finds the entries. Otherwise the whole log may have to be read. */
function isIndexed({ actor, outcome, from, until }: AuditQuery): boolean {
  return [actor, outcome, from, until].every((each) => each === undefined)
}

function conditionsOf({ event, actor, target, outcome, from, until, before }: AuditQuery) {
  return [
    event !== undefined && sql`event = ${event}`,
    actor !== undefined && sql`actor = ${actor}`,
    target !== undefined && sql`target_id = ${target}`,
    outcome !== undefined && sql`outcome = ${outcome}`,
    from !== undefined && sql`at >= ${from}`,
    until !== undefined && sql`at < ${until}`,
    before !== undefined && sql`sequence < ${before}`,
  ].filter((condition) => condition !== false)
}
