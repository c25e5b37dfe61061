import type { ScimRequest, ScimResponse } from './messages.js'

/** Values of the `:name` segments of a route's pattern, percent-decoded once. */
export type PathParameters = Readonly<Record<string, string>>

/** Answers one request, or throws a `ScimError`; any other error becomes a 500. */
export type Handler = (request: ScimRequest, parameters: PathParameters) => Promise<ScimResponse>

/** One route below the base URL. A path that has routes answers 405 to all other methods. */
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
  /** The handler reports its refusals and known failures itself. */
  readonly reports?: boolean
  /**
   * How long the answer may take after the deadline, in milliseconds, because the handler then
   * still has something to put right. Default 0.
   */
  readonly windUpMs?: number
  /**
   * The route describes the service provider and contains no tenant's data, so it may be open to
   * everybody.
   */
  readonly discovery?: boolean
}
