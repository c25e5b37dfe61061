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

/** The people behind a request, as far as they are known. */
export interface Identification {
  /**
   * Everybody whose credentials the request carries; empty for an anonymous request. A cookie and a
   * token can belong to different people: the request is refused if any of them must be kept out.
   */
  readonly identities: readonly Identity[]
  /** `false` if one of the credentials could not be looked up now. */
  readonly isComplete: boolean
  /**
   * Names of the headers, as they were sent, whose credential names a person and is not accepted.
   * They are removed from the request: a credential that is refused now might be accepted when it
   * arrives, as somebody about whom nobody was asked.
   */
  readonly refused?: readonly string[]
}

/** Finds out to whom a request belongs, from its headers alone. */
export type Identify = (request: {
  readonly headers: IncomingHttpHeaders
}) => Promise<Identification>

/** Options of `accessGate`. */
export interface AccessGateOptions {
  /**
   * Finds out to whom a request belongs; `identifyLabelStudioUser({ url })` makes one. A rejection
   * counts as incomplete.
   */
  readonly identify: Identify
  /** Tenant of the people behind the gate. Default `default`. */
  readonly tenant?: string
  /**
   * What to do with people who have an account but are not managed through SCIM (never known, or
   * only listed by an import): `allow` (default), or `refuse` if the IdP is to manage every
   * account. Protected people whom SCIM lists, such as the owner, are always let in.
   */
  readonly unknownPeople?: 'allow' | 'refuse'
  /**
   * Decides what people may do in the application; `labelStudioPolicy({ url, token })` makes one.
   * Default `false`: people who may enter may do whatever the application allows.
   */
  readonly enforce?: RequestPolicy | false
  /**
   * What to do with requests whose credentials cannot be resolved to a person now: `refuse` with
   * 503 (default), or `allow`.
   */
  readonly whenUnavailable?: 'refuse' | 'allow'
  /**
   * Forms with which people sign in or sign up, recognised by the end of their path. Default: those
   * of Label Studio.
   */
  readonly forms?: readonly SignInForm[]
  /** How often open sockets are checked again, in milliseconds. 100 to 60 000. Default 1000. */
  readonly recheckMs?: number
  /** Longest time a store may take to answer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Decides when sign-up links expire. Default: the system's clock. */
  readonly clock?: () => Date
}

const signInForm = nested<SignInForm>({
  purpose: { type: oneOf('signIn', 'signUp', 'token'), required: true },
  path: {
    type: text('a path in lower case, such as "/user/login"', (path) =>
      /^\/[^A-Z]*[^A-Z/]$/.test(path),
    ),
    required: true,
  },
  field: { type: text(), required: true },
})

function isPolicy(value: unknown): value is RequestPolicy {
  const { mode, isOpen, decide } = (value ?? {}) as Partial<RequestPolicy>
  const isMode = mode === 'enforce' || mode === 'report'
  return isMode && typeof isOpen === 'function' && typeof decide === 'function'
}

/** The options of `accessGate`. */
export const gateTable = optionTable<AccessGateOptions>()('accessGate', 'ERR_SCIM_GATE', {
  identify: { type: callback<Identify>('identifyLabelStudioUser({ url })'), required: true },
  tenant: { type: text(), default: 'default' },
  enforce: {
    type: custom<RequestPolicy | false>(
      'a policy such as labelStudioPolicy({ url, token }), with "mode" ("enforce" or "report"), ' +
        '"isOpen" and "decide"; or false',
      (value) => value === false || isPolicy(value),
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
