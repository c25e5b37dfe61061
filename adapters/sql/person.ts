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
import { inBatches } from './batches.js'
import { type Database, type Session, statement } from './database.js'
import { isMember } from './member-rows.js'
import { recordOf } from './records.js'
import { isOfType, type ResourceRow, toResource } from './rows.js'
import { isStorable, sql } from './sql.js'

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

const keyColumns = {
  place: 'integer',
  tenant: 'text',
  account_id: 'text',
  known: 'text',
} as const

/** @param asked JSON: place, tenant, account and known version of each person */
const selectPeople = statement<{ readonly asked: string }, PersonRow & { readonly place: number }>(
  (value, { json, joinEach, leftJoinEach }) => sql`
    select asked.place, person.record, person.had_role, owner.id, owner.version, owner.created,
      owner.last_modified,
      case when owner.version = asked.known then null else owner.document end as document,
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
      joinEach(
        sql`${json.rows(value('asked'), keyColumns)} as asked`,
        'scim_records as person',
        sql`person.tenant = asked.tenant and person.account_id = asked.account_id`,
      ),
      'scim_resources as owner',
      sql`owner.tenant = person.tenant and owner.id = person.user_id
        and owner.${isOfType('User')}`,
    )}`,
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
  /** The state of the database before they were read, if it tells. */
  readonly state: string | undefined
}

const maxRemembered = 5_000
/** How often a person is read at most while rules are saved in between. */
const maxReadings = 3

/**
 * Reads people by their account. One statement reads everything that decides about a person, at one
 * moment; only what has changed since the last time is parsed and resolved again. Nothing is read
 * if nothing in the database has changed.
 */
export function personReader(
  database: Database,
  resolverOf: (scope: Scope) => Promise<VersionedResolver>,
): NonNullable<GroupStore['personByAccount']> {
  const remembered = new Map<string, Remembered>()
  const read = inBatches((people: readonly PersonKey[]) => readPeople(database.urgent, people))
  return async (scope, accountId) => {
    if (!isStorable(accountId)) return undefined
    const { tenant } = scope
    const key = JSON.stringify([tenant, accountId])
    const before = remembered.get(key)
    for (let readings = 1; ; readings += 1) {
      const state = database.state()
      if (before && state !== undefined && before.state === state) return before.person
      const row = await read({ tenant, accountId, known: before?.row.version ?? '' })
      if (row === undefined) return undefined
      if (before && isSame(before.row, row)) {
        remembered.set(key, { ...before, state })
        return before.person
      }
      const record = recordOf(row)
      const user = userIn(row) ?? (row.id === null ? undefined : before?.person.user)
      if (user === undefined) return { record }
      const { resolve, version } = await resolverOf(scope)
      // Rules saved in between belong to other groups than those of the row.
      const isOfOneMoment = version === String(row.rules ?? 0)
      if (!isOfOneMoment && readings < maxReadings) continue
      const person = { record, user, access: accessOf(row, { record, user, resolve }) }
      if (remembered.size >= maxRemembered) remembered.clear()
      if (isOfOneMoment) remembered.set(key, { row, person, state })
      return person
    }
  }
}

/** The row of each, in this order. */
async function readPeople(
  session: Session,
  people: readonly PersonKey[],
): Promise<readonly (PersonRow | undefined)[]> {
  const asked = people.map(({ tenant, accountId, known }, place) => [
    place,
    tenant,
    accountId,
    known,
  ])
  const rows = await session.prepared(selectPeople, { asked: JSON.stringify(asked) })
  const found = new Map(rows.map((row) => [row.place, row]))
  return people.map((_, place) => found.get(place))
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
