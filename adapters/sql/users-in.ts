import type { SqlDialect } from './dialects/dialect.js'
import { hasKey, storedKey } from './lookups.js'
import { isStorable, type Sql, sql } from './sql.js'

interface GroupReference {
  readonly by: 'value' | 'display'
  readonly group: string
}

/**
 * SELECT of the ids of everybody in a group, or in the groups with a name, directly or through
 * other groups.
 */
export function usersInGroup(
  { by, group }: GroupReference,
  tenant: string,
  { json, joinEach }: SqlDialect,
): Sql {
  const first =
    by === 'value'
      ? json.strings(JSON.stringify(isStorable(group) ? [group] : []))
      : sql`select resource_id from scim_lookups
          where tenant = ${tenant} and resource_type = 'Group' and attribute = 'displayName'
            and lookup_key = ${storedKey(group)} and ${hasKey}`
  const membersOf = (nested: Sql) =>
    joinEach(
      sql`below`,
      'scim_members as member',
      sql`member.tenant = ${tenant} and member.group_id = below.id and member.nested = ${nested}`,
    )
  return sql`select id from (
    with recursive below(id) as (
      ${first} union select member.member_id from ${membersOf(sql`1`)})
    select distinct member.member_id as id from ${membersOf(sql`0`)}) as users_in`
}
