/**
 * The tools for writing an adapter, besides the interfaces of the root entry. The bundled adapters
 * import nothing else from the library. docs/adapters.md explains how to use them.
 */

export type { LeaseOptions, LeaseRequest } from '../access/enforce-now.js'
export type { RulesState } from '../access/enforcement.js'
export {
  type AccessAdapters,
  emailOf,
  emptyRecord,
  type FindByEmail,
  findByEmail,
  holdLease,
  holdLeaseIfFree,
  type ImportState,
  isGivenUp,
  isHalfListed,
  isReused,
  noteImport,
  rulesState,
} from '../access/index.js'
export { hasSignedIn } from '../access/signed-in.js'
export { isAhead, stopwatch } from '../clock.js'
export { checkScope, type GivenScope } from '../configuration/check-scope.js'
export {
  callback,
  custom,
  flag,
  type Kind as OptionKind,
  nested,
  type Option,
  type OptionRows,
  type OptionTable,
  oneOf,
  optionTable,
  type Resolved as ResolvedOptions,
  type RowsFor,
  record,
  text,
  whole,
} from '../configuration/option.js'
export { readOptions } from '../configuration/read-options.js'
export { ConfigurationError, forbidden, unavailable } from '../errors.js'
export {
  type ActualMembers,
  type AuditEvent,
  auditEntry,
  withActualMembers,
} from '../events/audit-entry.js'
export type { AuditEntry, EventName } from '../events/catalogue.js'
export { createEmitter, type EventEmitter, type EventListener } from '../events/emitter.js'
export type {
  ComparableValue,
  CompareOperator,
  CompareValue,
  FilterNode,
  ResolvedFilter,
} from '../filter/ast.js'
export { evaluate } from '../filter/evaluate.js'
export { mentionsGroups } from '../filter/groups.js'
export type {
  BodyNeeded,
  Identity,
  PolicyDecision,
  PolicyPerson,
  PolicyQuestion,
  PolicyRefusal,
  RequestPolicy,
} from '../gate/index.js'
export type { Authenticator } from '../http/authenticate.js'
export { sentToken } from '../http/bearer-tokens.js'
export { unauthorized } from '../http/challenge.js'
export {
  type Access,
  type AccessResolver,
  type AccountReference,
  type AppliedAccess,
  compileRules,
  describeGrant,
  type Grant,
  grantsOf,
  groupKey,
  hasRules,
  isEmptyPlan,
  type MappingPolicy,
  mappingPolicy,
  membershipsOf,
  type OrganizationRole,
  type PersonGroup,
  type PersonState,
  type Plan,
  type PlanOptions,
  personState,
  placeOf,
  plan,
  resolveAccess,
} from '../mapping/index.js'
export type { MappingRules } from '../mapping/types.js'
export { unsupportedNode } from '../node-version.js'
export { inOneGo, type Steps } from '../patch/steps.js'
export { type Effects, type OutboxCall, writeDurably, writeInSteps } from '../resources/outbox.js'
export { comparableForm, comparableOf } from '../schema/comparable.js'
export { type CompiledSchemas, compileResourceTypes } from '../schema/compile.js'
export { extended, isObject } from '../schema/json.js'
export { lookupKeys, lookupName } from '../schema/lookups.js'
export type { AttributeDefinition, AttributePath, Json } from '../schema/types.js'
export { comparePositions, positionOf } from '../sort/index.js'
export type { AccessRecord, AccessStore } from '../stores/access-store.js'
export {
  recordOnlyTarget,
  type StoreTarget,
  storeTarget,
  targetMethods,
} from '../stores/access-target.js'
export type { Adapters } from '../stores/adapters.js'
export {
  RefusedError,
  storeErrorKind,
  UnavailableError,
  type UnavailableOptions,
} from '../stores/errors.js'
export type { Finding } from '../stores/finding.js'
export type { GatePolicy } from '../stores/gate-policy.js'
export type { HostAccount } from '../stores/host-account.js'
export { inSteps, inTurns } from '../stores/in-steps.js'
export {
  type AccountPerson,
  type AuditQuery,
  type AuditStore,
  type ComparableOf,
  type FinishedClaim,
  type Group,
  type GroupReference,
  type GroupStore,
  type KeysetPosition,
  type KeysOf,
  type Ledger,
  type Lookup,
  type LookupKey,
  type Member,
  type MemberChange,
  type MemberPage,
  type MembersChanged,
  type Meta,
  maxPassedOver,
  maxRefusals,
  maxTokenUses,
  type Page,
  type PageRequest,
  type PassedOverCount,
  type PendingOutcome,
  type PendingUser,
  type Query,
  type RefusalCount,
  type RefusalStore,
  type Resource,
  type ResourceStore,
  type RulesToSave,
  refusalRetentionMs,
  type Sort,
  type StoredAuditEntry,
  type StoredToken,
  type TokenStore,
  type TokenUse,
  UniquenessError,
  UnknownReferenceError,
  type UnplacedProject,
  type UserWithGroups,
  type VersionedRules,
  VersionMismatchError,
  type Workspace,
  type Write,
  withoutPerson,
} from '../stores/index.js'
export { type IndexPlan, indexPlan, isAnsweredByPlan } from '../stores/index-plan.js'
export { omitGroups, omitMembers, omitNothing } from '../stores/reads.js'
export { recordPages } from '../stores/record-pages.js'
export type { User } from '../stores/resource.js'
export type { Scope } from '../stores/scope.js'
export { maxSharedNamed, type SharedValue, warnOfShared } from '../stores/shared-values.js'
export type { DeprovisionReason, Exemption, Seats, UserStore } from '../stores/user-store.js'
export type { WorkspaceStore } from '../stores/workspace-store.js'
export type { LedgerChange, LedgerEntry, Outbox } from '../stores/write.js'
