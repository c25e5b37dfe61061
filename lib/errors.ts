/**
 * The three families of errors, by who has to act: {@link ConfigurationError} (the host's
 * developer), {@link ScimError} (the client), and the store errors in `stores/errors.ts` (thrown by
 * adapters).
 */

/** Detail error keywords of RFC 7644 §3.12 table 9 and RFC 9865 §2.1. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount'

/**
 * A failure reported to the client: HTTP status, `scimType` and a `detail` that is safe to send
 * (RFC 7644 §3.12).
 */
export class ScimError extends Error {
  override readonly name: string = 'ScimError'
  readonly code = 'ERR_SCIM_REQUEST'
  readonly status: number
  readonly scimType: ScimType | undefined
  /** Extra response headers, e.g. `Retry-After`, `Allow`, `WWW-Authenticate`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    detail: string,
    options: { scimType?: ScimType; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.scimType = options.scimType
    this.headers = options.headers ?? {}
  }
}

/**
 * The host gave options that cannot work. Thrown while a router, adapter or reconciler is built,
 * never later.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code: `ERR_SCIM_${string}`

  constructor(code: `ERR_SCIM_${string}`, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

const badRequest = (scimType: ScimType) => (detail: string) =>
  new ScimError(400, detail, { scimType })

/** A malformed filter, or an operator that the attribute does not support: 400 `invalidFilter`. */
export const invalidFilter = badRequest('invalidFilter')
/** The request exceeds a limit on results or operations: 400 `tooMany`. */
export const tooMany = badRequest('tooMany')
/** The change violates the attribute's mutability: 400 `mutability`. */
export const mutabilityError = badRequest('mutability')
/** The structure of the body is wrong: 400 `invalidSyntax`. */
export const invalidSyntax = badRequest('invalidSyntax')
/** A PATCH path is malformed, or names an attribute that no schema has: 400 `invalidPath`. */
export const invalidPath = badRequest('invalidPath')
/** A PATCH path matches nothing: 400 `noTarget`. */
export const noTarget = badRequest('noTarget')
/** A value is missing or does not fit its attribute: 400 `invalidValue`. */
export const invalidValue = badRequest('invalidValue')
/**
 * A cursor that this service provider did not issue for this query: 400 `invalidCursor` (RFC 9865
 * §2.1).
 */
export const invalidCursor = badRequest('invalidCursor')
/** A cursor that is too old: 400 `expiredCursor` (RFC 9865 §2.1). */
export const expiredCursor = badRequest('expiredCursor')
/**
 * A `count` out of range or different from the first page's: 400 `invalidCount` (RFC 9865 §2.1).
 */
export const invalidCount = badRequest('invalidCount')

/** Another resource has this value: 409 `uniqueness` (RFC 7644 §3.3). */
export const uniquenessConflict = (attribute: string): ScimError =>
  new ScimError(
    409,
    `Another resource already has this value of "${attribute}". ` +
      `Look it up with a filter on "${attribute}".`,
    { scimType: 'uniqueness' },
  )

/** No such resource, for this client: 404. */
export const notFound = (detail = 'The resource was not found.'): ScimError =>
  new ScimError(404, detail)

/** The resource's version is not the one the client asked for: 412 (RFC 7644 §3.12). */
export const preconditionFailed = (): ScimError =>
  new ScimError(412, 'The resource has changed since the version given in If-Match.')

/** The resource has the version that the client excluded: 412 (RFC 9110 §13.1.2). */
export const versionExcluded = (): ScimError =>
  new ScimError(412, 'The resource has a version that If-None-Match excludes.')

/** Not possible right now; the desired state is kept: 503 with `Retry-After` in seconds. */
export const unavailable = (detail: string, retryAfterSeconds = 10): ScimError =>
  new ScimError(503, detail, { headers: { 'Retry-After': String(retryAfterSeconds) } })

/** Authenticated, but not permitted: 403. */
export const forbidden = (detail: string, headers: Record<string, string> = {}): ScimError =>
  new ScimError(403, detail, { headers })
