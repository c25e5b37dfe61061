import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
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
