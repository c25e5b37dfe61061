import type { SqlDialect } from './dialects/dialect.js'
import { sql } from './sql.js'

/**
 * SQLite assumes ten rows per tenant, and then reads all of them where an index would find one.
 * These are the numbers of a large tenant: rows of the table, then rows that agree in the first
 * column of the index, in the first two, …
 */
const rowsPerPrefix: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  scim_resources: {
    sqlite_autoindex_scim_resources_1: [1_000_000, 100_000, 1],
    scim_resources_listing: [1_000_000, 100_000, 50_000, 10, 1],
  },
  scim_lookups: {
    scim_lookups: [4_000_000, 400_000, 4, 2, 1],
    scim_lookups_key: [4_000_000, 400_000, 200_000, 100_000, 2, 1],
    scim_lookups_unique: [1_000_000, 100_000, 100_000, 100_000, 1],
  },
  scim_members: {
    scim_members: [10_000_000, 1_000_000, 1000, 1],
    scim_members_member: [10_000_000, 1_000_000, 10, 1],
    scim_members_nested: [10_000, 1000, 10, 1],
  },
  scim_pending: {
    sqlite_autoindex_scim_pending_1: [100_000, 10_000, 1],
    scim_pending_due: [100_000, 50_000, 100],
    scim_pending_since: [100_000, 10_000, 100, 1],
  },
  scim_records: {
    sqlite_autoindex_scim_records_1: [1_000_000, 100_000, 1],
    scim_records_account: [1_000_000, 100_000, 1],
    scim_records_email: [1_000_000, 100_000, 2],
    scim_records_account_email: [1_000_000, 100_000, 2],
  },
  scim_audit: {
    scim_audit_tenant: [10_000_000, 1_000_000, 1],
    scim_audit_event: [10_000_000, 1_000_000, 100_000, 1],
    scim_audit_target: [10_000_000, 1_000_000, 20, 1],
  },
}

/** Tells the planner of SQLite these numbers; PostgreSQL finds them out. */
export function plannerFacts({ planFor }: SqlDialect) {
  if (planFor === undefined) return []
  const facts = Object.entries(rowsPerPrefix).flatMap(([table, indexes]) =>
    Object.entries(indexes).map(([index, rows]) => planFor(table, index, rows)),
  )
  // Creates the statistics table, and afterwards makes this connection read it.
  return [sql`analyze`, sql`delete from sqlite_stat1`, ...facts, sql`analyze sqlite_schema`]
}
