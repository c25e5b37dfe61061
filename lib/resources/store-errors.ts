import { forbidden, invalidValue, ScimError, unavailable, uniquenessConflict } from '../errors.js'
import {
  type RefusedError,
  storeErrorKind,
  type UnavailableError,
  type UniquenessError,
  type UnknownReferenceError,
} from '../stores/errors.js'

const maxListedIds = 20

/**
 * What the client is told about an error from a store: a `ScimError`, or `undefined` when the error
 * is none that stores may throw (then it is a 500 that reveals nothing).
 */
export function toScimError(error: unknown): ScimError | undefined {
  if (isScimError(error)) return error
  switch (storeErrorKind(error)) {
    case 'uniqueness':
      return uniquenessConflict((error as UniquenessError).attribute)
    case 'unknownReference':
      return unknownMembers((error as UnknownReferenceError).ids)
    case 'unavailable':
      return unavailableNow(error as UnavailableError)
    case 'refused':
      return refused(error as RefusedError)
    case 'versionMismatch':
      return writeRace()
    default:
      return undefined
  }
}

/**
 * The host will never do it: nothing may have changed. After any other failure the change is kept
 * and goes on.
 */
export function isRefusal(error: unknown): boolean {
  const status = toScimError(error)?.status
  return status !== undefined && status < 500
}

/** 400 that lists the ids that name no resource of this tenant. */
export function unknownMembers(ids: readonly string[]): ScimError {
  const listed = ids.slice(0, maxListedIds).map((id) => JSON.stringify(id.slice(0, 100)))
  const more = ids.length > listed.length ? ` and ${ids.length - listed.length} more` : ''
  return invalidValue(
    `Attribute "members" names resources that do not exist: ${listed}${more}. ` +
      'Provision people before the groups they are in.',
  )
}

/**
 * Other writes came first again and again; nothing of this request was stored. Not 409, which
 * identity providers take for a resource that exists already.
 */
export function writeRace(): ScimError {
  return unavailable('Other changes of the resource came first. Send the request again.', 1)
}

/** The cause goes with it, for whoever operates the service; the client is told nothing of it. */
function unavailableNow(cause: UnavailableError): ScimError {
  const answer = unavailable(
    'The service provider cannot do this now. Try again later.',
    cause.retryAfterSeconds,
  )
  answer.cause = cause
  return answer
}

function refused({ status, message, scimType }: RefusedError): ScimError {
  if (status === 403) return forbidden(message)
  const said = scimType ?? (status === 400 ? 'invalidValue' : undefined)
  return new ScimError(status, message, said && { scimType: said })
}

function isScimError(error: unknown): error is ScimError {
  return (
    error instanceof ScimError ||
    (error instanceof Error && 'code' in error && error.code === 'ERR_SCIM_REQUEST')
  )
}
