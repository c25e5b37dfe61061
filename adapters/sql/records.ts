import {
  type AccessRecord,
  emptyRecord,
  type Ledger,
  UniquenessError,
} from '../../lib/adapter/index.js'
import { type Database, lone, type Session, statement } from './database.js'
import { isStorable, sql } from './sql.js'

interface UserKey {
  readonly tenant: string
  readonly userId: string
}

interface RecordRow {
  readonly record: string
  readonly had_role: number
}

const selectRecord = statement<UserKey, RecordRow>(
  (value) => sql`
    select record, had_role from scim_records
    where tenant = ${value('tenant')} and user_id = ${value('userId')}`,
)

interface LeasedRow {
  readonly record: string | null
  readonly had_role: number | null
  readonly leased: number
}

const selectWithLease = statement<UserKey, LeasedRow>(
  (value, { now }) => sql`
    select record, had_role, (
      select count(*) from scim_pending
      where tenant = ${value('tenant')} and user_id = ${value('userId')} and lease_until > ${now}
    ) as leased
    from (select 1) as always left join scim_records
      on tenant = ${value('tenant')} and user_id = ${value('userId')}`,
)

const selectRecords = statement<{ tenant: string; ids: string }, RecordRow>(
  (value, { isListed }) => sql`
    select record, had_role from scim_records
    where ${isListed('scim_records', 'user_id', value('tenant'), value('ids'))}`,
)

const selectPage = statement<{ tenant: string; after: string; limit: number }, RecordRow>(
  (value) => sql`
    select record, had_role from scim_records
    where tenant = ${value('tenant')} and user_id > ${value('after')}
    order by user_id limit ${value('limit')}`,
)

const selectByAccount = statement<{ tenant: string; accountId: string }, RecordRow>(
  (value) => sql`
    select record, had_role from scim_records
    where tenant = ${value('tenant')} and account_id = ${value('accountId')}`,
)

const selectByEmail = statement<{ tenant: string; email: string }, RecordRow>(
  (value) => sql`
    select record, had_role from scim_records
    where tenant = ${value('tenant')} and email = ${value('email')}
    union
    select record, had_role from scim_records
    where tenant = ${value('tenant')} and account_email = ${value('email')}`,
)

const upsertRecords = lone(
  statement<{ tenant: string; rows: string }>(
    (value, { json }) => sql`
    insert into scim_records (tenant, user_id, account_id, email, account_email, record, had_role)
    select ${value('tenant')}, listed.user_id, listed.account_id, listed.email,
      listed.account_email, listed.record, listed.had_role
    from ${json.rows(value('rows'), {
      user_id: 'text',
      account_id: 'text',
      email: 'text',
      account_email: 'text',
      record: 'text',
      had_role: 'integer',
    })} as listed
    where true
    order by listed.user_id
    on conflict (tenant, user_id) do update set account_id = excluded.account_id,
      email = excluded.email, account_email = excluded.account_email, record = excluded.record,
      had_role = case when scim_records.had_role = 1 then 1 else excluded.had_role end`,
  ),
)

/** For people without a record, `record` becomes theirs. */
const noteRoles = lone(
  statement<{ tenant: string; rows: string }>(
    (value, { json }) => sql`
    insert into scim_records (tenant, user_id, record, had_role)
    select ${value('tenant')}, listed.user_id, listed.record, 1
    from ${json.rows(value('rows'), { user_id: 'text', record: 'text' })} as listed
    where true
    order by listed.user_id
    on conflict (tenant, user_id) do update set had_role = 1`,
  ),
)

const maxNotedAtOnce = 1000

const deleteRecord = lone(
  statement<UserKey>(
    (value) => sql`
    delete from scim_records
    where tenant = ${value('tenant')} and user_id = ${value('userId')}`,
  ),
)

/** The ledger. */
export function recordMethods(database: Database): Ledger {
  return {
    async getRecord({ tenant }, userId) {
      if (!isStorable(userId)) return undefined
      return recordsIn(await database.prepared(selectRecord, { tenant, userId }))[0]
    },
    async getRecords({ tenant }, userIds) {
      const ids = JSON.stringify(userIds.filter(isStorable))
      return recordsIn(await database.prepared(selectRecords, { tenant, ids }))
    },
    async listRecords({ tenant }, { afterUserId = '', limit }) {
      return recordsIn(await database.prepared(selectPage, { tenant, after: afterUserId, limit }))
    },
    async recordByAccount({ tenant }, accountId) {
      if (!isStorable(accountId)) return undefined
      return recordsIn(await database.prepared(selectByAccount, { tenant, accountId }))[0]
    },
    async recordsByEmail({ tenant }, email) {
      if (!isStorable(email)) return []
      return recordsIn(await database.prepared(selectByEmail, { tenant, email }))
    },
    saveRecord: (scope, record) =>
      uniqueAccounts(database, async () => {
        const { tenant } = scope
        await database.alone(upsertRecords, { tenant, rows: rowsOf([record]) }, { scope })
      }),
    async noteRole(scope, userIds) {
      const rows = [...new Set(userIds.filter(isStorable))]
        .sort()
        .map((userId) => [userId, JSON.stringify(emptyRecord(userId, new Date()))])
      for (let start = 0; start < rows.length; start += maxNotedAtOnce) {
        const part = JSON.stringify(rows.slice(start, start + maxNotedAtOnce))
        const { tenant } = scope
        await database.alone(noteRoles, { tenant, rows: part }, { scope })
      }
    },
    async deleteRecord(scope, userId) {
      const key = { tenant: scope.tenant, userId }
      await database.alone(deleteRecord, key, { scope })
    },
  }
}

/** The record of a person, and whether a worker holds their lease. */
export async function recordWithLease(
  session: Session,
  key: UserKey,
): Promise<{ readonly record: AccessRecord | undefined; readonly isLeased: boolean }> {
  const rows = await session.prepared(selectWithLease, key)
  const [record] = recordsIn(rows.filter(hasRecord))
  return { record, isLeased: rows.some(({ leased }) => leased > 0) }
}

function hasRecord(row: LeasedRow): row is LeasedRow & RecordRow {
  return row.record !== null
}

/** Stores records within a transaction; see {@link uniqueAccounts}. */
export async function saveRecords(
  session: Session,
  tenant: string,
  records: readonly AccessRecord[],
): Promise<void> {
  if (records.length > 0) await session.change(upsertRecords, { tenant, rows: rowsOf(records) })
}

/**
 * Runs a transaction that stores records.
 *
 * @throws UniquenessError when another user is linked to the same account
 */
export async function uniqueAccounts(
  { dialect }: Database,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    // This is the only other unique key of the table.
    throw dialect.failureKind(error) === 'unique' ? new UniquenessError('account') : error
  }
}

function rowsOf(records: readonly AccessRecord[]): string {
  const rows = records.map((record) => {
    const { userId, account, email = null, hadRole } = record
    const reference = [account?.id ?? null, email, account?.email ?? null]
    return [userId, ...reference, JSON.stringify(record), hadRole ? 1 : 0]
  })
  return JSON.stringify(rows)
}

function recordsIn(rows: readonly RecordRow[]): readonly AccessRecord[] {
  return rows.map(recordOf)
}

/** The record in a row. */
export function recordOf({ record, had_role }: RecordRow): AccessRecord {
  const read = JSON.parse(record) as AccessRecord
  return had_role === 1 ? { ...read, hadRole: true } : read
}
