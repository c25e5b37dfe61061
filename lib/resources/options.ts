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
 * Protocol features a host can switch off; what is off is not advertised; it answers 501, or 400
 * where it is a query parameter.
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
  /** Cursor paging (RFC 9865); index paging is always there. */
  readonly cursor: boolean
}

/** Bounds of one request. Whole numbers, each enforced, those of RFC 7643 §5 advertised. */
export interface Limits {
  /** Largest body, and `bulk.maxPayloadSize`. */
  readonly maxPayloadBytes: number
  readonly maxBulkOperations: number
  /** Most resources in one list response: `filter.maxResults`. */
  readonly maxResults: number
  /** `count` when the client names none. */
  readonly defaultCount: number
  readonly maxPatchOperations: number
  /** Most members one request may add or remove. */
  readonly maxMembers: number
  readonly maxFilterBytes: number
  readonly maxFilterNodes: number
  readonly maxFilterDepth: number
  /**
   * Most value paths, and comparisons with multi-valued attributes, in a filter that no index
   * answers. More: 400 `tooMany`.
   */
  readonly maxValuePaths: number
  /**
   * Most comparisons (resources times terms) for a filter that no index answers. More: 400
   * `tooMany`.
   */
  readonly maxFilterWork: number
  /**
   * Most resources the library reads to answer one query that the store cannot answer alone (a
   * filter or sort it does not support, a sorted query over several types). More: 400 `tooMany`.
   */
  readonly maxScanned: number
  /** Longest string of an attribute; of `binary` and `reference` attributes eight times as long. */
  readonly maxStringLength: number
}

/** Everything a request can depend on, with every default filled in. */
export interface ServiceOptions {
  readonly features: Features
  readonly limits: Limits
  /** Departures from the RFC that are accepted (`lib/deviations.ts`). */
  readonly deviations: Deviations
  /** What happens to attributes no schema knows. */
  readonly unknownAttributes: 'ignore' | 'reject' | 'known'
  /** Ids in `members` that name nobody: 400 listing them, or left out. */
  readonly unknownMembers: 'refuse' | 'ignore'
  /** A `manager.value` that names nobody: kept as text and never linked, or 400. */
  readonly unknownManager: 'keep' | 'refuse'
  /**
   * What a PUT of a group without `members` does: empties it (RFC 7644 §3.5.1), or leaves the
   * members alone.
   */
  readonly putWithoutMembers: 'clear' | 'keep'
  /** How long `users.deprovision` may take before the client gets 503, in milliseconds. */
  readonly deprovisionTimeoutMs: number
  /**
   * Nobody reaches the host but through the access gate: access has ended once it is stored and
   * marked, and the reconciler shuts the account later.
   */
  readonly gateIsOnlyWayIn: boolean
  /** `Retry-After` of that 503, in seconds. */
  readonly retryAfterSeconds: number
  /**
   * `required`: a write whose audit entry cannot be stored is refused with 503 before it happens.
   */
  readonly audit: 'required' | 'bestEffort'
  /** What happens to a change that takes access from many people at once. */
  readonly onMassLoss: 'report' | 'refuse'
  /**
   * Share of the active people, of whom more than so many losing access within an hour are a mass
   * loss.
   */
  readonly massLossShare: number
  /** Fewer people losing access are never a mass loss. */
  readonly massLossLeast: number
  /** Where administrators find the settings page, for the detail of a refusal. */
  readonly settingsUrl: string
  /** How often a write that lost a race is tried again when the client sent no `If-Match`. */
  readonly maxRetries: number
}

/** What services work with. Made once for each router; holds no state of its own. */
export interface ServiceContext {
  readonly types: CompiledSchemas
  readonly adapters: Adapters
  readonly options: ServiceOptions
  readonly clock: () => Date
  /** A new opaque, URL-safe id: of a resource, or of a version. */
  readonly newId: () => string
  /** Watches for many people losing access; absent where no access is kept. */
  readonly brake?: Brake | undefined
  /** Called with each event after its change is durable. */
  readonly emit: (event: AuditEntry) => void
  /**
   * Is told of failures nobody expected that do not become the answer of a whole request: of a bulk
   * operation.
   */
  readonly onError?: (
    error: unknown,
    request: { readonly requestId: string; readonly principal: { readonly tenant: string } },
  ) => void
  /** Told of what a request sent and nobody keeps. Absent: nobody counts it. */
  readonly onPassedOver?: ((scope: Scope, passedOver: readonly PassedOver[]) => void) | undefined
  /**
   * Called after a write marked people pending: a hint to the reconciler, which finds the marks
   * anyway.
   */
  readonly onPending: (tenant: string) => void
}

/** What bounds filters, also those in PATCH paths. */
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
    filterLimits: filterLimits(limits),
  }
}
