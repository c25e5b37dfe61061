import {
  maxRefusals,
  type RefusalCount,
  type RefusalStore,
  refusalRetentionMs,
} from '../../lib/adapter/index.js'
import { type Database, statement } from './database.js'
import { isStorable, sql } from './sql.js'

type Row = { readonly tenant: string } & RefusalCount

const addCount = statement<Row>(
  (value) => sql`
    insert into scim_refusals (tenant, person, method, path, reason, seen, last_at)
    values (${value('tenant')}, ${value('person')}, ${value('method')}, ${value('path')},
      ${value('reason')}, ${value('count')}, ${value('at')})
    on conflict (tenant, person, method, path) do update
      set seen = scim_refusals.seen + excluded.seen, last_at = excluded.last_at,
        reason = excluded.reason`,
)

const removeOlder = statement<{ readonly tenant: string; readonly before: string }>(
  (value) => sql`
    delete from scim_refusals
    where tenant = ${value('tenant')} and last_at < ${value('before')}`,
)

const removeBeyond = statement<{ readonly tenant: string; readonly kept: number }>(
  (value) => sql`
    delete from scim_refusals
    where tenant = ${value('tenant')} and (person, method, path) in (
      select person, method, path from scim_refusals where tenant = ${value('tenant')}
      order by last_at desc, person, method, path limit 1000000 offset ${value('kept')})`,
)

const selectSince = statement<
  { readonly tenant: string; readonly since: string },
  Pick<RefusalCount, 'person' | 'method' | 'path' | 'reason'> & {
    seen: number | string
    last_at: string
  }
>(
  (value) => sql`
    select person, method, path, reason, seen, last_at from scim_refusals
    where tenant = ${value('tenant')} and last_at >= ${value('since')}
    order by last_at desc, person, path`,
)

/** The refusals of a policy in report mode, counted over all instances that use the database. */
export function sqlRefusalStore(database: Database): RefusalStore {
  return {
    async add(scope, seen) {
      const { tenant } = scope
      // In a fixed order, so that instances never deadlock.
      const sorted = seen.filter(isStorableEntry).sort(byKey)
      const newest = sorted
        .map(({ at }) => at)
        .sort()
        .at(-1)
      if (newest === undefined) return
      const before = new Date(Date.parse(newest) - refusalRetentionMs).toISOString()
      await database.transaction(async (session) => {
        for (const each of sorted) await session.change(addCount, { tenant, ...each })
        await session.change(removeOlder, { tenant, before })
        await session.change(removeBeyond, { tenant, kept: maxRefusals })
      }, scope)
    },
    async list({ tenant }, { since }) {
      const rows = await database.prepared(selectSince, { tenant, since })
      return rows.map(({ seen, last_at: at, ...row }) => ({ ...row, count: Number(seen), at }))
    },
  }
}

function isStorableEntry({ person, method, path, reason }: RefusalCount): boolean {
  return [person, method, path, reason].every(isStorable)
}

function byKey(a: RefusalCount, b: RefusalCount): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

function keyOf({ person, method, path }: RefusalCount): string {
  return `${person} ${method} ${path}`
}
