import {
  between,
  callback,
  custom,
  flag,
  httpUrl,
  listOf,
  nested,
  oneOf,
  optionTable,
  record,
  text,
  whole,
} from './configuration/option.js'
import type { DeviationOptions } from './deviations.js'
import type { AuditEntry } from './events/catalogue.js'
import type { Authenticator } from './http/authenticate.js'
import type { BaseUrlOf } from './http/base-url.js'
import type { FailureReport } from './http/failures.js'
import type { ProtocolOptions } from './protocol/context.js'
import type { RecordStep } from './recorder/index.js'
import type { Features, Limits } from './resources/options.js'
import type {
  ExtensionInput,
  JsonObject,
  ResourceTypeInput,
  SchemaInput,
  SchemaOptions,
} from './schema/types.js'

/** Endpoints that describe the service provider (RFC 7644 §4). */
export type DiscoveryEndpoint = 'ServiceProviderConfig' | 'ResourceTypes' | 'Schemas'

/**
 * Limits of one request; whole numbers. A request that exceeds one is refused with a 4xx that names
 * the limit.
 */
export interface ScimLimits extends Limits {
  /** Deepest nesting of arrays and objects in a body. Default 32. */
  readonly maxJsonDepth: number
  /** Most elements of one array in a body. Default 100 000. */
  readonly maxArrayItems: number
  /** Most members of one object in a body. Default 1000. */
  readonly maxObjectMembers: number
  /**
   * The most requests in progress at once; a further one answers 503 with `Retry-After`. Default
   * 1000.
   */
  readonly maxRequestsInFlight: number
}

/** Rate limits per client. Off unless given. */
export interface RateLimits {
  /**
   * Requests per second per token, counting each bulk operation; bursts of ten seconds' worth are
   * allowed. At least 25.
   */
  readonly requestsPerSecond?: number
  /**
   * Failed authentications per minute from one address (with IPv6, from one /64 network); more
   * answer 429. At least 1. Needs the host's `trust proxy`.
   */
  readonly failedAuthenticationsPerMinute?: number
}

/**
 * Options of `scimRouter`. Everything but `authenticate` has a default, see {@link scimTable}; a
 * wrong option is a `ConfigurationError` when the router is built.
 */
export interface ScimOptions extends DeviationOptions, SchemaOptions {
  /**
   * Turns a request's credentials into a principal, before anything else is looked at;
   * `bearerTokens(…)` makes one.
   */
  readonly authenticate: Authenticator
  /**
   * Discovery endpoints that answer without credentials (RFC 7643 §5). Default
   * `['ServiceProviderConfig']`.
   */
  readonly openDiscovery?: readonly DiscoveryEndpoint[]
  /**
   * Absolute URL under which clients reach the router, or a function that returns it for a request.
   * Default: derived from the request and the mount path, respecting the app's `trust proxy`.
   */
  readonly baseUrl?: string | BaseUrlOf
  /**
   * Refuse requests that did not come over TLS with 403, respecting the app's `trust proxy`.
   * Default `false`, because the proxy in front usually enforces it (RFC 7644 §7.2).
   */
  readonly requireHttps?: boolean
  /** `/users` means `/Users`. Default `false`. Ids always match exactly. */
  readonly caseInsensitivePaths?: boolean

