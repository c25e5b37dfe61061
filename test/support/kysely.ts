import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Connection, SqlClient } from '../../adapters/sql/dialects/dialect.js'

/** Kysely on a client that writes, set up as the adapter's are. */
export function kyselyOn(connection: Connection): Kysely<unknown> {
  const isSqlite = connection.dialect.name === 'sqlite'
  return new Kysely<unknown>({
    dialect: {
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => driverOf(connection),
      createIntrospector: (kysely) =>
        isSqlite ? new SqliteIntrospector(kysely) : new PostgresIntrospector(kysely),
      createQueryCompiler: () =>
        isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
  })
}

const rowsAtOnce = 1_000

/**
 * Inserts rows with the numbers from 1 to `count`, a thousand in each transaction: on PostgreSQL
 * each counted row changes the same row of counts, and what its old versions cost grows with the
 * square of the rows of one transaction.
 */
export async function insertNumbered(
  kysely: Kysely<unknown>,
  count: number,
  statement: (numbers: Sql) => Sql,
): Promise<void> {
  for (let from = 1; from <= count; from += rowsAtOnce) {
    const to = Math.min(count, from + rowsAtOnce - 1)
    const numbers = sql`(
      with recursive counted(n) as (
        select ${sql.lit(from)} union all select n + 1 from counted where n < ${sql.lit(to)})
      select n from counted) as numbers`
    await statement(numbers).execute(kysely)
  }
}

type Sql = RawBuilder<unknown>

interface Lent extends DatabaseConnection {
  readonly client: SqlClient
}

function driverOf({ writer, dialect, close }: Connection): Driver {
  const command = (text: string) => async (lent: DatabaseConnection) => {
    await lent.executeQuery(CompiledQuery.raw(text))
  }
  return {
    async init() {},
    async acquireConnection(): Promise<Lent> {
      const client = await writer.take()
      return {
        client,
        async executeQuery({ sql, parameters }) {
          const { rows, count } = await client.run(sql, parameters)
          return { rows: rows as never[], numAffectedRows: BigInt(count) }
        },
        // biome-ignore lint/correctness/useYield: nothing here streams
        async *streamQuery() {
          throw new Error('Streaming is not used.')
        },
      }
    },
    releaseConnection: async (lent) => (lent as Lent).client.release(),
    beginTransaction: command(dialect.begin),
    commitTransaction: command('commit'),
    rollbackTransaction: command('rollback'),
    destroy: close,
  }
}
