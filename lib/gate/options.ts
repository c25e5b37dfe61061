import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import {
  callback,
  custom,
  listOf,
  nested,
  oneOf,
  optionTable,
  type Resolved,
  text,
  whole,
} from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import type { Identity } from './decide.js'
import type { RequestPolicy } from './enforce.js'
import { labelStudioForms, type SignInForm } from './forms.js'

/** What is known of the people behind a request. */
export interface Identification {
  /**
   * Everybody whose credentials the request carries; nobody for an anonymous one. A cookie and a
   * token can belong to different people: then the request is refused when any one of them is to be
   * kept out.
   */
  readonly identities: readonly Identity[]
  /** False when one of the credentials could not be looked up now. */
  readonly isComplete: boolean
  /**
   * A credential names somebody and is not accepted. Where nobody is known, all of them are taken
   * off the request: what is refused now may be accepted when it arrives.
   */
  readonly isRefused?: boolean
}

/** Finds out who a request belongs to, from its headers alone. */
export type Identify = (request: {
  readonly headers: IncomingHttpHeaders
}) => Promise<Identification>

/** Options of `accessGate`. */
export interface AccessGateOptions {
  /**
   * Who a request belongs to, e.g. `identifyLabelStudioUser({ url })`. A rejection counts as not
   * complete.
   */
  readonly identify: Identify
  /** Tenant of the people behind the gate. Default `default`. */
  readonly tenant?: string
  /**
   * People with an account whom SCIM never had, or whom an import has listed and the IdP never took
   * over: `allow` (default), or `refuse` when every account is to be managed by the IdP. Protected
   * people whom SCIM lists, such as the owner, are let in.
   */
  readonly unknownPeople?: 'allow' | 'refuse'
  /**
   * Who may do what in the application, e.g. `labelStudioPolicy({ url, token })`. Default `false`:
   * whoever may come in may do what the application lets them.
   */
  readonly enforce?: RequestPolicy | false
  /**
   * Requests with credentials whose owner cannot be determined now: `refuse` with 503 (default), or
   * `allow`.
   */
  readonly whenUnavailable?: 'refuse' | 'allow'
  /**
   * Forms by which people come in, recognised by the end of their path. Default: those of Label
   * Studio.
   */
  readonly forms?: readonly SignInForm[]
  /** How often open sockets are looked at again, in milliseconds. 100 to 60 000. Default 1000. */
  readonly recheckMs?: number
  /** Longest time a store may take to answer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Default: the system's clock. Links for sign-up expire by it. */
  readonly clock?: () => Date
}

const signInForm = nested<SignInForm>({
  purpose: { type: oneOf('signIn', 'signUp'), required: true },
  path: {
    type: text('a path in lower case, such as "/user/login"', (path) =>
      /^\/[^A-Z]*[^A-Z/]$/.test(path),
    ),
    required: true,
  },
  field: { type: text(), required: true },
})

/** The options of `accessGate`. */
export const gateTable = optionTable<AccessGateOptions>()('accessGate', 'ERR_SCIM_GATE', {
  identify: { type: callback<Identify>('identifyLabelStudioUser({ url })'), required: true },
  tenant: { type: text(), default: 'default' },
  enforce: {
    type: custom<RequestPolicy | false>(
      'a policy such as labelStudioPolicy({ url, token }), or false',
      (value) => value === false || typeof (value as RequestPolicy | null)?.decide === 'function',
    ),
    default: false,
  },
  unknownPeople: { type: oneOf('allow', 'refuse'), default: 'allow' },
  whenUnavailable: { type: oneOf('refuse', 'allow'), default: 'refuse' },
  forms: { type: listOf(signInForm), default: labelStudioForms, shown: 'those of Label Studio' },
  recheckMs: { type: whole(100, 60_000), default: 1_000 },
  timeoutMs: { type: whole(1, 600_000), default: 10_000 },
  clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
})

/** Options with every default filled in. */
export type ResolvedGateOptions = Resolved<AccessGateOptions, typeof gateTable.rows> & {
  readonly newId: () => string
}

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_GATE` naming the option and the fix
 */
export function gateOptions(given: AccessGateOptions): ResolvedGateOptions {
  return { ...readOptions(gateTable, given), newId: randomUUID }
}