  /**
   * Protocol features that can be switched off. A feature that is off is not advertised and answers
   * 501, or 400 if it is a query parameter. Default: all on; `changePassword` if the store has
   * `setPassword`.
   */
  readonly features?: Partial<Features>
  readonly limits?: Partial<ScimLimits>
  readonly rateLimits?: RateLimits
  /**
   * Milliseconds until a request is given up: it answers 503 with `Retry-After`, and the signal of
   * its scope is aborted. A bulk request may take 15 seconds more to remove what it has created of
   * an incomplete circle. Default 30 000.
   */
  readonly requestTimeoutMs?: number
  /** Milliseconds that `authenticate` may take before the request answers 503. Default 10 000. */
  readonly authenticateTimeoutMs?: number
  /**
   * Milliseconds that `users.deprovision` may take before the client gets 503 and the reconciler
   * takes over. Default 10 000.
   */
  readonly deprovisionTimeoutMs?: number
  /**
   * Declares that Label Studio can be reached only through `accessGate`. Requests that end access
   * are then answered at once: the gate refuses people by the stored state, and the reconciler
   * closes the accounts later. Needs `adapters.access` and a running reconciler. Default `false`:
   * the answer waits until the account is closed.
   */
  readonly gateIsOnlyWayIn?: boolean
  /**
   * What to do with a change of a group or a deactivation by which many people lose access within
   * an hour: carry it out and report it, or answer 503 until an administrator confirms it on the
   * settings page. Default `report`.
   */
  readonly onMassLoss?: ProtocolOptions['onMassLoss']
  /**
   * The share of active people above which losing access within an hour is a mass loss. 0 to 1.
   * Default 0.25.
   */
  readonly massLossShare?: number
  /** A loss by fewer people than this is never a mass loss. Default 10. */
  readonly massLossLeast?: number
  /** Address of the settings page, named when a mass loss is refused. Default `/scim/settings`. */
  readonly settingsUrl?: string
  /** `Retry-After` of 503 answers, in seconds. Default 10. */
  readonly retryAfterSeconds?: number
  /**
   * How often a write without `If-Match` is retried after losing a race, before it answers 503.
   * Default 10.
   */
  readonly maxRetries?: number

  /**
   * Attributes that no schema of the type has: dropped, refused with 400, or (`known`) dropped if
   * RFC 7643 has them and refused otherwise. Default `ignore`.
   */
  readonly unknownAttributes?: ProtocolOptions['unknownAttributes']
  /**
   * Ids in `members` that name no resource: 400 listing them, or dropped and reported. Default
   * `ignore`.
   */
  readonly unknownMembers?: ProtocolOptions['unknownMembers']
  /**
   * A `manager` that names no user: kept as text and never linked, or 400. Default `keep`, because
   * people arrive in any order.
   */
  readonly unknownManager?: ProtocolOptions['unknownManager']
  /**
   * A PUT of a group without `members`: removes all members (RFC 7644 §3.5.1), or keeps them.
   * Default `clear`.
   */
  readonly putWithoutMembers?: ProtocolOptions['putWithoutMembers']
  /**
   * Two groups cannot have the same `displayName`, ignoring case: 409. Default `true`, because
   * rules refer to groups by it.
   */
  readonly uniqueGroupNames?: boolean
  /**
   * Two resources of a type cannot have the same `externalId`: 409. Default `false` (RFC 7643
   * §3.1).
   */
  readonly uniqueExternalIds?: boolean
  /**
   * The attributes that people may change about themselves at `/Me`. Default: names, phone numbers,
   * addresses, photos, languages.
   */
  readonly selfServiceAttributes?: readonly string[]

  /** Paging of queries that name neither `startIndex` nor `cursor`. Default `index`. */
  readonly defaultPaging?: ProtocolOptions['defaultPaging']
  /** How long a cursor can be used, in seconds. Default 3600. */
  readonly cursorTimeoutSeconds?: number
  /**
   * Key that encrypts cursors: at least 32 characters or bytes, the same on all instances behind
   * one address. Default: random, so cursors become invalid when the process ends.
   */
  readonly cursorSecret?: string | Uint8Array
  /**
   * Advertise `pagination` in the ServiceProviderConfig (RFC 9865 §4). Default `false`, because
   * some clients refuse unknown attributes and would provision nobody. Cursors work either way.
   */
  readonly advertisePagination?: boolean
  /**
   * The authentication schemes in the ServiceProviderConfig (RFC 7643 §5). Default: OAuth bearer
   * tokens.
   */
  readonly authenticationSchemes?: readonly JsonObject[]
  /** URL of documentation for people, for the ServiceProviderConfig. Default: absent. */
  readonly documentationUri?: string

