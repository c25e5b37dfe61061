import type { Kysely } from 'kysely'
import { openPostgres } from '../../adapters/sql/dialects/postgres-open.js'
import { kyselyOn } from '../support/kysely.js'

/** Works on one connection that is set up as the adapter's are. */
export async function withConnection<T>(
  url: string,
  work: (kysely: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  const kysely = kyselyOn(await openPostgres(url, { poolSize: 1, timeoutMs: 60_000 }))
  try {
    return await kysely.connection().execute(work)
  } finally {
    await kysely.destroy()
  }
}
