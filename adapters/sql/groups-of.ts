import type {
  GroupReference,
  GroupStore,
  Page,
  Query,
  Scope,
  User,
  UserWithGroups,
} from '../../lib/adapter/index.js'
import { type Session, statement } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { isMember } from './member-rows.js'
import { firstFound, type LoneLookup, loneLookup } from './query.js'
import { isOfType, type ResourceRow, resourceColumns, toResource } from './rows.js'
import { isStorable, type Sql, sql } from './sql.js'

interface AroundRow {
  readonly id: string
  readonly display: string
  readonly external_id: string | null
}

const referenceColumns = ({ json }: SqlDialect) => sql`resource.display,
  ${json.scalar(sql`resource.comparable`, ['externalId'], 'text')} as external_id`

/** How many groups have the group of a membership as a member. */
const groupsAbove = (tenant: unknown) => sql`(
  select count(*) from scim_members as outer_member
  where outer_member.tenant = ${tenant}
    and outer_member.member_id = member.group_id and outer_member.${isMember})`

/**
 * The groups that have someone as a member, and whether these are members of groups, as one text:
 * see `listOf` in rows.ts.
 */
const directGroups = statement<{ tenant: string; ids: string }, { readonly list: string }>(
  (value, dialect) => {
    // Asked once for all of them, as most tenants nest no groups.
    const isNesting = dialect.exists(
      sql`select 1 from scim_members where tenant = ${value('tenant')} and nested = 1`,
    )
    const nested = sql`case when ${isNesting} then ${groupsAbove(value('tenant'))} else 0 end`
    const rows = sql`
      select listed.value as root, member.group_id as id, ${referenceColumns(dialect)},
        ${nested} as nested
      from ${dialect.joinEach(
        dialect.joinEach(
          sql`(${dialect.json.strings(value('ids'))}) as listed`,
          'scim_members as member',
          sql`member.tenant = ${value('tenant')} and member.member_id = listed.value
            and member.${isMember}`,
        ),
        'scim_resources as resource',
        sql`resource.tenant = ${value('tenant')} and resource.id = member.group_id`,
      )}`
    const columns = ['root', 'id', 'display', 'external_id', 'nested']
    return sql`select (${dialect.json.list(columns, sql`(${rows}) as listed`)}) as list`
  },
)

const groupsAround = statement<
  { tenant: string; ids: string },
  AroundRow & { readonly root: string; readonly direct: number }
>(
  (value, dialect) => sql`
    with recursive around(root, id) as (
      select member_id, group_id from scim_members
      where ${dialect.isListed('scim_members', 'member_id', value('tenant'), value('ids'))}
      union
      select around.root, member.group_id from ${dialect.joinEach(
        sql`around`,
        'scim_members as member',
        sql`member.tenant = ${value('tenant')} and member.member_id = around.id
          and member.${isMember}`,
      )})
    select around.root, around.id, ${referenceColumns(dialect)},
      (select count(*) from scim_members as direct
        where direct.tenant = ${value('tenant')} and direct.group_id = around.id
          and direct.member_id = around.root) as direct
    from ${dialect.joinEach(
      sql`around`,
      'scim_resources as resource',
      sql`resource.tenant = ${value('tenant')} and resource.id = around.id`,
    )}
    order by around.root, around.id`,
)

/**
 * The groups of each of these users or groups, directly and through other groups. Handles cycles.
 * One query, and another one for those in nested groups.
 */
