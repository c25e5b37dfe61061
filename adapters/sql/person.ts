import { sql } from 'kysely'
import {
  type Access,
  type AccessRecord,
  type AccessResolver,
  type AccountPerson,
  type GroupStore,
  personState,
  type Scope,
  type User,
} from '../../lib/adapter/index.js'
import { type Database, statement } from './database.js'
import { isMember } from './members.js'
import { recordOf } from './records.js'
import { isOfType, type ResourceRow, toResource } from './rows.js'

/** What a person's access depends on. The columns of the user are null if it was deleted. */
interface PersonRow extends Nullable<Omit<ResourceRow, 'document'>> {
  readonly record: string
  readonly had_role: number
  /** Null also if the version is the known one. */
  readonly document: string | null
  /** JSON: id and name of each group, also of those around them, in order of the ids. */
  readonly groups: string
  /** Version of the rules; null if there are none. */
  readonly rules: number | null
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null }

interface PersonKey {
  readonly tenant: string
  readonly accountId: string
  /** The version of the user that is remembered, or empty. */
  readonly known: string
}

const selectPerson = statement<PersonKey, PersonRow>(
  (value, { json, joinEach, leftJoinEach }) => sql`
    select person.record, person.had_role, owner.id, owner.version, owner.created,
      owner.last_modified,
      case when owner.version = ${value('known')} then null else owner.document end as document,
      (select version from scim_rules where tenant = person.tenant) as rules,
      (with recursive around(id) as (
        select group_id from scim_members
        where tenant = person.tenant and member_id = person.user_id and ${isMember}
        union
        select member.group_id from ${joinEach(
          sql`around`,
          'scim_members as member',
          sql`member.tenant = person.tenant and member.member_id = around.id
            and member.${isMember}`,
        )}
      ), named as (
        select around.id, resource.display from ${joinEach(
          sql`around`,
          'scim_resources as resource',
          sql`resource.tenant = person.tenant and resource.id = around.id`,
        )} order by around.id
      ) ${json.list(['id', 'display'], sql`named`)}) as groups
    from ${leftJoinEach(
      sql`scim_records as person`,
      'scim_resources as owner',
      sql`owner.tenant = person.tenant and owner.id = person.user_id
        and owner.${isOfType('User')}`,
    )}
    where person.tenant = ${value('tenant')} and person.account_id = ${value('accountId')}`,
)

/** Rules prepared for many people, and their version. */
export interface VersionedResolver {
  readonly version: string
  readonly resolve: AccessResolver
}

/** A person as they were read, and the row in which they were found. */
interface Remembered {
  readonly row: PersonRow
  readonly person: AccountPerson
}

const maxRemembered = 5_000

/**
 * Reads people by their account. One statement reads everything that decides about a person, at one
 * moment; only what has changed since the last time is parsed and resolved again.
 */
export function personReader(
  database: Database,
  resolverOf: (scope: Scope) => Promise<VersionedResolver>,
): NonNullable<GroupStore['personByAccount']> {
  const remembered = new Map<string, Remembered>()
  return async (scope, accountId) => {
    const { tenant } = scope
    const key = JSON.stringify([tenant, accountId])
    const before = remembered.get(key)
    const known = before?.row.version ?? ''
    const [row] = await database.prepared(selectPerson, { tenant, accountId, known })
    if (row === undefined) return undefined
    if (before && isSame(before.row, row)) return before.person
    const record = recordOf(row)
    const user = userIn(row) ?? (row.id === null ? undefined : before?.person.user)
    if (user === undefined) return { record }
    const { resolve, version } = await resolverOf(scope)
    const access = accessOf(row, { record, user, resolve })
    const person = { record, user, access }
    if (remembered.size >= maxRemembered) remembered.clear()
    // Rules saved in between are newer than those of the row.
    if (version === String(row.rules ?? 0)) remembered.set(key, { row, person })
    return person
  }
}

/** A version never comes again, so the rest of the user is the same too. */
function isSame(one: PersonRow, other: PersonRow): boolean {
  return (
    one.id === other.id &&
    one.version === other.version &&
    one.record === other.record &&
    one.had_role === other.had_role &&
    one.groups === other.groups &&
    one.rules === other.rules
  )
}

function userIn({ id, version, created, last_modified, document }: PersonRow): User | undefined {
  if (id === null || version === null || created === null) return undefined
  if (last_modified === null || document === null) return undefined
  return toResource<User>('User', { id, version, created, last_modified, document })
}

interface Resolvable {
  readonly record: AccessRecord
  readonly user: User
  readonly resolve: AccessResolver
}

function accessOf({ groups }: PersonRow, { record, user, resolve }: Resolvable): Access {
  const listed = JSON.parse(groups) as readonly (readonly [id: string, displayName: string])[]
  const around = listed.map(([id, displayName]) => ({ id, displayName }))
  return resolve(around, personState(user, record.hadRole ?? false))
}
