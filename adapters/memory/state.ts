import type {
  AccessRecord,
  Alongside,
  Scope,
  StoredAuditEntry,
  VersionedRules,
} from '../../lib/stores/index.js'
import { createMemberships, type Memberships } from './memberships.js'
import { createPending, type Pending } from './pending.js'
import { createTable, type Table } from './table.js'

/** Everything of one tenant. */
export interface TenantState {
  /** The resources of a type. */
  table(resourceType: string): Table
  readonly memberships: Memberships
  readonly records: Map<string, AccessRecord>
  /** User id by account id. */
  readonly accounts: Map<string, string>
  readonly values: Map<string, string>
  readonly audit: StoredAuditEntry[]
  rules: VersionedRules
}

/** The state of one set of stores. All steps are synchronous: each is atomic, and nothing waits for anything. */
export interface State {
  readonly now: () => number
  readonly pending: Pending
  of(scope: Scope): TenantState
  /** Carries out a write, which throws before it changes anything or not at all, with what belongs to it. */
  write<T>(scope: Scope, alongside: Alongside | undefined, change: () => T): T
}

const noRules: VersionedRules = {
  rules: { roles_groups: [], workspaces_groups: [], projects_groups: [] },
  version: '0',
}

export function createState(now: () => number): State {
  const tenants = new Map<string, TenantState>()
  const pending = createPending(now)

  const of = ({ tenant: name }: Scope) => {
    const known = tenants.get(name)
    if (known) return known
    const tenant = createTenant()
    tenants.set(name, tenant)
    return tenant
  }

  return {
    now,
    pending,
    of,
    write(scope, alongside, change) {
      const tenant = of(scope)
      const ids = alongside?.pending ?? []
      const groupsBefore = ids.filter((id) => isGroup(tenant, id))
      const before = usersIn(tenant, groupsBefore)
      const result = change()
      const groupsAfter = ids.filter((id) => isGroup(tenant, id))
      const groups = new Set([...groupsBefore, ...groupsAfter])
      const others = ids.filter((id) => !groups.has(id))
      pending.mark(scope.tenant, new Set([...others, ...before, ...usersIn(tenant, groupsAfter)]))
      for (const entry of alongside?.audit ?? []) {
        tenant.audit.push({ ...entry, sequence: tenant.audit.length + 1 })
      }
      return result
    },
  }
}

function createTenant(): TenantState {
  const tables = new Map<string, Table>()
  return {
    table(resourceType) {
      const table = tables.get(resourceType) ?? createTable()
      tables.set(resourceType, table)
      return table
    },
    memberships: createMemberships(),
    records: new Map(),
    accounts: new Map(),
    values: new Map(),
    audit: [],
    rules: noRules,
  }
}

function isGroup(tenant: TenantState, id: string): boolean {
  return tenant.table('Group').get(id) !== undefined
}

/** Everybody in these groups, directly or through other groups. */
export function usersIn(tenant: TenantState, groupIds: readonly string[]): ReadonlySet<string> {
  const users = new Set<string>()
  for (const groupId of groupIds) {
    for (const id of tenant.memberships.everythingIn(groupId)) {
      if (!isGroup(tenant, id)) users.add(id)
    }
  }
  return users
}
