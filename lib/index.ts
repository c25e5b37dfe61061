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
export type { DeviationId, DeviationOptions, Deviations } from './deviations.js'
export { ConfigurationError, forbidden, ScimError, type ScimType } from './errors.js'
export type { AuditEntry, EventName } from './events/catalogue.js'
export type { UpgradeListener } from './gate/access-gate.js'
export type { SignInForm } from './gate/forms.js'
export {
  type AccessGate,
  type AccessGateOptions,
  type AnswerChange,
  accessGate,
  type BodyNeeded,
  type DocumentChange,
  type Identification,
  type Identify,
  type Identity,
  type PolicyDecision,
  type PolicyPerson,
  type PolicyQuestion,
  type PolicyRefusal,
  type RequestPolicy,
  type ShownDocument,
} from './gate/index.js'
export type { Authenticator } from './http/authenticate.js'
export type { BaseUrlOf } from './http/base-url.js'
export {
  type BearerOptions,
  type BearerToken,
  bearerTokens,
  digestToken,
  generateToken,
} from './http/bearer-tokens.js'
export { unauthorized } from './http/challenge.js'
export type { FailureReport } from './http/failures.js'
export { scimRouter } from './http/router.js'
export type * from './mapping/types.js'
export type { DiscoveryEndpoint, RateLimits, ScimLimits, ScimOptions } from './options.js'
export type { ProtocolOptions } from './protocol/context.js'
export type { Principal } from './protocol/messages.js'
export { type ExchangeStep, type Transcript, transcriptFile } from './recorder/index.js'
export type { RecordStep } from './recorder/recorder.js'
export type {
  Expected as ExpectedAnswer,
  ParallelStep,
  RepeatedStep,
  Step as TranscriptStep,
  TranscriptRequest,
} from './recorder/transcript.js'
export type { TranscriptHead } from './recorder/transcript-file.js'
export type { Features, Limits, ServiceOptions } from './resources/options.js'
export type {
  AttributeInput,
  AttributeType,
  ExtensionInput,
  Json,
  JsonObject,
  Lookup as LookupAttribute,
  Mutability,
  ResourceType,
  ResourceTypeInput,
  Returned,
  SchemaDefinition,
  SchemaExtension,
  SchemaInput,
  SchemaOptions,
  Uniqueness,
} from './schema/types.js'
export type * from './stores/access-store.js'
export type * from './stores/adapters.js'
export type * from './stores/audit-store.js'
export type * from './stores/finding.js'
export type * from './stores/gate-policy.js'
export type * from './stores/group-store.js'
export type { PassedOver, PassedOverCount } from './stores/passed-over.js'
export type * from './stores/query.js'
export type { Refusal, RefusalCount, RefusalStore } from './stores/refusal-store.js'
export type * from './stores/resource.js'
export type * from './stores/resource-store.js'
export type { Lifetime, Scope } from './stores/scope.js'
export type { StoredToken, TokenChange, TokenStore, TokenUse } from './stores/token-store.js'
export type * from './stores/user-store.js'
export type * from './stores/workspace-store.js'
export type * from './stores/write.js'
