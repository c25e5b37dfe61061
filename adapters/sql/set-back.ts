import { type Database, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { type Sql, sql } from './sql.js'

/** Leases and waits of a reconciler are no longer than its options allow. */
const longestMs = 86_400_000
/** Clocks that run at different speeds differ by less between two looks. */
const toleranceMs = 1_000

/**
 * Follows the database's clock: what was stored by it would be due too late once it is set back.
 */
export interface ClockWatch {
  /**
   * To be called with the database's clock as often as something may be due, with the time of
   * `performance.now()` before it was read. Returns how much was brought forward.
   */
  note(now: number, askedAt: number): Promise<number>
}

/** A watch that begins with its first note. */
export function clockWatch(database: Database): ClockWatch {
  let last: { readonly now: number; readonly readAt: number } | undefined
  return {
    async note(now, askedAt) {
      const before = last
      const expected = before ? before.now + askedAt - before.readAt : Number.NEGATIVE_INFINITY
      const byMs = Math.round(expected - now)
      if (before && byMs < toleranceMs) {
        last = { now, readAt: performance.now() }
        return 0
      }
      const count = await database.transaction(async (session) => {
        const moved = before ? await session.change(moveForward, { byMs }) : 0
        return moved + (await session.change(endImpossible, { longestMs }))
      })
      last = { now, readAt: performance.now() }
      return count
    },
  }
}

/** Entries that are not due yet or are leased, of a condition, locked in order. */
function ahead({ now, skipLocked }: SqlDialect, condition: Sql): Sql {
  return sql`
    with ahead as materialized (
      select tenant, user_id from scim_pending
      where parked in (0, 1) and due_at > ${now} ${condition}
      order by tenant, user_id ${skipLocked})`
}

/**
 * By as much as the clock was set back. Another host may do the same, so that they are due earlier
 * still: a retry comes too early, and who has lost a lease notices.
 */
const moveForward = statement<{ byMs: number }>((value, dialect) => {
  const by = sql`cast(${value('byMs')} as bigint)`
  return sql`
    ${ahead(dialect, sql``)}
    update scim_pending set next_at = next_at - ${by}, due_at = due_at - ${by},
      lease_until = case when lease_until > ${by} then lease_until - ${by} else 0 end
    where (tenant, user_id) in (select tenant, user_id from ahead)`
})

/** What nothing stores unless the clock is wrong: it was set back while no host was looking. */
const endImpossible = statement<{ longestMs: number }>((value, dialect) => {
  const { now } = dialect
  const longest = sql`cast(${value('longestMs')} as bigint)`
  const next = sql`case when attempts = 0 or next_at > ${now} + 2 * ${longest}
    then ${now} else next_at end`
  const lease = sql`case when lease_until > ${now} + ${longest} then 0 else lease_until end`
  return sql`
    ${ahead(
      dialect,
      sql`and (lease_until > ${now} + ${longest} or next_at > ${now} + 2 * ${longest}
        or (attempts = 0 and next_at > ${now}))`,
    )}
    update scim_pending set next_at = ${next}, lease_until = ${lease},
      due_at = case when ${lease} > ${next} then ${lease} else ${next} end
    where (tenant, user_id) in (select tenant, user_id from ahead)`
})
