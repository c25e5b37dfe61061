import { randomUUID } from 'node:crypto'
import {
  type Member,
  type MemberChange,
  type MemberPage,
  UnknownReferenceError,
} from '../../lib/adapter/index.js'
import { atMost, type Session, type Statement, statement, TryAgain } from './database.js'
import type { JsonSql, SqlDialect } from './dialects/dialect.js'
import { isOfType, later, lockWholly, type ResourceKey, type TypeRow } from './rows.js'
import { inOrder, isStorable, type Sql, sql } from './sql.js'

/**
 * True for every membership, and the condition of the index by member: see `isListed` of resources.
 */
export const isMember = sql.raw("member_id >= ''")

/** What SQLite removes in a few milliseconds, in this thread. */
const maxAtOnce = 200
/** What it reads in this time. */
const readAtOnce = 500
const memberTypes = ['User', 'Group']

interface GroupKey {
  readonly tenant: string
  readonly groupId: string
}

interface IdRow {
  readonly id: string
}

/** The id of a user, or of a group (`nested`: 1). */
export interface MemberId extends IdRow {
  readonly nested: number
}

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

/** Members as one text, because drivers take longer to make rows than it takes to parse them. */
interface ListRow {
  readonly list: string
}

const memberColumns = ['id', 'resource_type', 'display']
type MemberColumns = readonly [id: string, type: 'User' | 'Group', display: string | null]

function listIn(json: JsonSql, columns: readonly string[], members: Sql) {
  return sql<ListRow>`select (${json.list(columns, sql`(${members}) as listed`)}) as list`
}

/** The members of some groups and the versions of these, of one moment. */
const membersOf = statement<
  { tenant: string; ids: string; limit: number },
  ListRow & { readonly versions: string }
>((value, { json, joinEach }) => {
  const members = sql`
      select member.group_id, resource.id, resource.resource_type, resource.display
      from ${joinEach(
        joinEach(
          sql`(${json.strings(value('ids'))}) as listed`,
          'scim_members as member',
          sql`member.tenant = ${value('tenant')} and member.group_id = listed.value`,
        ),
        'scim_resources as resource',
        sql`resource.tenant = member.tenant and resource.id = member.member_id`,
      )}
      ${atMost(value('limit'))}`
  const groups = sql`
      select resource.id, resource.version
      from ${joinEach(
        sql`(${json.strings(value('ids'))}) as listed`,
        'scim_resources as resource',
        sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
      )}`
  const list = json.list(['group_id', ...memberColumns], sql`(${members}) as listed`)
  const versions = json.list(['id', 'version'], sql`(${groups}) as listed`)
  return sql`select (${list}) as list, (${versions}) as versions`
})

/** The members that a query of their ids selects, in order of their ids. */
function membersIn(tenant: unknown, ids: Sql, { json, joinEach }: SqlDialect) {
  const members = sql`
    select resource.id, resource.resource_type, resource.display
    from ${joinEach(
      sql`(${ids}) as member`,
      'scim_resources as resource',
      sql`resource.tenant = ${tenant} and resource.id = member.member_id`,
    )}
    order by resource.id`
  return listIn(json, memberColumns, members)
}

type MembersAfter = GroupKey & { readonly after: string; readonly limit: number }

const membersAfter = statement<MembersAfter, ListRow>((value, dialect) =>
  membersIn(
    value('tenant'),
    sql`
      select member_id from scim_members
      where tenant = ${value('tenant')} and group_id = ${value('groupId')}
        and member_id > ${value('after')}
      order by member_id ${atMost(value('limit'))}`,
    dialect,
  ),
)

const countMembers = statement<{ tenant: string; ids: string }, IdRow & { count: number | string }>(
  (value, { json, joinEach }) => sql`
    select resource.id, (
      select count(*) from scim_members as member
      where member.tenant = ${value('tenant')} and member.group_id = resource.id) as count
    from ${joinEach(
      sql`(${json.strings(value('ids'))}) as listed`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
    )}
    where resource.resource_type = 'Group'`,
)

