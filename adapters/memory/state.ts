import {
  type AccessRecord,
  type AuditEntry,
  type LedgerChange,
  type LedgerEntry,
  type Outbox,
  type RefusalCount,
  type Scope,
  UniquenessError,
  type VersionedRules,
} from '../../lib/adapter/index.js'
import { createMemberships, type Memberships } from './memberships.js'
import type { PassedOverEntry } from './passed-over.js'
import { createPending, type Pending } from './pending.js'
import { createTable, type Table } from './table.js'
import type { Tokens } from './tokens.js'
import { createWorkspaces, type WorkspaceState } from './workspaces.js'

/** An audit log. The first of its entries has the sequence number `dropped + 1`. */
export interface AuditLog {
  readonly entries: AuditEntry[]
  /** How many older entries were dropped. */
  dropped: number
}

/** The data of one tenant. */
export interface TenantState {
  /** The resources of a type. */
  table(resourceType: string): Table
  readonly memberships: Memberships
  readonly records: Map<string, AccessRecord>
  /** User id by account id. */
  readonly accounts: Map<string, string>
  readonly values: Map<string, string>
  /** By kind and name; last seen last. */
  readonly passedOver: Map<string, PassedOverEntry>
  /** By person, method and path; last seen last. */
  readonly refusals: Map<string, RefusalCount>
  /** By token; the time of the last use. */
  readonly tokenUses: Map<string, string>
  readonly workspaces: WorkspaceState
  readonly audit: AuditLog
  rules: VersionedRules
  /** How many users and groups were deleted. */
  deletions: number
}

/** The state of one set of stores. All steps are synchronous, so each is atomic. */
export interface State {
  readonly now: () => number
  readonly pending: Pending
  /** Tokens of all tenants, because they are found by digest alone. */
  readonly tokens: Tokens
  of(scope: Pick<Scope, 'tenant'>): TenantState
  tenants(): Iterable<TenantState>
  /**
   * Carries out a write together with its outbox. The write must throw before it changes anything,
   * or not at all.
   */
  write<T>(scope: Scope, outbox: Outbox | undefined, change: () => T): T
}

/**
 * The minimum number of audit entries kept per tenant; older ones are dropped, so that memory does
 * not grow forever.
 */
const auditEntries = 10_000

/** The most people marked in one step. */
const manyUsers = 1_000

const noRules: VersionedRules = {
  rules: { roles_groups: [], workspaces_groups: [], projects_groups: [] },
  version: '0',
}

export function createState(now: () => number): State {
  const tenants = new Map<string, TenantState>()
  const pending = createPending(now)

  const of = ({ tenant: name }: Pick<Scope, 'tenant'>) => {
    const known = tenants.get(name)
    if (known) return known
    const tenant = createTenant()
    tenants.set(name, tenant)
    return tenant
  }

  const mark = (tenant: string, userIds: readonly string[]) => {
    if (userIds.length > manyUsers) pending.fanOuts.add(tenant, userIds)
    else if (userIds.length > 0) pending.mark(tenant, new Set(userIds))
  }

  return {
    now,
    pending,
    tokens: new Map(),
    of,
    tenants: () => tenants.values(),
    write(scope, outbox, change) {
      const tenant = of(scope)
      const ids = outbox?.pending ?? []
      const groupsAmong = () => ids.filter((id) => isGroup(tenant, id))
      const groups = new Set(groupsAmong())
      const users = new Set<string>()
      addUsersIn(tenant, groups, users)
      const result = change()
      for (const id of groupsAmong()) groups.add(id)
      addUsersIn(tenant, groups, users)
      const due = groups.size === 0 ? ids : [...users, ...ids.filter((id) => !groups.has(id))]
      const ledger = outbox?.ledger
      const entry = ledger && pending.unmark(scope.tenant, ledger.userId) && keep(tenant, ledger)
      mark(scope.tenant, entry ? due.filter((id) => id !== ledger.userId) : due)
      appendTo(tenant.audit, outbox?.audit ?? [])
      if (entry) appendTo(tenant.audit, entry.audit)
      if (entry) ledger.done(entry)
      return result
    },
  }
}

function keep(tenant: TenantState, { userId, next }: LedgerChange): LedgerEntry {
  const entry = next(tenant.records.get(userId))
  if (entry.record) saveRecord(tenant, entry.record)
  return entry
}

/**
 * Stores a record.
 *
 * @throws UniquenessError when another user is linked to the same account
 */
export function saveRecord({ records, accounts }: TenantState, record: AccessRecord): void {
  const { account, userId } = record
  const linked = account && accounts.get(account.id)
  if (linked !== undefined && linked !== userId) throw new UniquenessError('account')
  const before = records.get(userId)
  if (before?.account) accounts.delete(before.account.id)
  if (account) accounts.set(account.id, userId)
  records.set(userId, before?.hadRole ? { ...record, hadRole: true } : record)
}

function appendTo(log: AuditLog, added: readonly AuditEntry[]): void {
  const { entries } = log
  for (const entry of added) entries.push(entry)
  // Not with each entry, because moving the others takes time.
  if (entries.length < 2 * auditEntries) return
  const excess = entries.length - auditEntries
  entries.splice(0, excess)
  log.dropped += excess
}

function createTenant(): TenantState {
  const tables = new Map<string, Table>()
  return {
    table(resourceType) {
      const known = tables.get(resourceType)
      if (known) return known
      const table = createTable()
      tables.set(resourceType, table)
      return table
    },
    memberships: createMemberships(),
    records: new Map(),
    accounts: new Map(),
    values: new Map(),
    passedOver: new Map(),
    refusals: new Map(),
    tokenUses: new Map(),
    workspaces: createWorkspaces(),
    audit: { entries: [], dropped: 0 },
    rules: noRules,
    deletions: 0,
  }
}

function isGroup(tenant: TenantState, id: string): boolean {
  return tenant.table('Group').get(id) !== undefined
}

/** Everybody in these groups, directly or through other groups. */
export function usersIn(tenant: TenantState, groupIds: Iterable<string>): ReadonlySet<string> {
  const users = new Set<string>()
  addUsersIn(tenant, groupIds, users)
  return users
}

function addUsersIn(tenant: TenantState, groupIds: Iterable<string>, users: Set<string>): void {
  for (const groupId of groupIds) {
    for (const id of tenant.memberships.everythingIn(groupId)) {
      if (!isGroup(tenant, id)) users.add(id)
    }
  }
}
