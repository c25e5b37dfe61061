import createDebug from 'debug'
import { ScimError } from '../errors.js'
import { unexpectedFailure } from '../protocol/error-body.js'
import { toScimError } from '../resources/store-errors.js'
import { challenge } from './challenge.js'

/**
 * Describes a failed request without anything that must not be logged: no query string, no headers,
 * no body.
 */
export interface FailureReport {
  readonly requestId: string
  readonly method: string
  /** Path below the mount path. */
  readonly path: string
  /** Empty if the request failed before its tenant was known. */
  readonly tenant: string
}

const debug = createDebug('label-studio-scim:error')

/**
 * The error to send to the client. Anything but a `ScimError` or a store error becomes a 500 with a
 * fixed detail; operators find the original error by its request id.
 */
export function toAnswer(error: unknown, requestId: string): ScimError {
  const known = toScimError(error)
  if (known === undefined) return unexpectedFailure(requestId)
  const isUnchallenged = known.status === 401 && !hasHeader(known, 'www-authenticate')
  if (!isUnchallenged) return known
  const headers = { ...known.headers, 'WWW-Authenticate': challenge() }
  return new ScimError(401, known.message, { headers })
}

/** Logs an unexpected error if the host has no `onError`. */
export function logFailure(error: unknown, report: FailureReport): void {
  debug('%s %s %s: %O', report.requestId, report.method, report.path, error)
}

function hasHeader({ headers }: ScimError, name: string): boolean {
  return Object.keys(headers).some((each) => each.toLowerCase() === name)
}
