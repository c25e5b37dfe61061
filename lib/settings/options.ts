import type { AccessAdapters, Reconciler } from '../access/index.js'
import {
  between,
  callback,
  custom,
  httpUrl,
  optionTable,
  type Resolved,
  record,
  text,
  whole,
} from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import { ConfigurationError } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'
import { tell } from '../events/emitter.js'
import { createGuard, type Guard } from '../http/guard.js'
import { type MappingPolicy, mappingPolicy } from '../mapping/index.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import type { HostAccount } from '../stores/host-account.js'
import type { Scope } from '../stores/scope.js'
import type { TokenStore } from '../stores/token-store.js'
import type { Authorize } from './authorize.js'
import { type ProgressMeter, progressMeter } from './reports/progress.js'

/** A project that rules can name. */
export interface ProjectChoice {
  readonly id: number
  readonly title: string
}

/** Options of `settingsRouter`. Everything but `authorize` has a default. */
export interface SettingsOptions {
  /** Decides who may use the settings; `adminTokens(…)` makes one. */
  readonly authorize: Authorize
  /** The mapping policy. Only for adapters without their own (`adapters.policy`). */
  readonly policy?: Partial<MappingPolicy>
  /**
   * Titles of the organization's workspaces, as suggestions; new rules with other titles are
   * refused. Default: any title.
   */
  readonly workspaces?: (scope: Scope) => Promise<readonly string[]>
  /**
   * The organization's projects, as suggestions; new rules with other projects are refused.
   * Default: any id.
   */
  readonly projects?: (scope: Scope) => Promise<readonly ProjectChoice[]>
  /**
   * Accounts of the host that the identity provider does not know, for `GET /api/scim/accounts`.
   * Default: none.
   */
  readonly accounts?: (scope: Scope) => Promise<readonly HostAccount[]>
  /** The reconciler to wake after changes and to show on the status page. */
  readonly reconciler?: Reconciler
  /**
   * Store of the tokens that administrators make for identity providers: `adapters.tokens`. Pass it
   * to `bearerTokens` as well (`store`). Default: tokens are given only in code.
   */
  readonly tokens?: TokenStore
  /**
   * URL at which identity providers reach SCIM, shown to administrators, or its path at the origin
   * of the page, e.g. `/scim/v2`. Default: not shown.
   */
  readonly scimUrl?: string
  /**
   * URL of Label Studio for a link back, or its path at the origin of the page. Default: no link.
   */
  readonly labelStudioUrl?: string
  /**
   * A loss by new rules must be confirmed if it affects more than this share of the people with
   * access. 0 to 1. Default 0.1.
   */
  readonly lossWarningShare?: number
  /**
   * As `massLossShare` of `scimRouter`: saving rules through the API answers 409 if a larger share
   * loses access. Default 0.25.
   */
  readonly massLossShare?: number
  /** As `massLossLeast` of `scimRouter`. Default 10. */
  readonly massLossLeast?: number
  /**
   * Key that seals the session cookie of the page: at least 32 characters, the same on every host
   * behind one address. Default: random.
   */
  readonly sessionSecret?: string
  /** How long a sign-in at the page lasts, in minutes. 1 to 10 080. Default 480. */
  readonly sessionMinutes?: number
  /**
   * How many sign-ins and tokens of an address may fail per minute before it has to wait.
   * 1 to 10 000. Default 10.
   */
  readonly failedSignInsPerMinute?: number
  /**
   * Maximum size of a request body, in bytes. At least 1024. A form of somebody who has not signed
   * in has at most 512 KiB. Default 8 MiB.
   */
  readonly maxPayloadBytes?: number
  /**
   * Milliseconds until a request answers 503. Saving rules continues in the background. Default 60
   * 000.
   */
  readonly requestTimeoutMs?: number
  /** Maximum number of requests in progress. Further requests answer 503. Default 100. */
  readonly maxRequestsInFlight?: number
  /** Called with every event after its change is durable. */
  readonly onEvent?: (event: AuditEntry) => void
  /**
   * Called with every unexpected failure. Administrators see only the request id. Default: `debug`.
   */
  readonly onError?: (error: unknown, about: { readonly requestId: string }) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
}

const maxBodyBytes = 536_870_912

const urlOrPath = custom<string>(
  `${httpUrl.wanted}, or a path`,
  (value) => httpUrl.accepts(value) || /^\/(?!\/)[\w\-./~%]*$/.test(String(value)),
)

