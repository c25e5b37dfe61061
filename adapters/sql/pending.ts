import type {
  AccessStore,
  FinishedClaim,
  PendingOutcome,
  PendingUser,
} from '../../lib/adapter/index.js'
import { claimsIn, type PendingRow, passing, pendingColumns, toPendingUser } from './claims.js'
import { type Database, type LoneStatement, lone, type Session, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { clockWatch } from './set-back.js'
import { isStorable, type Sql, sql } from './sql.js'

const prolong = lone(
  statement<{ tenant: string; userId: string; owner: string; leaseMs: number }>(
    (value, { now }) => sql`
    update scim_pending set lease_until = ${now} + cast(${value('leaseMs')} as bigint),
      due_at = ${now} + cast(${value('leaseMs')} as bigint)
    where tenant = ${value('tenant')} and user_id = ${value('userId')}
      and lease_owner = ${value('owner')}`,
  ),
)

interface Claims {
  readonly tenant: string
  /** JSON array of ids, owners and marks, in order of id. */
  readonly claims: string
}

/** The entries of claims that still belong to their owners, locked in order of id. */
function heldClaims(
  value: (name: keyof Claims) => unknown,
  { json, joinEach, forDelete }: SqlDialect,
  condition: Sql,
) {
  const listed = json.rows(value('claims'), { id: 'text', owner: 'text', mark: 'integer' })
  return sql`
    with claimed as materialized (
      select pending.tenant, pending.user_id
      from ${joinEach(
        sql`${listed} as listed`,
        'scim_pending as pending',
        sql`pending.tenant = ${value('tenant')} and pending.user_id = listed.id
          and pending.lease_owner = listed.owner ${condition}`,
        forDelete,
      )})`
}

const clear = lone(
  statement<Claims>(
    (value, dialect) => sql`
    ${heldClaims(value, dialect, sql`and pending.mark = listed.mark`)}
    delete from scim_pending where (tenant, user_id) in (select tenant, user_id from claimed)`,
    { isPlannedAnew: true },
  ),
)

const release = lone(
  statement<Claims>(
    (value, dialect) => sql`
    ${heldClaims(value, dialect, sql``)}
    update scim_pending
    set lease_owner = null, lease_until = 0, next_at = ${dialect.now}, due_at = ${dialect.now}
    where (tenant, user_id) in (select tenant, user_id from claimed)`,
    { isPlannedAnew: true },
  ),
)

interface PutOff {
  readonly tenant: string
  readonly userId: string
  readonly owner: string
  readonly mark: number
  readonly parked: number
  readonly error: string
  readonly afterMs: number
}

const putOff = lone(
  statement<PutOff>(
    (value, { now }) => sql`
    update scim_pending set 
      attempts = case when mark = ${value('mark')} then attempts + 1 else attempts end,
      last_error = ${value('error')},
      failed_at = ${now}, lease_owner = null, lease_until = 0,
      parked = case when mark = ${value('mark')}
        then cast(${value('parked')} as smallint) else 0 end,
      next_at = ${nextAt(value, now)}, due_at = ${nextAt(value, now)}
    where tenant = ${value('tenant')} and user_id = ${value('userId')}
      and lease_owner = ${value('owner')}`,
  ),
)

/**
 * A mark set meanwhile is new work, due at once, whatever the failed attempt has to wait for (R22).
 */
function nextAt(value: (name: 'mark' | 'afterMs') => unknown, now: Sql) {
  return sql`${now} + case when mark = ${value('mark')} then cast(${value('afterMs')} as bigint)
    else 0 end`
}

const pendingAmong = statement<{ tenant: string; ids: string }, PendingRow>(
  (value, { isListed }) => sql`
    select ${pendingColumns} from scim_pending
    where ${isListed('scim_pending', 'user_id', value('tenant'), value('ids'))}`,
)

const firstDue = statement<Record<never, never>, { at: number | null; now: number }>(
  (_value, { now }) => sql`
    select min(at) as at, ${now} as now from (
      select min(due_at) as at from scim_pending where parked = 0
      union all select min(created) as at from scim_sweeps) as instants`,
)

const countPending = statement<
  { tenant: string },
  { parked: number; count: number; oldest: number | null }
>(
  (value) => sql`
    select parked, count(*) as count, min(since) as oldest from scim_pending
    where tenant = ${value('tenant')} group by parked`,
)

const sumFanningOut = statement<{ tenant: string }, { remaining: number }>(
  (value) => sql`
    select cast(coalesce(sum(remaining), 0) as bigint) as remaining from scim_sweeps
    where tenant = ${value('tenant')}`,
)

const lastFailure = statement<{ tenant: string }, { user_id: string; last_error: string }>(
  (value) => sql`
    select user_id, last_error from scim_pending
    where tenant = ${value('tenant')} and last_error is not null
    order by failed_at desc limit 1`,
)

type PendingMethods = Pick<
  AccessStore,
  'claim' | 'renew' | 'settle' | 'pendingOf' | 'summary' | 'listPending' | 'retry' | 'nextDue'
>

/** The pending people, and the leases on them. */
export function pendingMethods(database: Database): PendingMethods {
  const watch = clockWatch(database)
  return {
    claim: claimsIn(database),
    async renew(owner, { tenant, userId }, leaseMs) {
      const { count } = await database.alone(prolong, { tenant, userId, owner, leaseMs }, passing)
      return count > 0
    },
    settle: (owner, entry, outcome) => settle(oneByOne(database), owner, entry, outcome),
    async pendingOf({ tenant }, userIds) {
      const ids = JSON.stringify(userIds.filter(isStorable))
      return (await database.prepared(pendingAmong, { tenant, ids })).map(toPendingUser)
    },
    summary: ({ tenant }) => summaryOf(database, tenant),
    async listPending({ tenant }, { offset, limit, failed }) {
      const wanted = failed === undefined ? sql`` : sql`and parked = ${Number(failed)}`
      const rows = await database.all(sql<PendingRow>`
        select ${pendingColumns} from scim_pending where tenant = ${tenant} ${wanted}
        order by since, user_id limit ${limit} offset ${offset}`)
      return rows.map(toPendingUser)
    },
    retry: (scope, userIds) =>
      database.transaction(async (session) => {
        const { now } = session.dialect
        const rows = await session.all(sql`
          update scim_pending set parked = 0, attempts = 0, next_at = ${now}, due_at = ${now}
          where tenant = ${scope.tenant} and parked = 1 ${among(session, userIds)}
          returning user_id`)
        return rows.length
      }, scope),
    async nextDue() {
      const askedAt = performance.now()
      const [row] = await database.prepared(firstDue, {})
      if (!row) return undefined
      const { at, now } = row
      if ((await watch.note(now, askedAt)) > 0) return 0
      return at === null ? undefined : at - now
    },
  }
}

function among({ dialect }: Session, userIds: readonly string[] | undefined) {
  if (userIds === undefined) return sql``
  return sql`and ${dialect.json.isOneOf(sql`user_id`, JSON.stringify(userIds.filter(isStorable)))}`
}

/** The part of a session that ends claims. */
interface Changer {
  change<Arguments extends object>(
    statement: LoneStatement<Arguments>,
    parameters: Arguments,
  ): Promise<number>
}

/** Each statement is its own transaction, because they are independent. */
function oneByOne(database: Database): Changer {
  return {
    change: async (declared, values) => (await database.alone(declared, values, passing)).count,
  }
}

/** Ends a claim. */
async function settle(
  session: Changer,
  owner: string,
  entry: PendingUser,
  outcome: PendingOutcome,
): Promise<void> {
  const { tenant, userId, mark } = entry
  if (outcome.kind === 'done') {
    await clearMarks(session, tenant, [{ owner, entry }])
    return
  }
  await session.change(putOff, {
    ...{ tenant, userId, owner, mark },
    error: outcome.error,
    parked: outcome.kind === 'failed' ? 1 : 0,
    afterMs: outcome.kind === 'retry' ? Math.round(outcome.afterMs) : 0,
  })
}

/**
 * Ends claims on people of a tenant whose access was enforced. Those marked again meanwhile stay
 * pending, and are due at once. Returns how many claims still belonged to their owners.
 */
export async function clearMarks(
  session: Changer,
  tenant: string,
  finished: readonly Pick<FinishedClaim, 'owner' | 'entry'>[],
): Promise<number> {
  const rows = finished.map(({ owner, entry }) => [entry.userId, owner, entry.mark] as const)
  const claims = JSON.stringify(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
  const cleared = await session.change(clear, { tenant, claims })
  if (cleared === rows.length) return cleared
  return cleared + (await session.change(release, { tenant, claims }))
}

async function summaryOf(database: Database, tenant: string): ReturnType<AccessStore['summary']> {
  const counts = await database.prepared(countPending, { tenant })
  const [fanningOut] = await database.prepared(sumFanningOut, { tenant })
  const [failure] = await database.prepared(lastFailure, { tenant })
  const instants = counts.flatMap(({ oldest }) => (oldest === null ? [] : [oldest]))
  return {
    pending: counts.find(({ parked }) => parked === 0)?.count ?? 0,
    failed: counts.find(({ parked }) => parked === 1)?.count ?? 0,
    fanningOut: fanningOut?.remaining ?? 0,
    ...(instants.length > 0 && { oldest: new Date(Math.min(...instants)).toISOString() }),
    ...(failure && { lastError: { userId: failure.user_id, message: failure.last_error } }),
  }
}