export async function readGroupsOf(
  session: Session,
  tenant: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly GroupReference[]>> {
  const found = new Map<string, GroupReference[]>(ids.map((id) => [id, []]))
  const asked = [...found.keys()].filter(isStorable)
  if (asked.length === 0) return found
  const [row] = await session.prepared(directGroups, { tenant, ids: JSON.stringify(asked) })
  const listed = JSON.parse(row?.list ?? '[]') as readonly [root: string, ...ListedGroup][]
  const nested = new Set(listed.flatMap(([root, , , , isNested]) => (isNested > 0 ? [root] : [])))
  for (const [root, id, display, external_id] of listed) {
    if (!nested.has(root)) found.get(root)?.push(referenceTo({ id, display, external_id }, true))
  }
  if (nested.size === 0) return found
  const roots = JSON.stringify([...nested])
  for (const each of await session.prepared(groupsAround, { tenant, ids: roots })) {
    found.get(each.root)?.push(referenceTo(each, each.direct === 1))
  }
  return found
}

function referenceTo({ id, display, external_id }: AroundRow, direct: boolean): GroupReference {
  return {
    id,
    displayName: display,
    ...(external_id !== null && { externalId: external_id }),
    direct,
  }
}

interface UserKey {
  readonly tenant: string
  readonly id: string
}

/** As JSON, each direct group with the number of groups that it is in. */
interface UserRow extends ResourceRow {
  readonly groups: string
}

/** The groups of a {@link UserRow}. */
function groupsOfUser(tenant: unknown, id: unknown, dialect: SqlDialect): Sql {
  const { json, joinEach } = dialect
  const groups = sql`
    select member.group_id as id, ${referenceColumns(dialect)}, ${groupsAbove(tenant)} as nested
    from ${joinEach(
      sql`(select group_id from scim_members where tenant = ${tenant}
        and member_id = ${id} and ${isMember}) as member`,
      'scim_resources as resource',
      sql`resource.tenant = ${tenant} and resource.id = member.group_id`,
    )}`
  return json.list(['id', 'display', 'external_id', 'nested'], sql`(${groups}) as listed`)
}

const selectUser = statement<UserKey, UserRow>((value, dialect) => {
  const groups = groupsOfUser(value('tenant'), value('id'), dialect)
  return sql`
    select ${resourceColumns}, (${groups}) as groups from scim_resources as resource
    where tenant = ${value('tenant')} and id = ${value('id')} and ${isOfType('User')}`
})

const lookUpUsers = statement<LoneLookup, UserRow>((value, dialect) => {
  const groups = groupsOfUser(value('tenant'), sql`lookup.resource_id`, dialect)
  return sql`select ${resourceColumns}, (${groups}) as groups ${firstFound(value, dialect)}`
})

type ListedGroup = readonly [
  id: string,
  display: string,
  externalId: AroundRow['external_id'],
  nested: number,
]

/** Reads a user with their groups; one query, and two more for somebody in nested groups. */
export function readUserWithGroups(session: Session): NonNullable<GroupStore['userWithGroups']> {
  return async ({ tenant }, id) => {
    if (!isStorable(id)) return undefined
    const [row] = await session.prepared(selectUser, { tenant, id })
    return row && toUser(session, tenant, row)
  }
}

async function toUser(session: Session, tenant: string, row: UserRow): Promise<UserWithGroups> {
  const user = toResource<User>('User', row)
  const listed = JSON.parse(row.groups) as readonly ListedGroup[]
  if (listed.some(([, , , nested]) => nested > 0)) {
    return { user, groups: (await readGroupsOf(session, tenant, [user.id])).get(user.id) ?? [] }
  }
  const groups = listed.map(([id, display, external_id]) =>
    referenceTo({ id, display, external_id }, true),
  )
  return { user, groups }
}

/**
 * The page with the only user whom a query looks up, or with none, and their groups, in one query;
 * `undefined` for any other query.
 */
export async function lookUpWithGroups(
  session: Session,
  { tenant }: Scope,
  { filter, sort, page }: Query,
): Promise<Page<User> | undefined> {
  const isFirst = page.kind === 'index' && page.offset === 0 && page.limit > 0
  if (!filter || sort || !isFirst) return undefined
  const wanted = loneLookup(filter, { tenant, type: 'User' })
  const rows = wanted && (await session.prepared(lookUpUsers, wanted))
  if (rows === undefined || rows.length > 1) return undefined
  const found = await Promise.all(rows.map((row) => toUser(session, tenant, row)))
  return {
    resources: found.map(({ user }) => user),
    totalResults: found.length,
    groups: new Map(found.map(({ user, groups }) => [user.id, groups])),
  }
}
