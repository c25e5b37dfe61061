export {
  createInvitation,
  createReconciler,
  type Invitation,
  onSignIn,
  protectUsers,
  type Reconciler,
  type ReconcilerOptions,
  type SignInDecision,
  type SignInOptions,
} from './access/index.js'
export { ConfigurationError, forbidden, ScimError, type ScimType } from './errors.js'
export type { AuditEntry, EventName } from './events/catalogue.js'
export { type AccessGate, type AccessGateOptions, accessGate, type Identify } from './gate/index.js'
export type { Authenticator } from './http/authenticate.js'
export type { BaseUrlOf } from './http/base-url.js'
export { type BearerToken, bearerTokens, digestToken, generateToken } from './http/bearer-tokens.js'
export { unauthorized } from './http/challenge.js'
export type { FailureReport } from './http/failures.js'
export { scimRouter } from './http/router.js'
export { compileRules, resolveAccess } from './mapping/index.js'
export type * from './mapping/types.js'
export type { DiscoveryEndpoint, RateLimits, ScimLimits, ScimOptions } from './options.js'
export type { Principal } from './protocol/messages.js'
export { type ExchangeStep, type Transcript, transcriptFile } from './recorder/index.js'
export type {
  AttributeInput,
  Json,
  JsonObject,
  ResourceTypeInput,
  SchemaInput,
} from './schema/types.js'
export {
  RefusedError,
  UnavailableError,
  UniquenessError,
  UnknownReferenceError,
  VersionMismatchError,
} from './stores/errors.js'
export type * from './stores/index.js'
