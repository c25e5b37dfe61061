/**
 * What went wrong with a call to Label Studio, by what the caller can do about it.
 *
 * | kind | meaning |
 * |---|---|
 * | `unauthorized` | the token or the sign-in is not accepted |
 * | `forbidden` | accepted, but this account may not do it |
 * | `protected` | nobody may, for this account: a superuser |
 * | `notFound` | the one object asked for is not there |
 * | `featureAbsent` | this edition or version has no such call |
 * | `invalid` | Label Studio refused a value |
 * | `conflict` | the state of the object forbids it |
 * | `duplicateEmail` | an account with exactly this e-mail exists, seen or hidden |
 * | `seatLimit` | the subscription has no seat left (Enterprise) |
 * | `rateLimited` | too many requests |
 * | `unavailable` | no answer, or one that a later attempt may mend |
 * | `unexpected` | an answer this library does not understand |
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

/** What a `LabelStudioError` carries beside its kind and message. */
export interface LabelStudioErrorDetails {
  /** HTTP status of the answer; absent when there was none. */
  status?: number
  /** Seconds Label Studio asked to wait (`Retry-After`). */
  retryAfterSeconds?: number
  /**
   * What Label Studio said, shortened and without secrets. For operators only, never for a SCIM
   * client.
   */
  detail?: string
  /** Names of the attributes Label Studio refused. */
  fields?: readonly string[]
  /**
   * The request may have taken effect although no answer says so: read again before repeating it.
   */
  maybeDone?: boolean
  cause?: unknown
}

/**
 * A call to Label Studio failed. `message` names the call, not ids, addresses, tokens or what Label
 * Studio said, so it may be logged.
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

/** Whether `error` is a `LabelStudioError`, of one of `kinds` when any are given. */
export function isLabelStudioError(
  error: unknown,
  ...kinds: LabelStudioErrorKind[]
): error is LabelStudioError {
  if (typeof error !== 'object' || error === null) return false
  const { code, kind } = error as Partial<LabelStudioError>
  if (code !== 'ERR_SCIM_LABEL_STUDIO') return false
  return kinds.length === 0 || kinds.some((each) => each === kind)
}
