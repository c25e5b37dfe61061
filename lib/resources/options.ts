import type { Deviations } from '../deviations.js'
import type { AuditEntry } from '../events/catalogue.js'
import type { FilterLimits } from '../filter/scanner.js'
import type { PatchOptions } from '../patch/operation.js'
import type { CompiledSchemas } from '../schema/compile.js'
import type { Adapters } from '../stores/adapters.js'
import type { PassedOver } from '../stores/passed-over.js'
import type { Scope } from '../stores/scope.js'
import type { Brake } from './people/brake.js'

/**
 * Protocol features that a host can switch off. A feature that is off is not advertised and answers
 * 501, or 400 if it is a query parameter.
 */
export interface Features {
  readonly patch: boolean
  readonly bulk: boolean
  readonly filter: boolean
  readonly sort: boolean
  readonly etag: boolean
  /** `password` is accepted; needs `users.setPassword`. */
  readonly changePassword: boolean
  readonly me: boolean
  /** Cursor paging (RFC 9865); index paging is always on. */
  readonly cursor: boolean
}

/**
 * Limits of one request: whole numbers. All are enforced, and those of RFC 7643 §5 are advertised.
 */
export interface Limits {
  /** Maximum size of a body, advertised as `bulk.maxPayloadSize`. */
  readonly maxPayloadBytes: number
  readonly maxBulkOperations: number
  /** Maximum number of resources in one list response, advertised as `filter.maxResults`. */
  readonly maxResults: number
  /** `count` if the client gives none. */
  readonly defaultCount: number
  readonly maxPatchOperations: number
  /** Maximum number of members that one request may add or remove. */
  readonly maxMembers: number
  readonly maxFilterBytes: number
  readonly maxFilterNodes: number
  readonly maxFilterDepth: number
  /**
   * Maximum number of value paths and comparisons with multi-valued attributes in a filter that no
   * index answers; more answer 400 `tooMany`.
   */
  readonly maxValuePaths: number
  /**
   * Maximum number of comparisons (resources times terms) for a filter that no index answers; more
   * answer 400 `tooMany`.
   */
  readonly maxFilterWork: number
  /**
   * Maximum number of resources that the library reads for a query which the store cannot answer
   * alone (an unsupported filter or sort, or a sorted query over several types); more answer 400
   * `tooMany`.
   */
  readonly maxScanned: number
  /** Maximum length of a string; eight times as much for `binary` and `reference` attributes. */
  readonly maxStringLength: number
  /** Maximum number of values of one attribute, except memberships. */
  readonly maxValues: number
}

/** The options that requests depend on, with every default filled in. */
export interface ServiceOptions {
  readonly features: Features
  readonly limits: Limits
  /** The deviations that are switched on (`lib/deviations.ts`). */
  readonly deviations: Deviations
  /** How to treat attributes that no schema has. */
  readonly unknownAttributes: 'ignore' | 'reject' | 'known'
  /** Ids in `members` that name no resource: 400 listing them, or dropped. */
  readonly unknownMembers: 'refuse' | 'ignore'
  /** A `manager.value` that names no user: kept as text and never linked, or 400. */
  readonly unknownManager: 'keep' | 'refuse'
  /**
   * The effect of a PUT of a group without `members`: it removes all members (RFC 7644 §3.5.1), or
   * keeps them.
   */
  readonly putWithoutMembers: 'clear' | 'keep'
  /** How long `users.deprovision` may take before the client gets 503, in milliseconds. */
  readonly deprovisionTimeoutMs: number
  /**
   * The host can be reached only through the access gate: access has ended once the change is
   * stored and marked, and the reconciler closes the account later.
   */
  readonly gateIsOnlyWayIn: boolean
  /** `Retry-After` of that 503, in seconds. */
  readonly retryAfterSeconds: number
  /** `required`: a write whose audit entry cannot be stored answers 503 and does not happen. */
  readonly audit: 'required' | 'bestEffort'
  /** What to do with a change that takes access from many people at once. */
  readonly onMassLoss: 'report' | 'refuse'
  /** The share of active people above which losing access within an hour is a mass loss. */
  readonly massLossShare: number
  /** A loss by fewer people than this is never a mass loss. */
  readonly massLossLeast: number
  /** Address of the settings page, for the detail of a refusal. */
  readonly settingsUrl: string
  /** How often a write without `If-Match` is retried after losing a race. */
  readonly maxRetries: number
}

/** The context of the services. Made once per router; it holds no state. */
export interface ServiceContext {
  readonly types: CompiledSchemas
  readonly adapters: Adapters
  readonly options: ServiceOptions
  readonly clock: () => Date
  /** Makes an opaque, URL-safe id for a resource or a version. */
  readonly newId: () => string
  /** Watches for mass losses; absent without an access store. */
  readonly brake?: Brake | undefined
  /** Called with each event after its change is durable. */
  readonly emit: (event: AuditEntry) => void
  /**
   * Called for unexpected failures of a bulk operation, which do not become the answer of the whole
   * request.
   */
  readonly onError?: (
    error: unknown,
    request: { readonly requestId: string; readonly principal: { readonly tenant: string } },
  ) => void
  /** Called with the parts of a request that were dropped. Absent: they are not counted. */
  readonly onPassedOver?: ((scope: Scope, passedOver: readonly PassedOver[]) => void) | undefined
  /**
   * Called after a write marked people pending: a hint to the reconciler, which would find the
   * marks anyway.
   */
  readonly onPending: (tenant: string) => void
}

/** The limits of filters, including those in PATCH paths. */
export function filterLimits({
  maxFilterBytes,
  maxFilterNodes,
  maxFilterDepth,
}: Pick<Limits, 'maxFilterBytes' | 'maxFilterNodes' | 'maxFilterDepth'>): FilterLimits {
  return { bytes: maxFilterBytes, nodes: maxFilterNodes, depth: maxFilterDepth }
}

/** How PATCH requests are read and applied under these options. */
export function patchOptions({
  deviations,
  unknownAttributes,
  limits,
}: Pick<ServiceOptions, 'deviations' | 'unknownAttributes' | 'limits'>): PatchOptions {
  return {
    deviations,
    unknownAttributes,
    limits: { operations: limits.maxPatchOperations, values: limits.maxMembers },
    maxStringLength: limits.maxStringLength,
    maxValues: limits.maxValues,
    filterLimits: filterLimits(limits),
  }
}
