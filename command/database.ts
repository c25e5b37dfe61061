import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import { UsageError } from './command.js'
import type { Environment } from './variables.js'

const defaultUrl = 'sqlite:data/scim.db'

/** The address of the database. */
export function databaseUrl({ DATABASE_URL }: Environment): string {
  return DATABASE_URL || defaultUrl
}

/** An address that is safe to show: without credentials, which its parameters may be, too. */
export function shownDatabase(url: string): string {
  if (url.startsWith('sqlite:')) return url
  return url.replace(/\/\/[^/]*@/, '//…@').replace(/\?.*/s, '?…')
}

/** The SQLite file, not there or empty, in which opening this address would create a database. */
export function newFile(url: string): string | undefined {
  const [, file] = /^sqlite:(?:\/\/)?(.+)$/.exec(url) ?? []
  if (file === undefined || file === ':memory:') return undefined
  return existsSync(file) && statSync(file).size > 0 ? undefined : path.resolve(file)
}

/**
 * Opens a database that exists.
 *
 * @throws UsageError if it does not exist or cannot be used
 */
export async function openExisting(url: string): Promise<SqlAdapters> {
  const file = newFile(url)
  if (file === undefined) return openDatabase(url)
  throw new UsageError(
    `DATABASE_URL: there is no database in ${file}. "label-studio-scim migrate" creates a new one.`,
  )
}

/**
 * Opens the database; a new one is created.
 *
 * @throws UsageError saying why it cannot be used
 */
export async function openDatabase(url: string): Promise<SqlAdapters> {
  const { sqlAdapters } = await import('label-studio-scim/adapters/sql')
  try {
    return await sqlAdapters({ url })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // The variable is not to blame for a missing package, nor for what it is without a value.
    const isBlameless = code === 'ERR_SCIM_NO_DRIVER' || url === defaultUrl
    const complaint = isBlameless ? message : `DATABASE_URL cannot be used: ${message}`
    throw new UsageError(complaint, { cause: error })
  }
}
