import { type AccessStore, maxPassedOver, type PassedOverCount } from '../../lib/adapter/index.js'
import { type Database, type Session, statement } from './database.js'
import { isStorable, sql } from './sql.js'

interface Key {
  readonly tenant: string
  readonly kind: string
  readonly name: string
}

const addCount = statement<Key & { readonly count: number; readonly at: string }>(
  (value) => sql`
    insert into scim_passed_over (tenant, kind, name, seen, last_at, logged_on)
    values (${value('tenant')}, ${value('kind')}, ${value('name')}, ${value('count')},
      ${value('at')}, '')
    on conflict (tenant, kind, name) do update
      set seen = scim_passed_over.seen + excluded.seen, last_at = excluded.last_at`,
)

const logOnce = statement<Key & { readonly day: string }>(
  (value) => sql`
    update scim_passed_over set logged_on = ${value('day')}
    where tenant = ${value('tenant')} and kind = ${value('kind')} and name = ${value('name')}
      and logged_on <> ${value('day')}`,
)

const forgetOldest = statement<{ readonly tenant: string; readonly kept: number }>(
  (value) => sql`
    delete from scim_passed_over
    where tenant = ${value('tenant')} and last_at < (
      select last_at from scim_passed_over where tenant = ${value('tenant')}
      order by last_at desc limit 1 offset ${value('kept')})`,
)

const selectAll = statement<
  { readonly tenant: string; readonly limit: number },
  { kind: PassedOverCount['kind']; name: string; seen: number | string; last_at: string }
>(
  (value) => sql`
    select kind, name, seen, last_at from scim_passed_over
    where tenant = ${value('tenant')} order by last_at desc, name limit ${value('limit')}`,
)

/** Counts of dropped attributes and members. */
export function passedOverMethods(
  database: Database,
): Required<Pick<AccessStore, 'countPassedOver' | 'listPassedOver'>> {
  return {
    countPassedOver: (scope, seen) =>
      database.transaction(async (session) => {
        const { tenant } = scope
        // In a fixed order, so that instances never deadlock.
        const sorted = seen.filter(({ name }) => isStorable(name)).sort(byName)
        const fresh: PassedOverCount[] = []
        for (const each of sorted) {
          if (await isFresh(session, tenant, each)) fresh.push(each)
        }
        await session.change(forgetOldest, { tenant, kept: maxPassedOver - 1 })
        return fresh
      }, scope),
    async listPassedOver({ tenant }) {
      const rows = await database.prepared(selectAll, { tenant, limit: maxPassedOver })
      return rows.map(({ kind, name, seen, last_at: at }) => ({
        ...{ kind, name, at },
        count: Number(seen),
      }))
    },
  }
}

async function isFresh(session: Session, tenant: string, each: PassedOverCount): Promise<boolean> {
  const { kind, name, count, at } = each
  const key = { tenant, kind, name }
  await session.change(addCount, { ...key, count, at })
  return (await session.change(logOnce, { ...key, day: at.slice(0, 10) })) > 0
}

function byName(a: PassedOverCount, b: PassedOverCount): number {
  return `${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1
}