const pageOfMembers = statement<GroupKey & MemberPage, ListRow>((value, dialect) =>
  membersIn(
    value('tenant'),
    sql`
        select member_id from scim_members
        where tenant = ${value('tenant')} and group_id = ${value('groupId')}
        order by member_id ${atMost(value('limit'))} offset ${value('offset')}`,
    dialect,
  ),
)

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

/** Some groups at one moment, by their ids. */
export interface GroupsNow {
  /** With type and display. */
  readonly members: ReadonlyMap<string, readonly Member[]>
  /** Of those that exist. */
  readonly versions: ReadonlyMap<string, string>
}

/** The members of these groups; one query. `undefined`: they have more than can be read at once. */
export async function readFewMembers(
  session: Session,
  tenant: string,
  groupIds: readonly string[],
): Promise<GroupsNow | undefined> {
  const found = await readMembers(session, { tenant, groupIds }, readAtOnce + 1)
  const counts = [...found.members.values()].map(({ length }) => length)
  return counts.reduce((sum, count) => sum + count, 0) > readAtOnce ? undefined : found
}

/** The members of these groups; one query, however many they are. */
export async function readMembersAtOnce(
  session: Session,
  tenant: string,
  groupIds: readonly string[],
): Promise<GroupsNow> {
  return readMembers(session, { tenant, groupIds }, Number.MAX_SAFE_INTEGER)
}

async function readMembers(
  session: Session,
  { tenant, groupIds }: { readonly tenant: string; readonly groupIds: readonly string[] },
  limit: number,
): Promise<GroupsNow> {
  const members = new Map<string, Member[]>()
  if (groupIds.length === 0) return { members, versions: new Map() }
  const ids = JSON.stringify(groupIds)
  const [row] = await session.prepared(membersOf, { tenant, ids, limit })
  for (const [groupId, ...columns] of listedIn<[string, ...MemberColumns]>(row)) {
    const member = memberOf(columns)
    const list = members.get(groupId)
    if (list) list.push(member)
    else members.set(groupId, [member])
  }
  return { members, versions: new Map(JSON.parse(row?.versions ?? '[]')) }
}

/**
 * The members of a group, in order of their ids, read in steps between which other work gets its
 * turn. Each step sees what is stored at its time.
 */
export async function readMembersInSteps(session: Session, group: GroupKey): Promise<Member[]> {
  const members: Member[] = []
  for (;;) {
    const after = members.at(-1)?.value ?? ''
    const [row] = await session.prepared(membersAfter, { after, limit: readAtOnce, ...group })
    const list = listedIn<MemberColumns>(row)
    for (const columns of list) members.push(memberOf(columns))
    if (list.length < readAtOnce) return members
  }
}

function listedIn<Columns>(row: ListRow | undefined): Columns[] {
  return JSON.parse(row?.list ?? '[]')
}

function memberOf([value, type, display]: MemberColumns): Member {
  return { value, type, ...(display !== null && { display }) }
}

/** How many direct members each of these groups has. */
export async function readMemberCounts(
  session: Session,
  tenant: string,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const asked = groupIds.filter(isStorable)
  if (asked.length === 0) return new Map()
  const rows = await session.prepared(countMembers, { tenant, ids: JSON.stringify(asked) })
  return new Map(rows.map(({ id, count }) => [id, Number(count)]))
}

/** A page of a group's direct members, in order of their ids. */
export async function readMemberPage(
  session: Session,
  { tenant, groupId }: GroupKey,
  { offset, limit }: MemberPage,
): Promise<readonly Member[]> {
  if (!isStorable(groupId)) return []
  const [row] = await session.prepared(pageOfMembers, { tenant, groupId, offset, limit })
  return listedIn<MemberColumns>(row).map(memberOf)
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
