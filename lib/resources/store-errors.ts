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
 * The `ScimError` for an error from a store; `undefined` if it is not a store error (then the
 * answer is a 500 that reveals nothing).
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

/** The sentences for the log: the answer's, and why a store cannot answer now. */
export function sentenceForLog({ message, cause }: ScimError): string {
  return [message, ...reasonsIn(cause)].join(' ')
}

function reasonsIn(cause: unknown): readonly string[] {
  if (storeErrorKind(cause) !== 'unavailable') return []
  const { message, cause: deeper } = cause as UnavailableError
  return [message, ...reasonsIn(deeper)]
}

/**
 * Whether the host refuses for good, so that nothing may change. After any other failure the change
 * is kept and retried.
 */
export function isRefusal(error: unknown): boolean {
  const status = toScimError(error)?.status
  return status !== undefined && status < 500
}

/** 400 that lists the ids which name no resource of this tenant. */
export function unknownMembers(ids: readonly string[]): ScimError {
  const listed = ids.slice(0, maxListedIds).map((id) => JSON.stringify(id.slice(0, 100)))
  const more = ids.length > listed.length ? ` and ${ids.length - listed.length} more` : ''
  return invalidValue(
    `Attribute "members" names resources that do not exist: ${listed}${more}. ` +
      'Provision people before their groups.',
  )
}

/**
 * Other writes repeatedly came first, and nothing was stored. Not 409, because identity providers
 * read that as an existing resource.
 */
export function writeRace(): ScimError {
  return unavailable('Other changes to the resource came first. Send the request again.', 1)
}

/** Carries the cause for operators; the client does not see it. */
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
