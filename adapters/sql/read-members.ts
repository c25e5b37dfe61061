import type { Member, MemberPage } from '../../lib/adapter/index.js'
import { atMost, type Session, statement } from './database.js'
import type { JsonSql, SqlDialect } from './dialects/dialect.js'
import {
  type GroupKey,
  type IdRow,
  type MemberColumns,
  memberColumns,
  memberOf,
} from './member-rows.js'
import { isStorable, type Sql, sql } from './sql.js'

/** What SQLite reads in a few milliseconds, in this thread. */
const readAtOnce = 500

/** Members as one text, because drivers take longer to make rows than it takes to parse them. */
interface ListRow {
  readonly list: string
}

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
