import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import { checkScope, type GivenScope } from '../configuration/check-scope.js'
import { callback, oneOf, optionTable, type Resolved, whole } from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import { ConfigurationError } from '../errors.js'
import { auditEntry, subjectOf } from '../events/audit-entry.js'
import type { AuditEntry } from '../events/catalogue.js'
import { tell } from '../events/emitter.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import { checkTenant } from '../stores/check-tenant.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { foldEmail } from './email.js'
import { enforceNow } from './enforce-now.js'
import { findByAddress } from './people.js'
import { hasSignedIn, rememberSignIn } from './signed-in.js'
import { isFormerAddress, standingOf, strongest } from './standing.js'

const debug = createDebug('label-studio-scim:access')

/** The decision about a person who signs in. */
export interface SignInDecision {
  /** Whether the person may enter. */
  readonly allowed: boolean
  /**
   * `active`: a SCIM user with access. `deprovisioned`: a SCIM user whose access has ended.
   * `unknown`: SCIM never had anybody with this address, or only lists them from an import and does
   * not manage them.
   */
  readonly reason: 'active' | 'deprovisioned' | 'unknown'
  /** SCIM id of the person, when `active`. */
  readonly userId?: string
}

/** Options of `onSignIn`. */
export interface SignInOptions {
  /**
   * Whether to let in people whom SCIM never had, such as the owner and service accounts, or whom
   * an import has only listed. Default `allow`, as with the access gate.
   */
  readonly unknownPeople?: 'allow' | 'refuse'
  /**
   * How long to wait for the access that a first sign-in completes, in milliseconds; after that the
   * reconciler finishes it. Default 5000.
   */
  readonly timeoutMs?: number
  /** Called with `user.signedIn` and the events of what was granted. */
  readonly onEvent?: (event: AuditEntry) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
}

/** The options of `onSignIn`. */
export const signInTable = optionTable<SignInOptions>()('onSignIn', 'ERR_SCIM_SIGN_IN', {
  unknownPeople: { type: oneOf('allow', 'refuse'), default: 'allow' },
  timeoutMs: { type: whole(1, 600_000), default: 5_000 },
  onEvent: { type: callback<(event: AuditEntry) => void>(), default: () => {}, shown: 'none' },
  clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
})

/**
 * To be called by a host with single sign-on when the identity provider has told who somebody is,
 * before a session is made. It decides from what is stored at that moment, and completes what
 * waited for the first sign-in: the workspaces and projects of people whose organization role is
 * Not Activated. Failing to complete refuses nobody; the person stays pending and the reconciler
 * goes on.
 *
 * @param scope the tenant, e.g. `{ tenant: 'default' }`, or a whole scope
 * @param email the address that the identity provider vouches for
 * @throws ConfigurationError `ERR_SCIM_SIGN_IN` when an option, the tenant or the address is
 *   missing or wrong: whoever cannot be looked up is never allowed
 */
export async function onSignIn(
  adapters: Adapters,
  scope: Scope | { readonly tenant: string },
  email: string,
  given: SignInOptions = {},
): Promise<SignInDecision> {
  checkAdapters('onSignIn', adapters)
  const options = readOptions(signInTable, given)
  checkScope(signInTable, scope)
  checkTenant(signInTable, adapters, scope.tenant)
  checkEmail(email)
  const whole = wholeScope(scope)
  const { own: people, others } = await findByAddress(adapters)(whole, email.trim())
  const standings = await Promise.all(people.map((user) => standingOf(adapters, whole, user)))
  const user = people[standings.indexOf('active')]
  if (user) {
    await completeSignIn({ adapters, options }, whole, user)
    return { allowed: true, reason: 'active', userId: user.id }
  }
  const elsewhere = await Promise.all(others.map((each) => standingOf(adapters, whole, each)))
  const standing = standings.length > 0 ? strongest(standings) : strongest(elsewhere)
  const isDeparted =
    people.length + others.length > 0
      ? standing === 'deprovisioned'
      : await isFormerAddress(adapters, whole, foldEmail(email))
  if (isDeparted) return { allowed: false, reason: 'deprovisioned' }
  return { allowed: options.unknownPeople === 'allow', reason: 'unknown' }
}

/** @throws ConfigurationError when the identity provider sent no address */
function checkEmail(email: unknown): void {
  if (typeof email === 'string' && email.trim() !== '') return
  throw new ConfigurationError(
    signInTable.code,
    'onSignIn: the e-mail address is missing. Give the address that the identity provider ' +
      'vouches for, and refuse people for whom it sends none.',
  )
}

function wholeScope({ tenant, actor, requestId, signal }: GivenScope): Scope {
  return {
    tenant,
    actor: actor ?? 'sign-in',
    requestId: requestId ?? randomUUID(),
    signal: signal ?? AbortSignal.timeout(30_000),
  }
}

interface SignInContext {
  readonly adapters: Adapters
  readonly options: Resolved<SignInOptions, typeof signInTable.rows>
}

async function completeSignIn(
  { adapters, options }: SignInContext,
  scope: Scope,
  user: User,
): Promise<void> {
  const { timeoutMs, onEvent, clock } = options
  const emit = (event: AuditEntry) =>
    tell(onEvent, [event], (error) => debug('onEvent failed: %O', error))
  const entry = auditEntry(scope, clock(), { event: 'user.signedIn', target: subjectOf(user) })
  const { at } = entry
  await adapters.audit?.append(scope, [entry])
  emit(entry)
  const { access } = adapters
  if (!access) return
  if (!(await hasSignedIn(access, scope, user.id))) await rememberSignIn(access, scope, user.id, at)
  // Also at later sign-ins, in case the process ended before it set the mark at the first one.
  else if (!(await access.getRecord(scope, user.id))?.deferred.length) return
  await access.mark(scope, [user.id])
  const context = { adapters: { ...adapters, access }, clock, emit }
  await enforceNow(context, scope, user.id, { timeoutMs, retryAfterSeconds: 1 }).catch(
    (error: unknown) => debug('the first sign-in of %s waits for the host: %O', user.id, error),
  )
}