  /**
   * `required`: a write whose audit entry cannot be stored answers 503 and does not happen. Default
   * `bestEffort`.
   */
  readonly audit?: ProtocolOptions['audit']
  /** Called with every event after its change is durable. Its errors go to `onError` only. */
  readonly onEvent?: (event: AuditEntry) => unknown
  /**
   * Called with the original error of every unexpected failure, and of 503s that need an operator,
   * such as a refused token. Clients only see the request id. Default: logs with `debug`.
   */
  readonly onError?: (error: unknown, report: FailureReport) => void
  /** Called with the tenant after a write marked people pending, e.g. to wake a reconciler. */
  readonly onPending?: (tenant: string) => void
  /**
   * Called with every exchange with an authenticated client, as a step of a transcript with all
   * values replaced and without credentials. `transcriptFile(…)` writes them to a file. Meant for
   * diagnosing a client, not for everyday use.
   */
  readonly record?: RecordStep
  /** The current time. Default: the system's clock. */
  readonly clock?: () => Date
  /**
   * Makes an id for a resource or version: opaque, URL-safe and unique. Default: a UUID that begins
   * with the time.
   */
  readonly generateId?: () => string
}

const selfServiceAttributes: readonly string[] = [
  'name',
  'displayName',
  'nickName',
  'profileUrl',
  'preferredLanguage',
  'locale',
  'timezone',
  'phoneNumbers',
  'photos',
  'addresses',
]

const bearerScheme: JsonObject = {
  type: 'oauthbearertoken',
  name: 'OAuth Bearer Token',
  description: 'A token in the Authorization header (RFC 6750).',
  specUri: 'https://www.rfc-editor.org/info/rfc6750',
  primary: true,
}

const limitRows = {
  // A PUT of 50 000 members with display and $ref is about 10 MB.
  maxPayloadBytes: { type: whole(1_024, 536_870_912), default: 16_777_216 },
  maxBulkOperations: { type: whole(1, 100_000), default: 1_000 },
  maxResults: { type: whole(1, 10_000), default: 200 },
  defaultCount: { type: whole(1, 10_000), default: 100 },
  maxPatchOperations: { type: whole(1, 100_000), default: 1_000 },
  maxMembers: { type: whole(1, 10_000_000), default: 100_000 },
  maxFilterBytes: { type: whole(64, 1_048_576), default: 8_192 },
  maxFilterNodes: { type: whole(1, 5_000), default: 200 },
  maxFilterDepth: { type: whole(1, 256), default: 32 },
  maxValuePaths: { type: whole(1, 1_000), default: 20 },
  maxFilterWork: { type: whole(1_000, 1_000_000_000_000), default: 10_000_000 },
  maxScanned: { type: whole(1, 100_000_000), default: 50_000 },
  maxStringLength: { type: whole(64, 536_870_912), default: 32_768 },
  maxValues: { type: whole(1, 10_000_000), default: 2_000 },
  maxJsonDepth: { type: whole(16, 256), default: 32 },
  maxArrayItems: { type: whole(1, 10_000_000), default: 100_000 },
  // A user of all attributes of RFC 7643, each under a path of its own, has about 150.
  maxObjectMembers: { type: whole(100, 10_000_000), default: 1_000 },
  maxRequestsInFlight: { type: whole(1, 1_000_000), default: 1_000 },
}

const feature = { type: flag, default: true }
const changePassword = {
  type: flag,
  default: undefined,
  shown: '`true` when `adapters.users` has `setPassword`',
}
const milliseconds = whole(1, 86_400_000)
const none = { default: undefined, shown: 'none' }

/**
 * The options of `scimRouter`. The contents of schemas and deviations are checked where they are
 * read.
 */
