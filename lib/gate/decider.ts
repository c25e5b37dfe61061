import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import type { Adapters } from '../stores/adapters.js'
import type { GroupStore } from '../stores/group-store.js'
import type { Scope } from '../stores/scope.js'
import { type Identity, type LookUpStatus, statusLookUp } from './decide.js'
import { enforcerOf, mayUpgrade } from './enforce.js'
import { formDecider } from './form-decider.js'
import { formOf } from './forms.js'
import type { ResolvedGateOptions } from './options.js'
import { plainPath } from './paths.js'
import * as session from './session.js'
import { timeLimitOf } from './time-limit.js'
import { forbidden, pass, type Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** A verdict, and the people whom the request belongs to. */
export interface Decision {
  readonly verdict: Verdict
  readonly identities: readonly Identity[]
}

/** Decides about requests, sockets and the people behind them. */
export interface Decider {
  /**
   * About a request. Reads the body of a form and puts it back; may take credentials off, or add to
   * the query.
   */
  ofRequest(request: IncomingMessage): Promise<Verdict>
  /** About a request that asks for a socket: by the credentials, and by the policy. */
  ofUpgrade(request: IncomingMessage): Promise<Decision>
  /** By the credentials alone. */
  ofCredentials(request: IncomingMessage): Promise<Decision>
  decideForAll(identities: readonly Identity[]): Promise<Verdict>
}

const withdrawn = 'Your access has been withdrawn by your organization.'
const notGiven = 'You have not been given access by your organization.'
const ownSecret = 'This token belongs to the service that manages people, and is not accepted here.'
const reserved = 'Only the owner and administrators can do this.'

/** A decider over these adapters. It keeps nothing of what it finds in the stores. */
export function deciderOf(given: Adapters, options: ResolvedGateOptions): Decider {
  const adapters = resolvingOnce(given)
  const lookUpStatus = statusLookUp(adapters)
  const inTime = timeLimitOf(options)
  const decideForAll = everybodyDecider(options, (identity) =>
    inTime((scope) => lookUpStatus(scope, identity)),
  )
  const ofForm = formDecider(adapters, options, { lookUpStatus, inTime, decideForAll })
  const isOwnSecret = adapters.gate?.isOwnSecret
  const isReserved = reservation(adapters, lookUpStatus)
  const policy = options.enforce || undefined
  const enforcer = enforcerOf(adapters, policy, { lookUpStatus, inTime, clock: options.clock })

  async function ofCredentials(request: IncomingMessage): Promise<Decision> {
    if (isOwnSecret && session.secretsOf(request).some(isOwnSecret)) {
      return { verdict: forbidden(ownSecret), identities: [] }
    }
    const found = await options.identify(request).catch((error: unknown) => {
      debug('identify failed: %O', error)
      return { identities: [], isComplete: false, isRefused: false }
    })
    const { identities, isComplete, isRefused } = found
    if (isRefused && identities.length === 0) session.dropCredentials(request)
    const verdict = await decideForAll(identities)
    const isDecided = verdict.kind !== 'pass' || isComplete
    return { verdict: isDecided ? verdict : whenUnavailable(options), identities }
  }

  const isTheirs = async (request: IncomingMessage, identities: readonly Identity[]) =>
    identities.length === 0 || !(await inTime((scope) => isReserved(scope, request, identities)))

  async function ofUpgrade(request: IncomingMessage): Promise<Decision> {
    const { verdict, identities } = await ofCredentials(request)
    if (verdict.kind !== 'pass') return { verdict, identities }
    // Who does not speak the protocol answers as ever.
    if (!(await isTheirs(request, identities))) return { verdict: forbidden(reserved), identities }
    return { verdict: await mayUpgrade(policy, enforcer, request, identities), identities }
  }

  async function ofRequest(request: IncomingMessage): Promise<Verdict> {
    const byForm = await ofForm(request)
    if (byForm.kind !== 'pass') return byForm
    const { verdict, identities } = await ofCredentials(request)
    if (verdict.kind === 'refused' && verdict.status === 403) return ofShutOut(request, verdict)
    // Label Studio ends the session of who signs in over an old one that is nobody's any more.
    if (verdict.kind === 'pass' && identities.length === 0 && isSignIn(request, options)) {
      session.dropCredentials(request)
    }
    if (verdict.kind !== 'pass') return verdict
    if (!(await isTheirs(request, identities))) return forbidden(reserved)
    return enforcer(request, identities)
  }

  return { decideForAll, ofCredentials, ofUpgrade, ofRequest }
}

/** Who may come in and what they may do are two questions of one piece of work, with one answer. */
function resolvingOnce(adapters: Adapters): Adapters {
  const { groups } = adapters
  const known = new WeakMap<Scope, Map<string, ReturnType<GroupStore['resolveAccess']>>>()
  const resolveAccess: GroupStore['resolveAccess'] = (scope, user) => {
    const people = known.get(scope) ?? new Map()
    known.set(scope, people)
    const access = people.get(user.id) ?? groups.resolveAccess(scope, user)
    people.set(user.id, access)
    return access
  }
  return { ...adapters, groups: { ...groups, resolveAccess } }
}

/** Everybody whose credentials a request carries must be let in. */
function everybodyDecider(
  { unknownPeople }: ResolvedGateOptions,
  lookUpStatus: (identity: Identity) => ReturnType<LookUpStatus>,
): Decider['decideForAll'] {
  return async (identities) => {
    for (const identity of identities) {
      const { standing } = await lookUpStatus(identity)
      if (standing === 'deprovisioned') return forbidden(withdrawn)
      if (standing === 'unknown' && unknownPeople === 'refuse') return forbidden(notGiven)
    }
    return pass
  }
}

/** Whether a request is for administrators and not theirs. */
function reservation({ gate, groups }: Adapters, lookUpStatus: LookUpStatus) {
  const isAdministrator = async (scope: Scope, identity: Identity): Promise<boolean> => {
    if (await gate?.isOwner?.(scope, identity)) return true
    const { user } = await lookUpStatus(scope, identity)
    return user !== undefined && (await groups.resolveAccess(scope, user)).role === 'Administrator'
  }
  return async (
    scope: Scope,
    { method = 'GET', url = '' }: IncomingMessage,
    identities: readonly Identity[],
  ): Promise<boolean> => {
    if (!(await gate?.isReserved?.(scope, { method, path: plainPath(url) }))) return false
    for (const identity of identities) {
      if (!(await isAdministrator(scope, identity))) return true
    }
    return false
  }
}

/** Whoever is shut out can leave, and somebody else can sign in with the same browser. */
function ofShutOut(
  request: IncomingMessage,
  refusal: Extract<Verdict, { kind: 'refused' }>,
): Verdict {
  if (session.isSignOut(request)) {
    const location = session.signInPage(request)
    return { kind: 'redirect', location, cookie: session.endedSession }
  }
  if (session.isOpenPage(request)) {
    session.dropCredentials(request)
    return pass
  }
  return { ...refusal, endsSession: session.hasOnlyCookie(request) }
}

function isSignIn(request: IncomingMessage, { forms }: ResolvedGateOptions): boolean {
  return formOf(request, forms)?.purpose === 'signIn'
}

/** What a policy decides depends on who asks, so nobody unknown passes where there is one. */
function whenUnavailable({ whenUnavailable, enforce }: ResolvedGateOptions): Verdict {
  if (whenUnavailable === 'allow' && (!enforce || enforce.mode === 'report')) return pass
  return {
    kind: 'refused',
    status: 503,
    detail: 'It could not be determined who you are. Try again in a moment.',
    retryAfterSeconds: 5,
  }
}
