import { randomUUID } from 'node:crypto'
import { type Member, type MemberChange, UnknownReferenceError } from '../../lib/adapter/index.js'
import { type Session, type Statement, statement, TryAgain } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { type GroupKey, type IdRow, isMember, type MemberId, memberOf } from './member-rows.js'
import { isOfType, later, lockWholly, type ResourceKey, type TypeRow } from './rows.js'
import { inOrder, sql } from './sql.js'

/** What SQLite removes in a few milliseconds, in this thread. */
const maxAtOnce = 200
const memberTypes = ['User', 'Group']

const knownMembers = statement<GroupKey & { ids: string }, IdRow & TypeRow>(
  (value, { json, joinEach, forKeyShare }) => sql`
    select resource.id, resource.resource_type
    from ${joinEach(
      sql`(${json.strings(value('ids'))}) as listed`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
      forKeyShare,
    )}`,
)

/**
 * Locks the resources that it adds, like `knownMembers`, so that they are not deleted meanwhile.
 */
function addMembers(
  value: (name: keyof GroupKey | 'ids') => unknown,
  { json, joinEach, forKeyShare }: SqlDialect,
) {
  return sql<MemberId>`
    insert into scim_members (tenant, group_id, member_id, nested)
    select resource.tenant, ${value('groupId')}, resource.id,
      case resource.resource_type when 'Group' then 1 else 0 end
    from ${joinEach(
      sql`(${json.strings(value('ids'))}) as listed`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
      forKeyShare,
    )}
    where resource.resource_type in ('User', 'Group')
    on conflict do nothing
    returning member_id as id, nested`
}

export const insertMembers = statement<GroupKey & { ids: string }, MemberId>(addMembers)

const insertFirstMembers = statement<GroupKey & { ids: string }, FirstMember>(
  (value, dialect) => sql`
    ${addMembers(value, dialect)}, (
      select resource.display from scim_resources as resource
      where resource.tenant = scim_members.tenant and resource.id = scim_members.member_id
    ) as display`,
)

/**
 * Uses the index by member, because each member is in few groups. The condition on the group is
 * written so that no index matches it.
 */
export const deleteMembers = statement<GroupKey & { ids: string }, MemberId>(
  (value, { isListed }) => sql`
    delete from scim_members
    where ${isListed('scim_members', 'member_id', value('tenant'), value('ids'))}
      and group_id || '' = ${value('groupId')}
    returning member_id as id, nested`,
)

interface FirstMember extends MemberId {
  readonly display: string | null
}

interface MemberKey extends IdRow {
  readonly tenant: string
}

function directlyAround(value: (name: keyof MemberKey) => unknown) {
  return sql<IdRow>`
    select group_id as id from scim_members
    where tenant = ${value('tenant')} and member_id = ${value('id')} and ${isMember}
    order by group_id`
}

const groupsDirectlyAround = statement<MemberKey, IdRow>(directlyAround)

