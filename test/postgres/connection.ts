import { Kysely } from 'kysely'
import { openPostgres } from '../../adapters/sql/dialects/postgres-open.js'

/** Works on one connection that is set up as the adapter's are. */
export async function withConnection<T>(
  url: string,
  work: (kysely: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  const { writer } = await openPostgres(url, { poolSize: 1, timeoutMs: 60_000 })
  const kysely = new Kysely<unknown>({ dialect: writer })
  try {
    return await kysely.connection().execute(work)
  } finally {
    await kysely.destroy()
  }
}
