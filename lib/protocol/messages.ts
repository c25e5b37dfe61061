import type { Json, JsonObject } from '../schema/types.js'
import type { Lifetime } from '../stores/scope.js'

/** The principal: the client or person that a request's credentials stand for. */
export interface Principal {
  /** Never empty; a principal without one is refused with 403. */
  readonly tenant: string
  /** Name for logs and audit entries, e.g. the name of the token. */
  readonly name: string
  /** `scim:read` allows GET and searches, `scim:write` everything else. Empty: nothing. */
  readonly scopes: readonly string[]
  /** The SCIM user behind the credentials, for `/Me`; machine tokens have none. */
  readonly userId?: string
  /** Id of the stored token that was sent, to record its last use. */
  readonly tokenId?: string
}

/**
 * One SCIM request as a plain value: authenticated, with its body parsed, independent of the web
 * framework.
 */
export interface ScimRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /**
   * Query parameters, decoded once, with names in lower case. Repeated known parameters were
   * already refused.
   */
  readonly query: ReadonlyMap<string, string>
  /** Raw values of the conditional headers. */
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /**
   * Parsed JSON, free of duplicate members and of `__proto__`; `undefined` when there was no body.
   */
  readonly body: Json | undefined
  /** Size of the body in bytes. */
  readonly bodyBytes: number
  /** Absolute URL of the router as clients see it, without a trailing slash. */
  readonly baseUrl: string
  readonly principal: Principal
  readonly requestId: string
  /** Its signal is aborted when the client disconnects or the deadline passes. */
  readonly lifetime: Lifetime
}

/** The answer as a plain value. */
export interface ScimResponse {
  readonly status: number
  /** Response headers besides `Content-Type` and the security headers, e.g. `Location`, `ETag`. */
  readonly headers: Readonly<Record<string, string>>
  /** Absent for 204 and 304. */
  readonly body?: JsonObject
  /** The body is to be written in pieces: it has lists of thousands, see `long-list.ts`. */
  readonly isLong?: boolean
}
