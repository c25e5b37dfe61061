import type { AccessAdapters, Reconciler } from '../access/index.js'
import { ConfigurationError } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'
import { createGuard, type Guard } from '../http/guard.js'
import { type MappingPolicy, mappingPolicy } from '../mapping/index.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import type { Authorize } from './authorize.js'

/** A project that rules can name. */
export interface ProjectChoice {
  readonly id: number
  readonly title: string
}

/** What a host gives to `settingsRouter`. Everything but `authorize` has a default. */
export interface SettingsOptions {
  /** Decides who may use the settings; `adminTokens(…)` makes one. */
  readonly authorize: Authorize
  /** How rules are read; only for adapters that do not say so themselves (`adapters.policy`). */
  readonly policy?: Partial<MappingPolicy>
  /** Titles of the organization's workspaces: suggestions, and new rules with others are refused. Default: any title. */
  readonly workspaces?: (scope: Scope) => Promise<readonly string[]>
  /** The organization's projects: suggestions, and new rules with others are refused. Default: any number. */
  readonly projects?: (scope: Scope) => Promise<readonly ProjectChoice[]>
  /** Woken up after changes, and shown on the status page. */
  readonly reconciler?: Reconciler
  /** Address at which identity providers reach SCIM, shown to administrators. Default: not shown. */
  readonly scimUrl?: string
  /** Share of the people with access above which their loss by new rules must be confirmed. 0 to 1. Default 0.1. */
  readonly lossWarningShare?: number
  /** As `massLossShare` of `scimRouter`: saving rules through the API by which more lose access answers 409. Default 0.25. */
  readonly massLossShare?: number
  /** As `massLossLeast` of `scimRouter`. Default 10. */
  readonly massLossLeast?: number
  /** Key that seals the page's session cookie: at least 32 characters, the same on every host behind one address. Default: random. */
  readonly sessionSecret?: string
  /** How long a sign-in at the page lasts, in minutes. 1 to 10 080. Default 480. */
  readonly sessionMinutes?: number
  /** Failed sign-ins and tokens of one address in a minute, after which it has to wait. 1 to 10 000. Default 10. */
  readonly failedSignInsPerMinute?: number
  /** Largest body of a request, in bytes. At least 1024. Default 8 MiB. */
  readonly maxPayloadBytes?: number
  /** Told of every event after its change is durable. */
  readonly onEvent?: (event: AuditEntry) => void
  /** Told of every unexpected failure; administrators only see the request id. Default: `debug`. */
  readonly onError?: (error: unknown, about: { readonly requestId: string }) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
}

/** Every default that does not depend on something else. */
export const defaults = {
  lossWarningShare: 0.1,
  massLossShare: 0.25,
  massLossLeast: 10,
  sessionMinutes: 480,
  failedSignInsPerMinute: 10,
  maxPayloadBytes: 8_388_608,
} as const satisfies Partial<SettingsOptions>

/** What the settings work with: the host's options with every default filled in. */
export interface SettingsContext
  extends Pick<
    SettingsOptions,
    'authorize' | 'workspaces' | 'projects' | 'reconciler' | 'scimUrl' | 'sessionSecret'
  > {
  readonly adapters: AccessAdapters
  readonly policy: MappingPolicy
  readonly lossWarningShare: number
  readonly massLossShare: number
  readonly massLossLeast: number
  readonly sessionMinutes: number
  readonly guard: Guard
  readonly maxPayloadBytes: number
  readonly onError: NonNullable<SettingsOptions['onError']>
  readonly emit: (event: AuditEntry) => void
  readonly clock: () => Date
}

/** Counts the failed sign-ins of this process. */
function guardOf(failedAuthenticationsPerMinute: number, clock: () => Date): Guard {
  const limits = { maxRequestsInFlight: Number.POSITIVE_INFINITY }
  return createGuard({ limits, rateLimits: { failedAuthenticationsPerMinute }, clock })
}

type Check = readonly [boolean, string, string]

/**
 * A context from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_SETTINGS` naming the option and the fix
 */
export function settingsContext(
  adapters: Adapters,
  options: SettingsOptions,
  report: SettingsContext['onError'],
): SettingsContext {
  const { access } = adapters
  if (!access) {
    throw wrong('adapters.access', 'is missing; the settings keep the mapping rules there')
  }
  const given = { ...defaults, ...options }
  const problem = checksOf(given).find(([ok]) => !ok)
  if (problem) throw wrong(problem[1], problem[2])
  const {
    onError = report,
    onEvent = () => {},
    clock = () => new Date(),
    policy: _,
    failedSignInsPerMinute,
    ...rest
  } = given
  return {
    ...rest,
    adapters: { ...adapters, access },
    policy: policyOf(adapters, options.policy),
    onError,
    emit: safely(onEvent, onError),
    guard: guardOf(failedSignInsPerMinute, clock),
    clock,
  }
}

function checksOf(
  given: SettingsOptions & Record<keyof typeof defaults, number>,
): readonly Check[] {
  const { sessionSecret, scimUrl } = given
  return [
    [isFunction(given.authorize), 'authorize', 'must be a function, e.g. adminTokens([…])'],
    ...(['workspaces', 'projects', 'onEvent', 'onError', 'clock'] as const).map(
      (name): Check => [
        given[name] === undefined || isFunction(given[name]),
        name,
        'must be a function',
      ],
    ),
    [
      given.reconciler === undefined || isFunction(given.reconciler.kick),
      'reconciler',
      'must be what createReconciler returns',
    ],
    [isWithin(given.lossWarningShare, 0, 1), 'lossWarningShare', 'must be a number from 0 to 1'],
    [isWithin(given.massLossShare, 0, 1), 'massLossShare', 'must be a number from 0 to 1'],
    [
      Number.isInteger(given.massLossLeast) && given.massLossLeast >= 1,
      'massLossLeast',
      'must be a whole number of at least 1',
    ],
    [
      Number.isInteger(given.sessionMinutes) && isWithin(given.sessionMinutes, 1, 10_080),
      'sessionMinutes',
      'must be a whole number from 1 to 10080',
    ],
    [
      Number.isInteger(given.failedSignInsPerMinute) &&
        isWithin(given.failedSignInsPerMinute, 1, 10_000),
      'failedSignInsPerMinute',
      'must be a whole number from 1 to 10000',
    ],
    [
      Number.isInteger(given.maxPayloadBytes) && given.maxPayloadBytes >= 1024,
      'maxPayloadBytes',
      'must be a whole number of at least 1024',
    ],
    [
      sessionSecret === undefined ||
        (typeof sessionSecret === 'string' && sessionSecret.length >= 32),
      'sessionSecret',
      'must be a text of at least 32 characters',
    ],
    [
      scimUrl === undefined || (typeof scimUrl === 'string' && /^https?:\/\//.test(scimUrl)),
      'scimUrl',
      'must be an absolute http or https URL',
    ],
  ]
}

/** Two readings of the same rules would show one thing and grant another. */
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
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      onError(error, { requestId: event.requestId })
    }
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}

function wrong(option: string, problem: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_SETTINGS', `settingsRouter: ${option} ${problem}.`)
}
