import type { AccessStore, PendingUser } from '../../lib/adapter/index.js'
import { atMost, type Database, lone, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { isMember } from './member-rows.js'
import { isStorable, type Sql, sql } from './sql.js'

/** The row of a pending person. */
export interface PendingRow {
  readonly tenant: string
  readonly user_id: string
  readonly since: number
  readonly mark: number
  readonly attempts: number
  readonly parked: number
  readonly last_error: string | null
  readonly next_at: number
}

/** Columns of {@link PendingRow}. */
export const pendingColumns = sql.raw(
  'tenant, user_id, since, mark, attempts, parked, last_error, next_at',
)

/** A pending person in the form of the interface. */
export function toPendingUser(row: PendingRow): PendingUser {
  return {
    tenant: row.tenant,
    userId: row.user_id,
    since: new Date(row.since).toISOString(),
    mark: row.mark,
    attempts: row.attempts,
    failed: row.parked === 1,
    ...(row.last_error !== null && { lastError: row.last_error }),
    nextAt: new Date(row.next_at).toISOString(),
  }
}

/** An effect that is lost when the machine fails is simply repeated. */
export const passing = { passing: true }

type ClaimOptions = Parameters<AccessStore['claim']>[0]

interface ClaimValues {
  readonly owner: string
  readonly limit: number
  readonly leaseMs: number
  readonly tenant: string
  /** JSON array of ids, or of tenants with ids. */
  readonly ids: string
}

type Value = (name: keyof ClaimValues) => unknown

/** Leases the rows of a selection. */
function leaseOf(selectionOf: (value: Value, dialect: SqlDialect) => Sql) {
  const leasing = statement<ClaimValues, PendingRow>(
    (value, dialect) => {
      const until = sql`${dialect.now} + cast(${value('leaseMs')} as bigint)`
      return sql`
      with claimed as materialized (${selectionOf(value, dialect)})
      update scim_pending
      set lease_owner = ${value('owner')}, lease_until = ${until}, due_at = ${until}
      where (tenant, user_id) in (select tenant, user_id from claimed)
      returning ${pendingColumns}`
    },
    { isPlannedAnew: true },
  )
  return lone(leasing, { returns: true })
}

/** Leases the rows of a condition, those first that are due first. */
function claimOf(conditionOf: (value: Value, dialect: SqlDialect) => Sql) {
  return leaseOf((value, dialect) => {
    const { now, skipLocked } = dialect
    return sql`
      select tenant, user_id from scim_pending
      where lease_until <= ${now} and ${conditionOf(value, dialect)}
      order by due_at, tenant, user_id ${atMost(value('limit'))} ${skipLocked}`
  })
}

const claimDue = claimOf((_, { now }) => sql`parked = 0 and due_at <= ${now}`)

const claimDueOf = claimOf(
  (value, { now }) => sql`parked = 0 and due_at <= ${now} and tenant = ${value('tenant')}`,
)

/** Named people are claimed even if they are not due or have failed. */
const claimNamed = claimOf((value, { json }) => json.isOneOf(sql`user_id`, value('ids')))

const claimNamedOf = claimOf(
  (value, { json }) =>
    sql`tenant = ${value('tenant')} and ${json.isOneOf(sql`user_id`, value('ids'))}`,
)

/** People of {@link neighboursIn} who are still due, and whom nobody else has claimed. */
const claimAlike = leaseOf((value, { json, joinEach, now, skipLocked }) => {
  const listed = json.rows(value('ids'), { tenant: 'text', id: 'text' })
  return sql`
    select pending.tenant, pending.user_id
    from ${joinEach(
      sql`${listed} as listed`,
      'scim_pending as pending',
      sql`pending.tenant = listed.tenant and pending.user_id = listed.id
        and pending.parked = 0 and pending.due_at <= ${now} and pending.lease_until <= ${now}`,
      skipLocked,
    )}`
})

/**
 * Claims, oldest first or of people who are alike: by one statement that leases, since nobody works
 * on those whom a first one has leased if a second one fails.
 */
export function claimsIn(database: Database): AccessStore['claim'] {
  const neighbours = neighboursIn(database)
  return async (options) => {
    if (!options.alike || options.userIds) {
      return lease(database, claimFor(options), options, options.userIds?.filter(isStorable))
    }
    const leaseNext = async () => {
      const near = await neighbours.next(options)
      const claimed = near.length === 0 ? [] : await lease(database, claimAlike, options, near)
      const areTaken = claimed.length < near.length
      if (areTaken) neighbours.forget()
      return { claimed, areTaken }
    }
    const first = await leaseNext()
    // Another host has the same order, and was first.
    const isAgain = first.areTaken && first.claimed.length === 0
    return isAgain ? (await leaseNext()).claimed : first.claimed
  }
}

function claimFor({ tenant, userIds }: ClaimOptions) {
  if (userIds === undefined) return tenant === undefined ? claimDue : claimDueOf
  return tenant === undefined ? claimNamed : claimNamedOf
}

async function lease(
  database: Database,
  claiming: typeof claimDue,
  { owner, limit, leaseMs, tenant = '' }: ClaimOptions,
  named: readonly unknown[] = [],
): Promise<readonly PendingUser[]> {
  const values = { owner, limit, leaseMs, tenant, ids: JSON.stringify(named) }
  const { rows } = await database.alone(claiming, values, passing)
  return [...rows]
    .sort((a, b) => a.since - b.since || (a.user_id < b.user_id ? -1 : 1))
    .map(toPendingUser)
}

/** So many are compared, of those due first, by so many of their groups: it takes some 10 ms. */
const mostCompared = 1_000
const mostGroups = 10
/** How long their order is used. */
const keptMs = 2_000

interface DueRow extends Pick<PendingRow, 'tenant' | 'user_id'> {
  readonly group_ids: string | null
}

/**
 * The people who are due, those in the same groups one after the other: they get the same, so it
 * can be given with fewer requests. Whose first one was due first comes first.
 */
function alikeOf(conditionOf: (value: (name: 'tenant') => unknown) => Sql) {
  return statement<{ readonly tenant: string }, DueRow>(
    (value, { now, json }) => sql`
    select tenant, user_id, group_ids from (
      select tenant, user_id, due_at, (
        select ${json.joined(sql`group_id`)} from (
          select group_id from scim_members as member
          where member.tenant = due.tenant and member.member_id = due.user_id
            and member.${isMember}
          order by group_id ${atMost(mostGroups)}) as listed) as group_ids
      from (
        select tenant, user_id, due_at from scim_pending
        where parked = 0 and due_at <= ${now} and lease_until <= ${now} ${conditionOf(value)}
        order by due_at, tenant, user_id ${atMost(mostCompared)}) as due) as people
    order by min(due_at) over (partition by tenant, group_ids), tenant, group_ids, due_at, user_id`,
    { isPlannedAnew: true },
  )
}

const dueAlike = alikeOf(() => sql``)
const dueAlikeOf = alikeOf((value) => sql`and tenant = ${value('tenant')}`)

/** Who comes next of people who are alike, each once while their order is kept. */
function neighboursIn(database: Database) {
  let left: DueRow[] = []
  let of: string | undefined
  let until = 0
  return {
    async next({ limit, tenant }: ClaimOptions) {
      if (left.length < limit || of !== tenant || performance.now() >= until) {
        const query = tenant === undefined ? dueAlike : dueAlikeOf
        left = [...(await database.prepared(query, { tenant: tenant ?? '' }))]
        of = tenant
        until = performance.now() + keptMs
      }
      const next = left.splice(0, withTheRest(left, limit))
      return next.map((row) => [row.tenant, row.user_id])
    },
    forget() {
      left = []
    },
  }
}

/**
 * How many to take: `limit`, and if all the others in the groups of the last one are at most half
 * as many more, those too, who would need each request about their groups once more.
 */
function withTheRest(rows: readonly DueRow[], limit: number): number {
  const last = rows[limit - 1]
  const isWithLast = ({ tenant, group_ids }: DueRow) =>
    last !== undefined && tenant === last.tenant && group_ids === last.group_ids
  const most = limit + Math.floor(limit / 2)
  const more = rows.slice(limit, most + 1).findIndex((row) => !isWithLast(row))
  if (more === -1) return rows.length <= most ? rows.length : limit
  return limit + more
}
