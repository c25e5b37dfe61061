import { ConfigurationError, storeErrorKind, UnavailableError } from '../../lib/adapter/index.js'
import { postgresDialect } from './dialects/postgres.js'
import { sqliteDialect } from './dialects/sqlite.js'

/**
 * Runs what opens a database and makes its tables. Failures name the file or the server, and never
 * a password.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE` when trying again would not help
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

/** Where a database is. */
export interface DatabasePlace {
  /** For messages: the file, or the server and the database's name. */
  readonly name: string
  readonly dialect: typeof sqliteDialect
}

/** The place of an SQLite file. */
export function filePlace(path: string): DatabasePlace {
  return { name: `The SQLite database "${path}"`, dialect: sqliteDialect }
}

/** The place of a PostgreSQL database, without the credentials in its address. */
export function serverPlace(url: string): DatabasePlace {
  const { host, pathname } = new URL(url)
  const name = decodeURIComponent(pathname.slice(1))
  return {
    name: `The PostgreSQL database "${name}" at ${host || 'the local socket'}`,
    dialect: postgresDialect,
  }
}

/** The innermost message: drivers and this adapter wrap what happened. */
function reasonOf(error: unknown): string {
  const { cause, errors, message, code } = error as {
    readonly cause?: unknown
    readonly errors?: readonly unknown[]
    readonly message?: unknown
    readonly code?: unknown
  }
  if (typeof cause === 'object' && cause !== null) return reasonOf(cause)
  // A host name with several addresses fails once for each.
  if (Array.isArray(errors) && errors.length > 0) return reasonOf(errors[0])
  return String(message || code || error).replace(/\.$/, '')
}
