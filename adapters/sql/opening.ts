import { ConfigurationError, storeErrorKind, UnavailableError } from '../../lib/adapter/index.js'
import type { Database } from './database.js'
import { postgresDialect } from './dialects/postgres.js'
import { sqliteDialect } from './dialects/sqlite.js'
import { sql } from './sql.js'

/**
 * Opens a database and creates its tables. Failures name the file or server, never a password.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE` when a retry would not help
 * @throws UnavailableError when the database does not answer
 */
export async function opening<T>(place: DatabasePlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const isUnavailable =
      storeErrorKind(error) === 'unavailable' || place.dialect.failureKind(error) === 'unavailable'
    const state = isUnavailable ? 'reached' : 'used'
    const message = `${place.name} cannot be ${state}: ${reasonOf(error)}.`
    if (isUnavailable) throw new UnavailableError(message, { cause: error })
    throw new ConfigurationError('ERR_SCIM_DATABASE', message, { cause: error })
  }
}

/** Whether an encoding can hold every name. SQL_ASCII stores any bytes as they come. */
export function holdsEveryName(encoding: string): boolean {
  return /^(UTF|SQL_ASCII)/.test(encoding)
}

/**
 * Refuses a database that cannot store every name.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE`
 */
export async function refuseEncoding(database: Database): Promise<void> {
  if (database.dialect.name === 'sqlite') return
  const query = sql<{ name: string; encoding: string }>`
    select current_database() as name, current_setting('server_encoding') as encoding`
  const [row] = await database.all(query)
  if (row === undefined || holdsEveryName(row.encoding)) return
  throw new ConfigurationError(
    'ERR_SCIM_DATABASE',
    `The PostgreSQL database "${row.name}" has the encoding ${row.encoding}, which has no place ` +
      'for the names of many people. Use a database with the encoding UTF8: create database ' +
      "scim encoding 'UTF8' template template0.",
  )
}

/** The location of a database. */
export interface DatabasePlace {
  /** Name for messages: the file, or the server and the database. */
  readonly name: string
  readonly dialect: typeof sqliteDialect
}

/** The location of an SQLite file. */
export function filePlace(path: string): DatabasePlace {
  return { name: `The SQLite database "${path}"`, dialect: sqliteDialect }
}

/** The location of a PostgreSQL database, without the credentials in its address. */
export function serverPlace(url: string): DatabasePlace {
  const { host, pathname } = new URL(url)
  const name = decodeURIComponent(pathname.slice(1))
  return {
    name: `The PostgreSQL database "${name}" at ${host || 'the local socket'}`,
    dialect: postgresDialect,
  }
}

/** The innermost message, because drivers and this adapter wrap errors. */
export function reasonOf(error: unknown): string {
  const { cause, errors, message, code } = error as {
    readonly cause?: unknown
    readonly errors?: readonly unknown[]
    readonly message?: unknown
    readonly code?: unknown
  }
  if (typeof cause === 'object' && cause !== null) return reasonOf(cause)
  // A host name with several addresses has one failure per address.
  if (Array.isArray(errors) && errors.length > 0) return reasonOf(errors[0])
  return String(message || code || error).replace(/\.$/, '')
}