/** The options of `settingsRouter`. */
export const settingsTable = optionTable<SettingsOptions>()('settingsRouter', 'ERR_SCIM_SETTINGS', {
  authorize: { type: callback<Authorize>('adminTokens([…])'), required: true, secret: true },
  policy: { type: record<Partial<MappingPolicy>>(), shown: 'that of the adapters' },
  workspaces: { type: callback<NonNullable<SettingsOptions['workspaces']>>(), shown: 'any title' },
  projects: { type: callback<NonNullable<SettingsOptions['projects']>>(), shown: 'any number' },
  accounts: {
    type: callback<NonNullable<SettingsOptions['accounts']>>(),
    shown: 'none are listed',
  },
  reconciler: {
    type: custom<Reconciler>(
      'what createReconciler returns',
      (value) => typeof (value as Partial<Reconciler> | null)?.wake === 'function',
    ),
    shown: 'none',
  },
  tokens: {
    type: custom<TokenStore>(
      'a store of tokens, e.g. the `tokens` of sqlAdapters(…)',
      (value) => typeof (value as Partial<TokenStore> | null)?.listUses === 'function',
    ),
    shown: 'none',
  },
  scimUrl: { type: urlOrPath, shown: 'not shown' },
  labelStudioUrl: { type: urlOrPath, shown: 'no link' },
  lossWarningShare: { type: between(0, 1), default: 0.1 },
  massLossShare: { type: between(0, 1), default: 0.25 },
  massLossLeast: { type: whole(1, 1_000_000_000), default: 10 },
  sessionSecret: {
    type: text('text of at least 32 characters', (value) => value.length >= 32),
    secret: true,
    shown: 'random',
  },
  sessionMinutes: { type: whole(1, 10_080), default: 480 },
  failedSignInsPerMinute: { type: whole(1, 10_000), default: 10 },
  maxPayloadBytes: { type: whole(1_024, maxBodyBytes), default: 8_388_608 },
  requestTimeoutMs: { type: whole(1, 3_600_000), default: 60_000 },
  maxRequestsInFlight: { type: whole(1, 1_000_000), default: 100 },
  onEvent: { type: callback<(event: AuditEntry) => void>(), shown: 'none' },
  onError: {
    type: callback<NonNullable<SettingsOptions['onError']>>(),
    shown: '`DEBUG=label-studio-scim:settings`',
  },
  clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
})

/** The context of the settings: the host's options with every default filled in. */
export interface SettingsContext
  extends Omit<
    Resolved<SettingsOptions, typeof settingsTable.rows>,
    'onEvent' | 'policy' | 'onError' | 'failedSignInsPerMinute'
  > {
  readonly adapters: AccessAdapters
  readonly policy: MappingPolicy
  /** Counts requests in progress and failed sign-ins, in this process. */
  readonly guard: Guard
  readonly onError: NonNullable<SettingsOptions['onError']>
  readonly emit: (event: AuditEntry) => void
  /** The progress of updates, as seen by this process. */
  readonly progress: ProgressMeter
}

/**
 * Makes a context from the options of a host.
 *
 * @throws ConfigurationError `ERR_SCIM_SETTINGS` naming the option and the fix
 */
export function settingsContext(
  adapters: Adapters,
  options: SettingsOptions,
  report: SettingsContext['onError'],
): SettingsContext {
  checkAdapters('settingsRouter', adapters)
  const { access } = adapters
  if (!access) {
    throw wrong('adapters.access', 'is missing; the settings keep the mapping rules there')
  }
  const {
    onError: given = report,
    onEvent = () => {},
    policy,
    failedSignInsPerMinute,
    ...rest
  } = readOptions(settingsTable, options)
  const onError: SettingsContext['onError'] = (error, about) =>
    tell(given, [error, about], (cause) => report(cause, about))
  return {
    ...rest,
    adapters: { ...adapters, access },
    policy: policyOf(adapters, policy),
    onError,
    emit: safely(onEvent, onError),
    progress: progressMeter(rest),
    guard: createGuard({
      limits: rest,
      rateLimits: { failedAuthenticationsPerMinute: failedSignInsPerMinute },
      clock: rest.clock,
    }),
  }
}

/**
 * Refuses a second policy. With two policies, the page would show one thing and the adapters would
 * grant another.
 */
function policyOf(adapters: Adapters, given: Partial<MappingPolicy> | undefined): MappingPolicy {
  const { policy } = adapters
  if (!policy) return mappingPolicy(given)
  const differing = Object.entries(given ?? {}).find(
    ([name, value]) => policy[name as keyof MappingPolicy] !== value,
  )
  if (!differing) return policy
  throw wrong(`policy.${differing[0]}`, 'is not that of the adapters; give it to the adapters only')
}

function safely(
  listener: (event: AuditEntry) => void,
  onError: SettingsContext['onError'],
): (event: AuditEntry) => void {
  return (event) =>
    tell(listener, [event], (error) => onError(error, { requestId: event.requestId }))
}

function wrong(option: string, problem: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_SETTINGS', `settingsRouter: ${option} ${problem}.`)
}
