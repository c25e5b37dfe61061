import type { ScimRequest, ScimResponse } from './messages.js'

/** Values of the `:name` segments of a route's pattern, percent-decoded once. */
export type PathParameters = Readonly<Record<string, string>>

/** Answers one request, or throws a `ScimError`; anything else that is thrown is a 500. */
export type Handler = (request: ScimRequest, parameters: PathParameters) => Promise<ScimResponse>

/**
 * One route below the base URL. A path that some route has answers 405 to every method none of its
 * routes has.
 */
export interface ScimRoute {
  readonly method: ScimRequest['method']
  /**
   * Path segments, e.g. `['Users', ':id']`; empty for the base URL itself. Literal segments match
   * exactly.
   */
  readonly pattern: readonly string[]
  readonly handler: Handler
  /** Needs the scope `scim:write`; otherwise `scim:read`. */
  readonly write: boolean
  /** The handler itself tells of what it refuses and of its known failures. */
  readonly reports?: boolean
  /** Describes the service provider and holds no tenant's data; may be open to everybody. */
  readonly discovery?: boolean
}
