import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ConfigurationError } from '../errors.js'
import type { Identity } from './decide.js'
import { labelStudioForms, type SignInForm } from './forms.js'

/** What is known of the people behind a request. */
export interface Identification {
  /**
   * Everybody whose credentials the request carries; nobody for an anonymous one. A cookie and a token can belong to
   * different people: then the request is refused when any one of them is to be kept out.
   */
  readonly identities: readonly Identity[]
  /** False when one of the credentials could not be looked up now. */
  readonly isComplete: boolean
}

/** Finds out who a request belongs to, from its headers alone. */
export type Identify = (request: {
  readonly headers: IncomingHttpHeaders
}) => Promise<Identification>

/** Options of `accessGate`. */
export interface AccessGateOptions {
  /** Who a request belongs to, e.g. `identifyLabelStudioUser({ url })`. A rejection counts as not complete. */
  readonly identify: Identify
  /** Tenant of the people behind the gate. Default `default`. */
  readonly tenant?: string
  /**
   * People with an account whom SCIM never had, or whom an import has listed and the IdP never took over: `allow`
   * (default), or `refuse` when every account is to be managed by the IdP. Protected people whom SCIM lists, such as
   * the owner, are let in.
   */
  readonly unknownPeople?: 'allow' | 'refuse'
  /** Requests with credentials whose owner cannot be determined now: `refuse` with 503 (default), or `allow`. */
  readonly whenUnavailable?: 'refuse' | 'allow'
  /** Forms by which people come in, recognised by the end of their path. Default: those of Label Studio. */
  readonly forms?: readonly SignInForm[]
  /** How often open sockets are looked at again, in milliseconds. 100 to 60 000. Default 1000. */
  readonly recheckMs?: number
  /** Longest time a store may take to answer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Default: the system's clock. Links for sign-up expire by it. */
  readonly clock?: () => Date
}

/** Options with every default filled in. */
export type ResolvedGateOptions = Required<AccessGateOptions> & { readonly newId: () => string }

const defaults = {
  tenant: 'default',
  unknownPeople: 'allow',
  whenUnavailable: 'refuse',
  forms: labelStudioForms,
  recheckMs: 1_000,
  timeoutMs: 10_000,
  clock: () => new Date(),
  newId: randomUUID,
} as const

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_GATE` naming the option and the fix
 */
export function gateOptions(given: AccessGateOptions): ResolvedGateOptions {
  const options = { ...defaults, ...given }
  const isChoice = (value: string) => ['allow', 'refuse'].includes(value)
  const checks: readonly (readonly [boolean, string])[] = [
    [
      typeof options.identify === 'function',
      'identify must be a function, e.g. identifyLabelStudioUser({ url }).',
    ],
    [
      typeof options.tenant === 'string' && options.tenant !== '',
      'tenant must be a non-empty text.',
    ],
    [isChoice(options.unknownPeople), 'unknownPeople must be "allow" or "refuse".'],
    [isChoice(options.whenUnavailable), 'whenUnavailable must be "refuse" or "allow".'],
    [
      isWithin(options.recheckMs, 100, 60_000),
      'recheckMs must be a whole number from 100 to 60000.',
    ],
    [isWithin(options.timeoutMs, 1, 600_000), 'timeoutMs must be a whole number from 1 to 600000.'],
    [Array.isArray(options.forms), 'forms must be a list of { purpose, path, field }.'],
  ]
  const wrong = checks.find(([ok]) => !ok)
  if (wrong) throw new ConfigurationError('ERR_SCIM_GATE', `accessGate: ${wrong[1]}`)
  return options
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
