/**
 * The errors that an adapter throws. They are recognised by `code`, so that a second copy of this
 * package works too.
 */

/** Another resource of the same type and tenant has this value. Becomes 409 `uniqueness`. */
export class UniquenessError extends Error {
  override readonly name = 'UniquenessError'
  readonly code = 'ERR_SCIM_UNIQUENESS'
  /** Name of the attribute, e.g. `userName`. */
  readonly attribute: string

  constructor(attribute: string) {
    super(`Another resource has this value of "${attribute}".`)
    this.attribute = attribute
  }
}

/**
 * The stored version is not the expected one. Becomes 412 with If-Match; otherwise the write is
 * retried.
 */
export class VersionMismatchError extends Error {
  override readonly name = 'VersionMismatchError'
  readonly code = 'ERR_SCIM_VERSION_MISMATCH'

  constructor() {
    super('The stored version is not the expected one.')
  }
}

/**
 * Some members name no user or group of this tenant. Nothing was changed. Becomes 400
 * `invalidValue`.
 */
export class UnknownReferenceError extends Error {
  override readonly name = 'UnknownReferenceError'
  readonly code = 'ERR_SCIM_UNKNOWN_REFERENCE'
  readonly ids: readonly string[]

  constructor(ids: readonly string[]) {
    super('Some of the referenced resources do not exist.')
    this.ids = ids
  }
}

/** The store or the host behind it cannot answer now. Becomes 503 with `Retry-After`. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly code = 'ERR_SCIM_UNAVAILABLE'
  readonly retryAfterSeconds: number
  /** An operator has to intervene, e.g. because a token is refused; `onError` is called. */
  readonly needsAttention: boolean

  constructor(message: string, options: UnavailableOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfterSeconds = options.retryAfterSeconds ?? 10
    this.needsAttention = options.needsAttention ?? false
  }
}

/** Options of an {@link UnavailableError}. */
export interface UnavailableOptions {
  /** Default 10. */
  readonly retryAfterSeconds?: number
  /** An operator has to intervene. Default `false`. */
  readonly needsAttention?: boolean
  readonly cause?: unknown
}

/**
 * The first error in the chain of causes for which an operator has to intervene; `undefined` if
 * there is none. The error may come from another copy of this package.
 */
export function causeForAttention(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  const isUnavailable = storeErrorKind(error) === 'unavailable'
  const isIt = isUnavailable && (error as UnavailableError).needsAttention === true
  return causeForAttention(error.cause) ?? (isIt ? error : undefined)
}

/**
 * The host refuses a change of this resource: the person is protected (403), the state does not
 * allow it (409), or a value is unusable (400 `invalidValue`). `message` becomes the detail.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code = 'ERR_SCIM_REFUSED'
  /** HTTP status to answer. */
  readonly status: 400 | 403 | 409
  /** The `scimType` of the answer; with status 400 the default is `invalidValue`. */
  readonly scimType: 'uniqueness' | 'mutability' | undefined

  /** @param message a sentence that is safe to send to the client */
  constructor(
    message: string,
    status: 400 | 403 | 409 = 403,
    scimType?: 'uniqueness' | 'mutability',
  ) {
    super(message)
    this.status = status
    this.scimType = scimType
  }
}

const storeErrorCodes = {
  ERR_SCIM_UNIQUENESS: 'uniqueness',
  ERR_SCIM_VERSION_MISMATCH: 'versionMismatch',
  ERR_SCIM_UNKNOWN_REFERENCE: 'unknownReference',
  ERR_SCIM_UNAVAILABLE: 'unavailable',
  ERR_SCIM_REFUSED: 'refused',
} as const

/** Which store error this is, or `undefined` for anything else. */
export function storeErrorKind(
  error: unknown,
): (typeof storeErrorCodes)[keyof typeof storeErrorCodes] | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && Object.hasOwn(storeErrorCodes, code)
    ? storeErrorCodes[code as keyof typeof storeErrorCodes]
    : undefined
}