export const scimTable = optionTable<ScimOptions>()('scimRouter', 'ERR_SCIM_OPTIONS', {
  // Marked secret, because a token may have been given by mistake.
  authenticate: {
    type: callback<Authenticator>('bearerTokens([…])'),
    required: true,
    secret: true,
  },
  openDiscovery: {
    type: listOf(oneOf('ServiceProviderConfig', 'ResourceTypes', 'Schemas')),
    default: ['ServiceProviderConfig'],
  },
  baseUrl: {
    type: custom<string | BaseUrlOf>(
      'an absolute http or https URL without query, or a function',
      (value) => typeof value === 'function' || isBaseUrl(value),
    ),
    shown: 'from the request',
  },
  requireHttps: { type: flag, default: false },
  caseInsensitivePaths: { type: flag, default: false },
  features: {
    type: nested<Partial<Features>>({
      patch: feature,
      bulk: feature,
      filter: feature,
      sort: feature,
      etag: feature,
      changePassword,
      me: feature,
      cursor: feature,
    }),
    default: {},
  },
  limits: { type: nested<Partial<ScimLimits>>(limitRows), default: {} },
  rateLimits: {
    type: nested<RateLimits>({
      requestsPerSecond: { type: whole(25, 1_000_000), shown: 'off' },
      failedAuthenticationsPerMinute: { type: whole(1, 1_000_000), shown: 'off' },
    }),
    default: {},
  },
  requestTimeoutMs: { type: milliseconds, default: 30_000 },
  authenticateTimeoutMs: { type: milliseconds, default: 10_000 },
  deprovisionTimeoutMs: { type: milliseconds, default: 10_000 },
  gateIsOnlyWayIn: { type: flag, default: false },
  onMassLoss: { type: oneOf('report', 'refuse'), default: 'report' },
  massLossShare: { type: between(0, 1), default: 0.25 },
  massLossLeast: { type: whole(1, 1_000_000_000), default: 10 },
  settingsUrl: { type: text(), default: '/scim/settings' },
  retryAfterSeconds: { type: whole(1, 86_400), default: 10 },
  maxRetries: { type: whole(0, 100), default: 10 },
  strict: { type: flag, default: false },
  deviations: { type: record<NonNullable<ScimOptions['deviations']>>(), shown: 'all on' },
  schemas: { type: listOf(record<SchemaInput>()), ...none },
  resourceTypes: { type: listOf(record<ResourceTypeInput>()), ...none },
  userExtensions: { type: listOf(record<ExtensionInput>()), ...none },
  groupExtensions: { type: listOf(record<ExtensionInput>()), ...none },
  unknownAttributes: { type: oneOf('ignore', 'reject', 'known'), default: 'ignore' },
  unknownMembers: { type: oneOf('refuse', 'ignore'), default: 'ignore' },
  unknownManager: { type: oneOf('keep', 'refuse'), default: 'keep' },
  putWithoutMembers: { type: oneOf('clear', 'keep'), default: 'clear' },
  uniqueGroupNames: { type: flag, default: true },
  uniqueExternalIds: { type: flag, default: false },
  selfServiceAttributes: { type: listOf(text()), default: selfServiceAttributes },
  defaultPaging: { type: oneOf('index', 'cursor'), default: 'index' },
  cursorTimeoutSeconds: { type: whole(1, 31_536_000), default: 3_600 },
  cursorSecret: {
    type: custom<string | Uint8Array>(
      'at least 32 characters or bytes, made at random',
      (value) => (typeof value === 'string' || value instanceof Uint8Array) && value.length >= 32,
    ),
    secret: true,
    shown: 'random',
  },
  advertisePagination: { type: flag, default: false },
  authenticationSchemes: {
    type: listOf(record<JsonObject>()),
    default: [bearerScheme],
    shown: 'OAuth bearer tokens',
  },
  documentationUri: { type: httpUrl, shown: 'absent' },
  audit: { type: oneOf('required', 'bestEffort'), default: 'bestEffort' },
  onEvent: { type: callback<NonNullable<ScimOptions['onEvent']>>(), ...none },
  onError: {
    type: callback<NonNullable<ScimOptions['onError']>>(),
    shown: '`DEBUG=label-studio-scim:error`',
  },
  onPending: { type: callback<(tenant: string) => void>(), ...none },
  record: { type: callback<RecordStep>(), ...none },
  clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
  generateId: { type: callback<() => string>(), shown: 'time-ordered UUID' },
})

/** An absolute http(s) URL without query, fragment and credentials (RFC 7644 §1.3). */
function isBaseUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value) || /[?#]/.test(value)) return false
  const { protocol, username } = new URL(value)
  return /^https?:$/.test(protocol) && username === ''
}
