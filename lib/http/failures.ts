import createDebug from 'debug'
import { ScimError } from '../errors.js'
import { unexpectedFailure } from '../protocol/error-body.js'
import { toScimError } from '../resources/store-errors.js'
import { challenge } from './challenge.js'

/**
 * Which request failed, without anything a log should not have: no query string, no header, no
 * body.
 */
export interface FailureReport {
  readonly requestId: string
  readonly method: string
  /** Path below the mount path. */
  readonly path: string
  /** Empty when the request failed before its tenant was known. */
  readonly tenant: string
}

const debug = createDebug('label-studio-scim:error')

/**
 * What the client is told about whatever was thrown. Anything but a `ScimError` and the errors
 * stores may throw is 500 with a fixed detail: the request id leads whoever operates the service to
 * the original.
 */
export function toAnswer(error: unknown, requestId: string): ScimError {
  const known = toScimError(error)
  if (known === undefined) return unexpectedFailure(requestId)
  const isUnchallenged = known.status === 401 && !hasHeader(known, 'www-authenticate')
  if (!isUnchallenged) return known
  const headers = { ...known.headers, 'WWW-Authenticate': challenge() }
  return new ScimError(401, known.message, { headers })
}

/** What happens to an unexpected error when the host has no `onError`. */
export function logFailure(error: unknown, report: FailureReport): void {
  debug('%s %s %s: %O', report.requestId, report.method, report.path, error)
}

function hasHeader({ headers }: ScimError, name: string): boolean {
  return Object.keys(headers).some((each) => each.toLowerCase() === name)
}
