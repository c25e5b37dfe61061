/**
 * The kind of a failed call to Label Studio, by what the caller can do about it.
 *
 * | kind | meaning | |---|---| | `unauthorized` | the token or the sign-in is not accepted | |
 * `forbidden` | accepted, but this account may not do it | | `protected` | not possible for this
 * account: a superuser | | `notFound` | the requested object does not exist | | `featureAbsent` |
 * this edition or version has no such call | | `invalid` | Label Studio refused a value | |
 * `conflict` | the state of the object forbids it | | `duplicateEmail` | an account with exactly
 * this e-mail exists, visible or hidden | | `seatLimit` | the subscription has no seat left
 * (Enterprise) | | `rateLimited` | too many requests | | `unavailable` | no answer, or a failure
 * that a later attempt may not have | | `unexpected` | an answer this library does not understand |
 */
export type LabelStudioErrorKind =
  | 'unauthorized'
  | 'forbidden'
  | 'protected'
  | 'notFound'
  | 'featureAbsent'
  | 'invalid'
  | 'conflict'
  | 'duplicateEmail'
  | 'seatLimit'
  | 'rateLimited'
  | 'unavailable'
  | 'unexpected'

/** Details of a `LabelStudioError`, besides its kind and message. */
export interface LabelStudioErrorDetails {
  /** HTTP status of the answer; absent if there was none. */
  status?: number
  /** Seconds to wait, as requested by Label Studio (`Retry-After`). */
  retryAfterSeconds?: number
  /**
   * Label Studio's message, shortened and without secrets. For operators only, never for a SCIM
   * client.
   */
  detail?: string
  /** Names of the attributes that Label Studio refused. */
  fields?: readonly string[]
  /**
   * The request may have taken effect although no answer confirmed it: read the state before
   * repeating it.
   */
  maybeDone?: boolean
  cause?: unknown
}

/**
 * A call to Label Studio failed. `message` names the call, but contains no ids, addresses, tokens
 * or text of Label Studio, so it may be logged.
 */
export class LabelStudioError extends Error {
  readonly code = 'ERR_SCIM_LABEL_STUDIO'
  readonly kind: LabelStudioErrorKind
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  readonly detail: string | undefined
  readonly fields: readonly string[]
  readonly maybeDone: boolean

  constructor(kind: LabelStudioErrorKind, message: string, details: LabelStudioErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'LabelStudioError'
    this.kind = kind
    this.status = details.status
    this.retryAfterSeconds = details.retryAfterSeconds
    this.detail = details.detail
    this.fields = details.fields ?? []
    this.maybeDone = details.maybeDone ?? false
  }
}

/** Whether `error` is a `LabelStudioError`, and of one of `kinds` if any are given. */
export function isLabelStudioError(
  error: unknown,
  ...kinds: LabelStudioErrorKind[]
): error is LabelStudioError {
  if (typeof error !== 'object' || error === null) return false
  const { code, kind } = error as Partial<LabelStudioError>
  if (code !== 'ERR_SCIM_LABEL_STUDIO') return false
  return kinds.length === 0 || kinds.some((each) => each === kind)
}