const lockGroupsAround = statement<MemberKey, IdRow>(
  (value, { joinEach, forUpdate }) => sql`
    select resource.id from ${joinEach(
      sql`(${directlyAround(value)}) as around`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = around.id`,
      forUpdate,
    )}`,
)

/** Nothing if the id is of a resource of another type. */
const leaveGroups = statement<ResourceKey, IdRow>(
  (value, { exists }) => sql`
    delete from scim_members
    where tenant = ${value('tenant')} and member_id = ${value('id')} and ${isMember}
      and ${exists(sql`
        select 1 from scim_resources as resource
        where resource.tenant = ${value('tenant')} and resource.id = ${value('id')}
          and resource.${isOfType(value('type'))}`)}
    returning group_id as id`,
)

/**
 * Deletes members after an id, up to the one that `place` others precede. PostgreSQL would read
 * those before the id again, which it keeps until the transaction ends.
 */
const deleteAfter = statement<GroupKey & { after: string; place: number }, MemberId>((value) => {
  const isAfter = sql`tenant = ${value('tenant')} and group_id = ${value('groupId')}
    and member_id > ${value('after')}`
  return sql`
    delete from scim_members
    where ${isAfter} and member_id <= coalesce(
      (select member_id from scim_members where ${isAfter}
        order by member_id limit 1 offset ${value('place')}),
      (select max(member_id) from scim_members where ${isAfter}))
    returning member_id as id, nested`
})

const touchGroups = statement<{ tenant: string; ids: string; version: string; now: number }>(
  (value, { isListed }) => sql`
    update scim_resources
    set version = ${value('version')}, last_modified = ${later(value('now'))}
    where ${isListed('scim_resources', 'id', value('tenant'), value('ids'))}`,
)

/**
 * Adds and removes members at a cost that depends only on the change. The caller has locked the
 * group.
 *
 * @throws UnknownReferenceError when some ids to add are not users or groups of the tenant
 */
export async function applyMemberChange(
  session: Session,
  group: GroupKey,
  change: MemberChange,
): Promise<{ added: readonly MemberId[]; removed: readonly MemberId[] }> {
  const added = await addAll(session, insertMembers, group, change.add)
  const removed = await runOn(session, deleteMembers, group, change.remove)
  return { added, removed }
}

/**
 * Adds the members of a new group, and returns them in order of their ids.
 *
 * @throws UnknownReferenceError as `applyMemberChange`
 */
export async function addFirstMembers(
  session: Session,
  group: GroupKey,
  ids: readonly string[],
): Promise<readonly Member[]> {
  const added = await addAll(session, insertFirstMembers, group, ids)
  return added
    .map(({ id, nested, display }) => memberOf([id, nested === 1 ? 'Group' : 'User', display]))
    .sort((one, other) => (one.value < other.value ? -1 : 1))
}

type OfMembers<Row> = Statement<GroupKey & { ids: string }, Row>

async function addAll<Row extends MemberId>(
  session: Session,
  declared: OfMembers<Row>,
  group: GroupKey,
  ids: readonly string[],
): Promise<readonly Row[]> {
  const added = await runOn(session, declared, group, ids)
  if (added.length < ids.length) {
    const isAdded = new Set(added.map(({ id }) => id))
    await requireKnown(
      session,
      group,
      ids.filter((id) => !isAdded.has(id)),
    )
  }
  return added
}

async function runOn<Row>(
  session: Session,
  declared: OfMembers<Row>,
  group: GroupKey,
  all: readonly string[],
): Promise<readonly Row[]> {
  const changed: Row[] = []
  for await (const part of inOrder(all)) {
    const rows = await session.prepared(declared, { ...group, ids: JSON.stringify(part) })
    for (const row of rows) changed.push(row)
  }
  return changed
}

async function requireKnown(
  session: Session,
  group: GroupKey,
  all: readonly string[],
): Promise<void> {
  const unknown = new Set<string>(all)
  for (const { id, resource_type } of await runOn(session, knownMembers, group, all)) {
    if (memberTypes.includes(resource_type)) unknown.delete(id)
  }
  if (unknown.size > 0) throw new UnknownReferenceError([...unknown])
}

/**
 * Locks a resource to be deleted, after its groups in order of id. All writers lock in this order,
 * so that they never deadlock. From then on the resource cannot be added to a group. On SQLite, the
 * transaction has the only write lock, so this does nothing.
 *
 * @returns `false` if it is known not to exist
 * @throws TryAgain when it was added to another group meanwhile
 */
export async function lockForDeletion(session: Session, key: ResourceKey): Promise<boolean> {
  if (session.dialect.writersTakeTurns) return true
  const { tenant, id } = key
  const locked = await session.prepared(lockGroupsAround, { tenant, id })
  const [row] = await session.prepared(lockWholly, key)
  if (row === undefined) return false
  const isLocked = new Set(locked.map((group) => group.id))
  const around = await session.prepared(groupsDirectlyAround, { tenant, id })
  if (around.some((group) => !isLocked.has(group.id))) throw new TryAgain()
  return true
}

/**
 * Removes a resource from all groups, which changes them: not itself, if it is a group that is its
 * own member, because its deletion expects its version.
 */
export async function leaveAllGroups(session: Session, key: ResourceKey): Promise<void> {
  const left = await session.prepared(leaveGroups, key)
  const others = left.map((row) => row.id).filter((id) => id !== key.id)
  if (others.length === 0) return
  const ids = JSON.stringify(others.sort())
  await session.change(touchGroups, {
    tenant: key.tenant,
    ids,
    version: randomUUID(),
    now: Date.now(),
  })
}

/**
 * Removes all members of a group and returns them, in steps that let other work run in between.
 */
export async function removeAllMembers(
  session: Session,
  group: GroupKey,
): Promise<readonly MemberId[]> {
  const removed: MemberId[] = []
  let after = ''
  for (;;) {
    const some = await session.prepared(deleteAfter, { ...group, after, place: maxAtOnce - 1 })
    for (const member of some) {
      removed.push(member)
      if (member.id > after) after = member.id
    }
    if (some.length < maxAtOnce) return removed
  }
}
