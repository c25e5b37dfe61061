import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import { UsageError } from './command.js'
import type { Environment } from './variables.js'

/** The address of the database. */
export function databaseUrl({ DATABASE_URL }: Environment): string {
  return DATABASE_URL || 'sqlite:data/scim.db'
}

/** An address that is safe to show: without user name and password. */
export function shownDatabase(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@')
}

/**
 * Opens the database.
 *
 * @throws UsageError saying why it cannot be used
 */
export async function openDatabase(url: string): Promise<SqlAdapters> {
  const { sqlAdapters } = await import('label-studio-scim/adapters/sql')
  try {
    return await sqlAdapters({ url })
  } catch (error) {
    throw new UsageError(`DATABASE_URL cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
