import type pg from 'pg'

/** How many connections to this database wait for a lock, which `client` may hold. */
export async function waiting(client: pg.Client): Promise<number> {
  // PostgreSQL keeps the answer until the end of a transaction.
  await client.query('select pg_stat_clear_snapshot()')
  const { rows } = await client.query(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0].count
}

/** Resolves once so many wait. Fails by the time limit of the test. */
export async function untilWaiting(client: pg.Client, count = 1): Promise<void> {
  while ((await waiting(client)) < count);
}
