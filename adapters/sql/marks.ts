import { randomUUID } from 'node:crypto'
import { groupKey, type MappingPolicy } from '../../lib/adapter/index.js'
import { atMost, type Session, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { isListed, type TypeRow } from './rows.js'
import { inOrder, type Sql, sql } from './sql.js'

/**
 * The progress of a fan-out, i.e. a change of rules or of a large group whose people are being
 * marked.
 */
export type FanOutState =
  /** Groups that have one of these names when the fan-out starts. */
  | { readonly kind: 'named'; readonly names: readonly string[] }
  | { readonly kind: 'groups'; readonly groupIds: readonly string[]; readonly after: string }
  | { readonly kind: 'everybody'; readonly created: number; readonly after: string }

interface Ids {
  readonly tenant: string
  /** JSON array. */
  readonly ids: string
}

/** Marks the users whose ids a query selects as `value`, in the order of their ids. */
function mark(tenant: unknown, users: Sql, { now }: SqlDialect): Sql {
  return sql`
    insert into scim_pending
      (tenant, user_id, since, mark, attempts, parked, next_at, lease_until, due_at)
    select distinct ${tenant}, listed.value, ${now}, 1, 0, 0, ${now}, 0, ${now}
    from (${users}) as listed
    where true
    order by listed.value
    on conflict (tenant, user_id) do update set
      mark = scim_pending.mark + 1, attempts = 0, parked = 0, next_at = excluded.next_at,
      due_at = case when scim_pending.lease_until > excluded.next_at
        then scim_pending.lease_until else excluded.next_at end`
}

export const markUsers = statement<Ids>((value, dialect) =>
  mark(value('tenant'), dialect.json.strings(value('ids')), dialect),
)

const typesOfIds = statement<Ids, { id: string } & TypeRow>(
  (value, { json, joinEach }) => sql`
    select resource.id, resource.resource_type
    from ${joinEach(
      sql`(${json.strings(value('ids'))}) as listed`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
    )}`,
)

const namesOfGroups = statement<{ tenant: string }, { id: string; display: string | null }>(
  (value) => sql`
    select id, display from scim_resources
    where tenant = ${value('tenant')} and resource_type = 'Group' and ${isListed}`,
)

/** These groups (a bound JSON array) and all groups in them, as the table `below`. */
function below(tenant: unknown, groups: unknown, { json, joinEach }: SqlDialect): Sql {
  return sql`
    with recursive below(id) as (
      ${json.strings(groups)}
      union
      select member.member_id from ${joinEach(
        sql`below`,
        'scim_members as member',
        sql`member.tenant = ${tenant} and member.group_id = below.id and member.nested = 1`,
      )})`
}

const groupsBelow = statement<Ids, { id: string }>(
  (value, dialect) => sql`
    ${below(value('tenant'), value('ids'), dialect)} select id from below order by id`,
)

/** Some users directly in the groups `below`. */
function usersBelow(tenant: unknown, limit: unknown, { joinEach }: SqlDialect) {
  return sql<{ id: string }>`
    select member.member_id as id
    from ${joinEach(
      sql`below`,
      'scim_members as member',
      sql`member.tenant = ${tenant} and member.group_id = below.id and member.nested = 0`,
    )}
    ${atMost(limit)}`
}

const someUsersBelow = statement<Ids & { limit: number }, { id: string }>(
  (value, dialect) => sql`
    ${below(value('tenant'), value('ids'), dialect)}
    ${usersBelow(value('tenant'), value('limit'), dialect)}`,
)

/** Marks users and everybody in groups, if fewer than `limit` are in these; else nobody. */
const markWithGroups = statement<Ids & { groups: string; limit: number }>((value, dialect) => {
  const users = sql`
    select value from (
      select id as value from found union all ${dialect.json.strings(value('ids'))}) as wanted
    where (select count(*) from found) < ${value('limit')}`
  return sql`
    ${below(value('tenant'), value('groups'), dialect)},
    found as materialized (${usersBelow(value('tenant'), value('limit'), dialect)})
    ${mark(value('tenant'), users, dialect)}`
})

const countUsersIn = statement<Ids, { count: number }>(
  (value, { json, joinEach }) => sql`
    select count(*) as count
    from ${joinEach(
      sql`(${json.strings(value('ids'))}) as listed`,
      'scim_members as member',
      sql`member.tenant = ${value('tenant')} and member.group_id = listed.value
        and member.nested = 0`,
    )}`,
)

const usersAfter = statement<
  { tenant: string; groupId: string; after: string; limit: number },
  { member_id: string }
>(
  (value) => sql`
    select member_id from scim_members
    where tenant = ${value('tenant')} and group_id = ${value('groupId')} and nested = 0
      and member_id > ${value('after')}
    order by member_id ${atMost(value('limit'))}`,
)

const insertFanOut = statement<{
  tenant: string
  id: string
  state: string
  remaining: number
}>(
  (value, { now }) => sql`
    insert into scim_sweeps (tenant, id, created, state, remaining)
    values (${value('tenant')}, ${value('id')}, ${now}, ${value('state')},
      ${value('remaining')})`,
)

/**
 * Marks these users, whether or not they exist, in order of id, in steps that let other work run in
 * between.
 */
export async function markAll(
  session: Session,
  tenant: string,
  userIds: readonly string[],
): Promise<void> {
  for await (const part of inOrder(userIds)) {
    await session.prepared(markUsers, { tenant, ids: JSON.stringify(part) })
  }
}

const unmarkUser = statement<{ tenant: string; userId: string }>(
  (value) => sql`
    delete from scim_pending where tenant = ${value('tenant')} and user_id = ${value('userId')}`,
)

/** Removes the mark of a user, whose lease nobody holds. */
export async function unmark(session: Session, tenant: string, userId: string): Promise<void> {
  await session.change(unmarkUser, { tenant, userId })
}

/** The ids among these that name groups. */
export async function groupsAmong(
  session: Session,
  tenant: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const rows = await session.prepared(typesOfIds, { tenant, ids: JSON.stringify(ids) })
  return rows.filter(({ resource_type }) => resource_type === 'Group').map(({ id }) => id)
}

/** These groups and all groups in them. Handles cycles. */
export async function withGroupsBelow(
  session: Session,
  tenant: string,
  groupIds: readonly string[],
): Promise<readonly string[]> {
  const rows = await session.prepared(groupsBelow, { tenant, ids: JSON.stringify(groupIds) })
  return rows.map(({ id }) => id)
}

interface NamedGroups {
  readonly names: readonly string[]
  readonly policy: MappingPolicy
}

/** The groups with one of these names (as compared), and all groups in them. */
export async function groupsNamed(
  session: Session,
  tenant: string,
  { names, policy }: NamedGroups,
): Promise<readonly string[]> {
  const wanted = new Set(names)
  const groups = await session.prepared(namesOfGroups, { tenant })
  const ids = groups
    .filter(({ display }) => display !== null && wanted.has(groupKey(display, policy)))
    .map(({ id }) => id)
  return ids.length === 0 ? [] : withGroupsBelow(session, tenant, ids)
}

/** The number of marks for everybody directly in these groups. */
export async function countIn(
  session: Session,
  tenant: string,
  groupIds: readonly string[],
): Promise<number> {
  const [row] = await session.prepared(countUsersIn, { tenant, ids: JSON.stringify(groupIds) })
  return row?.count ?? 0
}

/** The next users directly in a group, in order of id. */
export async function nextUsersIn(
  session: Session,
  tenant: string,
  place: { readonly groupId: string; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await session.prepared(usersAfter, { tenant, ...place })
  return rows.map(({ member_id }) => member_id)
}

/** The most people to mark within the transaction that changes their group. */
export const maxMarksAtOnce = 1000

/** People to mark. */
export interface ToMark {
  readonly userIds: readonly string[]
  /** Groups that stand for everybody in them, directly or through other groups. */
  readonly groupIds: readonly string[]
}

/**
 * Marks users and everybody in groups, together in order of id. If many are in the groups, a
 * fan-out will mark them, which is as durable and does not block other writers.
 */
export async function markPeople(
  session: Session,
  tenant: string,
  { userIds, groupIds }: ToMark,
): Promise<void> {
  if (groupIds.length === 0) return markAll(session, tenant, userIds)
  const limit = maxMarksAtOnce + 1
  const groups = JSON.stringify(groupIds)
  const ids = JSON.stringify(userIds)
  if (userIds.length < limit) {
    const marked = await session.change(markWithGroups, { tenant, ids, groups, limit })
    if (marked > 0) return
  }
  const found = await session.prepared(someUsersBelow, { tenant, ids: groups, limit })
  if (found.length < limit) {
    return markAll(session, tenant, [...userIds, ...found.map(({ id }) => id)])
  }
  const all = await withGroupsBelow(session, tenant, groupIds)
  const count = await countIn(session, tenant, all)
  await addFanOut(session, tenant, { kind: 'groups', groupIds: all, after: '' }, count)
  await markAll(session, tenant, userIds)
}

/**
 * Adds a fan-out, even if there seems to be nobody to mark: another transaction may be adding a
 * member that this one does not see (R24).
 */
export async function addFanOut(
  session: Session,
  tenant: string,
  state: FanOutState,
  remaining: number,
): Promise<void> {
  await session.prepared(insertFanOut, {
    tenant,
    id: randomUUID(),
    state: JSON.stringify(state),
    remaining: Math.max(remaining, 1),
  })
}
