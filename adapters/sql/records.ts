import { sql } from 'kysely'
import { type AccessRecord, type Ledger, UniquenessError } from '../../lib/stores/index.js'
import { type Database, statement } from './database.js'
import { isStorable } from './text.js'

interface UserKey {
  readonly tenant: string
  readonly userId: string
}

interface RecordRow {
  readonly record: string
}

const selectRecord = statement<UserKey, RecordRow>(
  (value) => sql`
    select record from scim_records
    where tenant = ${value('tenant')} and user_id = ${value('userId')}`,
)

const selectRecords = statement<{ tenant: string; ids: string }, RecordRow>(
  (value, { isListed }) => sql`
    select record from scim_records
    where ${isListed('scim_records', 'user_id', value('tenant'), value('ids'))}`,
)

const selectPage = statement<{ tenant: string; after: string; limit: number }, RecordRow>(
  (value) => sql`
    select record from scim_records
    where tenant = ${value('tenant')} and user_id > ${value('after')}
    order by user_id limit ${value('limit')}`,
)

const selectByAccount = statement<{ tenant: string; accountId: string }, RecordRow>(
  (value) => sql`
    select record from scim_records
    where tenant = ${value('tenant')} and account_id = ${value('accountId')}`,
)

const selectByEmail = statement<{ tenant: string; email: string }, RecordRow>(
  (value) => sql`
    select record from scim_records
    where tenant = ${value('tenant')} and email = ${value('email')}
    union
    select record from scim_records
    where tenant = ${value('tenant')} and account_email = ${value('email')}`,
)

const upsertRecord = statement<
  UserKey & {
    accountId: string | null
    email: string | null
    accountEmail: string | null
    record: string
  }
>(
  (value) => sql`
    insert into scim_records (tenant, user_id, account_id, email, account_email, record)
    values (${value('tenant')}, ${value('userId')}, ${value('accountId')}, ${value('email')},
      ${value('accountEmail')}, ${value('record')})
    on conflict (tenant, user_id) do update set account_id = excluded.account_id,
      email = excluded.email, account_email = excluded.account_email, record = excluded.record`,
)

const deleteRecord = statement<UserKey>(
  (value) => sql`
    delete from scim_records
    where tenant = ${value('tenant')} and user_id = ${value('userId')}`,
)

/** The ledger. */
export function recordMethods(database: Database): Ledger {
  return {
    async record({ tenant }, userId) {
      if (!isStorable(userId)) return undefined
      return recordsIn(await database.prepared(selectRecord, { tenant, userId }))[0]
    },
    async records({ tenant }, userIds) {
      const ids = JSON.stringify(userIds.filter(isStorable))
      return recordsIn(await database.prepared(selectRecords, { tenant, ids }))
    },
    async listRecords({ tenant }, { afterUserId = '', limit }) {
      return recordsIn(await database.prepared(selectPage, { tenant, after: afterUserId, limit }))
    },
    async recordByAccount({ tenant }, accountId) {
      return recordsIn(await database.prepared(selectByAccount, { tenant, accountId }))[0]
    },
    async recordsByEmail({ tenant }, email) {
      if (!isStorable(email)) return []
      return recordsIn(await database.prepared(selectByEmail, { tenant, email }))
    },
    async saveRecord(scope, record) {
      const { userId, account, email = null } = record
      const stored = {
        tenant: scope.tenant,
        userId,
        accountId: account?.id ?? null,
        email,
        accountEmail: account?.email ?? null,
        record: JSON.stringify(record),
      }
      const save = database.transaction((session) => session.change(upsertRecord, stored), scope)
      await save.catch((error: unknown) => {
        // The only other unique key of this table.
        const isTaken = database.dialect.failureKind(error) === 'unique'
        throw isTaken ? new UniquenessError('account') : error
      })
    },
    async deleteRecord(scope, userId) {
      const key = { tenant: scope.tenant, userId }
      await database.transaction((session) => session.change(deleteRecord, key), scope)
    },
  }
}

function recordsIn(rows: readonly RecordRow[]): readonly AccessRecord[] {
  return rows.map(({ record }) => JSON.parse(record) as AccessRecord)
}
