import { createDatabase, type Database } from '../../adapters/sql/database.js'
import { openPostgres } from '../../adapters/sql/dialects/postgres-open.js'
import { openSqlite } from '../../adapters/sql/dialects/sqlite-open.js'
import { type Sql, sql } from '../../adapters/sql/sql.js'

const timeoutMs = 60_000

/** A database on one connection that is set up as the adapter's are and may write. */
export async function openDirectly(url: string): Promise<Database> {
  const connection = url.startsWith('sqlite:')
    ? await openSqlite(url.slice('sqlite:'.length), timeoutMs)
    : await openPostgres(url, { poolSize: 1, timeoutMs })
  return createDatabase({ ...connection, reader: connection.writer })
}

const rowsAtOnce = 1_000

/**
 * Inserts rows with the numbers from 1 to `count`, a thousand in each transaction: on PostgreSQL
 * each counted row changes the same row of counts, and what its old versions cost grows with the
 * square of the rows of one transaction.
 */
export async function insertNumbered(
  database: Database,
  count: number,
  statement: (numbers: Sql) => Sql,
): Promise<void> {
  for (let from = 1; from <= count; from += rowsAtOnce) {
    const to = Math.min(count, from + rowsAtOnce - 1)
    const numbers = sql.raw(`(
      with recursive counted(n) as (
        select ${from} union all select n + 1 from counted where n < ${to})
      select n from counted) as numbers`)
    await database.all(statement(numbers))
  }
}
