import {
  type AuditEntry,
  maxTokenUses,
  type Scope,
  type StoredToken,
  type TokenStore,
  type TokenUse,
  UniquenessError,
} from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import { type Database, type Session, statement } from './database.js'
import { isStorable, sql } from './sql.js'

interface InTenant {
  readonly tenant: string
}

interface Row {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly digest: string
  readonly created_at: string
  readonly created_by: string
  readonly expires_at: string | null
  readonly replaced_by: string | null
}

const columns = sql`tenant, id, name, digest, created_at, created_by, expires_at, replaced_by`

const selectByDigest = statement<{ readonly digest: string }, Row>(
  (value) => sql`select ${columns} from scim_tokens where digest = ${value('digest')}`,
)

const selectAll = statement<InTenant, Row>(
  (value) => sql`
    select ${columns} from scim_tokens where tenant = ${value('tenant')}
    order by created_at, id`,
)

const insertToken = statement<Row>(
  (value) => sql`
    insert into scim_tokens (${columns})
    values (${value('tenant')}, ${value('id')}, ${value('name')}, ${value('digest')},
      ${value('created_at')}, ${value('created_by')}, ${value('expires_at')},
      ${value('replaced_by')})
    on conflict do nothing`,
)

const updateToken = statement<
  Pick<Row, 'tenant' | 'id' | 'expires_at' | 'replaced_by'> & {
    readonly name: string | null
  }
>(
  (value) => sql`
    update scim_tokens set name = coalesce(${value('name')}, name),
      expires_at = coalesce(${value('expires_at')}, expires_at),
      replaced_by = coalesce(${value('replaced_by')}, replaced_by)
    where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const deleteToken = statement<InTenant & { readonly id: string }>(
  (value) => sql`
    delete from scim_tokens where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const noteUse = statement<InTenant & TokenUse>(
  (value) => sql`
    insert into scim_token_uses (tenant, token, last_at)
    values (${value('tenant')}, ${value('token')}, ${value('at')})
    on conflict (tenant, token) do update set last_at = excluded.last_at
      where scim_token_uses.last_at < excluded.last_at`,
)

const removeUsesBeyond = statement<InTenant & { readonly kept: number }>(
  (value) => sql`
    delete from scim_token_uses
    where tenant = ${value('tenant')} and token in (
      select token from scim_token_uses where tenant = ${value('tenant')}
      order by last_at desc, token desc limit 1000000 offset ${value('kept')})`,
)

const selectUses = statement<InTenant, TokenUse>(
  (value) => sql`
    select token, last_at as at from scim_token_uses where tenant = ${value('tenant')}
    order by last_at desc, token desc`,
)

/** Bearer tokens, shared by all instances that use the database. */
export function sqlTokenStore(database: Database): TokenStore {
  return {
    async find(digest) {
      const [row] = await database.prepared(selectByDigest, { digest })
      return row && { ...tokenOf(row), tenant: row.tenant }
    },
    async list({ tenant }) {
      return (await database.prepared(selectAll, { tenant })).map(tokenOf)
    },
    async create(scope, token, audit = []) {
      const made = await changeWith(database, { scope, audit }, (session) =>
        session.change(insertToken, rowOf(scope, token)),
      )
      if (!made) throw new UniquenessError('id')
    },
    async change(scope, { id, name, expiresAt, replacedBy }, audit = []) {
      if (!isStorable(id)) return false
      const row = { id, name: name ?? null, expires_at: expiresAt ?? null }
      const change = { tenant: scope.tenant, ...row, replaced_by: replacedBy ?? null }
      return changeWith(database, { scope, audit }, (session) =>
        session.change(updateToken, change),
      )
    },
    async delete(scope, id, audit = []) {
      if (!isStorable(id)) return false
      return changeWith(database, { scope, audit }, (session) =>
        session.change(deleteToken, { tenant: scope.tenant, id }),
      )
    },
    async noteUse(scope, use) {
      if (!isStorable(use.token)) return
      const { tenant } = scope
      await database.transaction(async (session) => {
        await session.change(noteUse, { tenant, ...use })
        await session.change(removeUsesBeyond, { tenant, kept: maxTokenUses })
      }, scope)
    },
    listUses: ({ tenant }) => database.prepared(selectUses, { tenant }),
  }
}

interface Change {
  readonly scope: Scope
  readonly audit: readonly AuditEntry[]
}

/** Runs a change; it is logged only if it changed anything. */
function changeWith(
  database: Database,
  { scope, audit }: Change,
  work: (session: Session) => Promise<number>,
): Promise<boolean> {
  return database.transaction(async (session) => {
    const hasChanged = (await work(session)) > 0
    if (hasChanged) await appendAudit(session, scope.tenant, audit)
    return hasChanged
  }, scope)
}

function tokenOf(row: Row): StoredToken {
  const { id, name, digest, created_at: createdAt, created_by: createdBy } = row
  const { expires_at: expiresAt, replaced_by: replacedBy } = row
  const ends = { ...(expiresAt && { expiresAt }), ...(replacedBy && { replacedBy }) }
  return { id, name, digest, createdAt, createdBy, ...ends }
}

function rowOf({ tenant }: Scope, token: StoredToken): Row {
  const { id, name, digest, createdAt, createdBy, expiresAt, replacedBy } = token
  return {
    ...{ tenant, id, name, digest },
    created_at: createdAt,
    created_by: createdBy,
    expires_at: expiresAt ?? null,
    replaced_by: replacedBy ?? null,
  }
}
