import fs from 'node:fs'
import path from 'node:path'
import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import { UsageError } from './command.js'
import { needing } from './needing.js'
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
 * Opens the database, and makes the folder of an SQLite file.
 *
 * @throws UsageError saying why it cannot be used
 */
export async function openDatabase(url: string): Promise<SqlAdapters> {
  const file = /^sqlite:(?!:memory:)(.+)$/.exec(url)?.[1]
  if (file !== undefined) fs.mkdirSync(path.dirname(file), { recursive: true })
  const { sqlAdapters } = await needing('kysely', () => import('label-studio-scim/adapters/sql'))
  try {
    return await sqlAdapters({ url })
  } catch (error) {
    throw new UsageError(`DATABASE_URL cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
