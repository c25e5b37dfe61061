import { ConfigurationError, storeErrorKind, UnavailableError } from '../../lib/adapter/index.js'
import { postgresDialect } from './dialects/postgres.js'
import { sqliteDialect } from './dialects/sqlite.js'

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
