import type { Json, JsonObject } from '../schema/types.js'
import type { Lifetime } from '../stores/scope.js'

/** Who a request's credentials stand for. */
export interface Principal {
  /** Never empty; a principal without one is refused with 403. */
  readonly tenant: string
  /** Name for logs and audit entries, e.g. the name of the token. */
  readonly name: string
  /** `scim:read` allows GET and searches, `scim:write` everything else. Empty: nothing. */
  readonly scopes: readonly string[]
  /** The SCIM user behind the credentials, for `/Me`; machine tokens have none. */
  readonly userId?: string
  /** The stored token that was sent, for its last use. */
  readonly tokenId?: string
}

/**
 * One SCIM request as a plain value: authenticated, its body parsed, nothing of the web framework
 * left.
 */
export interface ScimRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /**
   * Query parameters, decoded once, names in lower case; a repeated known parameter was refused
   * before.
   */
  readonly query: ReadonlyMap<string, string>
  /** Raw values of the conditional headers. */
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /**
   * Parsed JSON, free of duplicate members and of `__proto__`; `undefined` when there was no body.
   */
  readonly body: Json | undefined
  /** How many bytes the body had. */
  readonly bodyBytes: number
  /** Absolute URL the router is mounted at as clients see it, without a slash at the end. */
  readonly baseUrl: string
  readonly principal: Principal
  readonly requestId: string
  /** Its signal is aborted when the client has gone or the deadline has passed. */
  readonly lifetime: Lifetime
}

/** The answer as a plain value. */
export interface ScimResponse {
  readonly status: number
  /** Response headers beside `Content-Type` and the security headers, e.g. `Location`, `ETag`. */
  readonly headers: Readonly<Record<string, string>>
  /** Absent for 204 and 304. */
  readonly body?: JsonObject
}
