import type { Session } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { sql } from './sql.js'

/**
 * How many resources of each type a tenant has: the sum over the slots. Triggers count, so that the
 * counts are right with instances of any version.
 */
export function countTable({ textType: text, keyTable, countingTriggers }: SqlDialect) {
  return [
    sql`create table scim_counts (
      tenant ${text} not null,
      resource_type ${text} not null,
      slot integer not null,
      count bigint not null,
      primary key (tenant, resource_type, slot)) ${keyTable}`,
    ...countingTriggers,
    sql`insert into scim_counts (tenant, resource_type, slot, count)
      select tenant, resource_type, -1, count(*) from scim_resources
      group by tenant, resource_type`,
  ]
}

/** How many resources were created and deleted: tells whether a place in a list is the same. */
export function changesColumn({ lockCounted, countingChanges }: SqlDialect) {
  return [
    ...lockCounted,
    sql`alter table scim_counts add column changes bigint not null default 0`,
    ...countingChanges,
  ]
}

/** Whether changes of resources are counted as this version counts them. */
export async function isCounting({ dialect, all }: Session): Promise<boolean> {
  if (dialect.counting === undefined) return true
  const [row] = await all(dialect.counting.isThere)
  return row?.there === true
}

/**
 * Makes the triggers again and counts everything, if changes are not counted: a backup of only the
 * tables does not contain the function of the triggers. Returns whether that was necessary.
 */
export async function restoreCounting(session: Session): Promise<boolean> {
  const { counting } = session.dialect
  if (counting === undefined || (await isCounting(session))) return false
  const recount = [
    // Places in lists that clients know are those of the wrong counts.
    sql`update scim_counts set count = 0, changes = changes + 1`,
    sql`insert into scim_counts (tenant, resource_type, slot, count)
      select tenant, resource_type, -1, count(*) from scim_resources
      group by tenant, resource_type
      on conflict (tenant, resource_type, slot) do update set count = excluded.count`,
  ]
  for (const statement of [...counting.again, ...recount]) await session.all(statement)
  return true
}
