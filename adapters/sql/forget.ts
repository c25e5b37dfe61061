import { type AccessRecord, withoutPerson } from '../../lib/adapter/index.js'
import { type Database, type Session, statement } from './database.js'
import { sql } from './sql.js'

interface DeletedRow {
  readonly tenant: string
  readonly user_id: string
  readonly record: string
}

const page = 500

/** Records of deleted people that are not anonymous yet. */
const selectDeleted = statement<{ tenant: string; userId: string; limit: number }, DeletedRow>(
  (value) => sql`
    select record.tenant, record.user_id, record.record
    from scim_records as record
    left join scim_resources as resource
      on resource.tenant = record.tenant and resource.id = record.user_id
    where resource.id is null
      and (record.tenant, record.user_id) > (${value('tenant')}, ${value('userId')})
      and (record.email is not null or record.account_email is not null
        or record.account_id is null)
    order by record.tenant, record.user_id limit ${value('limit')}`,
)

/** Only if the record is still the one that was read. */
const replaceRecord = statement<{ tenant: string; userId: string; old: string; record: string }>(
  (value) => sql`
    update scim_records set email = null, account_email = null, record = ${value('record')}
    where tenant = ${value('tenant')} and user_id = ${value('userId')}
      and record = ${value('old')}`,
)

const removeRecord = statement<{ tenant: string; userId: string; old: string }>(
  (value) => sql`
    delete from scim_records
    where tenant = ${value('tenant')} and user_id = ${value('userId')}
      and record = ${value('old')}`,
)

/** One by name, and those that are the person's id. */
const removeNotes = statement<{ tenant: string; pattern: string; userId: string }>(
  (value) => sql`
    delete from scim_values
    where tenant = ${value('tenant')}
      and (name like ${value('pattern')} escape '!' or value = ${value('userId')})`,
)

/** `AccessStore.forget`: page by page, with one transaction per person. */
export async function forgetPeople(database: Database, before: string): Promise<number> {
  let after = { tenant: '', userId: '' }
  let forgotten = 0
  for (;;) {
    const rows = await database.prepared(selectDeleted, { ...after, limit: page })
    for (const row of rows) {
      const record = JSON.parse(row.record) as AccessRecord
      if (record.at >= before) continue
      forgotten += await database.transaction((session) => forget(session, row, record))
    }
    const last = rows.at(-1)
    if (!last || rows.length < page) return forgotten
    after = { tenant: last.tenant, userId: last.user_id }
  }
}

async function forget(
  session: Session,
  { tenant, user_id: userId, record: old }: DeletedRow,
  record: AccessRecord,
): Promise<number> {
  const left = withoutPerson(record)
  const changed = left
    ? await session.change(replaceRecord, { tenant, userId, old, record: JSON.stringify(left) })
    : await session.change(removeRecord, { tenant, userId, old })
  if (changed === 0) return 0
  for (const about of [userId, record.email, record.account?.email]) {
    if (about === undefined) continue
    const pattern = `%:${about.replace(/[!%_]/g, '!$&')}`
    await session.change(removeNotes, { tenant, pattern, userId })
  }
  return 1
}
