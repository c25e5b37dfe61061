import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import { stopwatch } from '../clock.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import { checkIdentification } from './check-identification.js'
import { type Identity, type LookUpStatus, statusLookUp } from './decide.js'
import { type BodyNeeded, type Enforcer, enforcerOf, mayUpgrade } from './enforce.js'
import { formDecider } from './form-decider.js'
import { formOf } from './forms.js'
import { type Held, heldBytes, tooMuchHeld } from './held-bytes.js'
import { lookingUpOnce, resolvingOnce } from './once.js'
import type { Identification, ResolvedGateOptions } from './options.js'
import { plainPath } from './paths.js'
import { readBody } from './read-body.js'
import * as session from './session.js'
import { timeLimitOf } from './time-limit.js'
import { forbidden, type Pass, pass, type Refusal, type Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** A verdict, and the people to whom the request belongs. */
export interface Decision {
  readonly verdict: Verdict
  readonly identities: readonly Identity[]
}

/** A verdict about a request. */
export interface RequestDecision {
  readonly verdict: Verdict
  /** Decides again, by what is stored then, for a request that has passed. */
  readonly again: () => Promise<Verdict>
  /** Counts what is kept of the request and its answer. */
  readonly held?: Held
}

/** Decides about requests, sockets and the people behind them. */
export interface Decider {
  /**
   * Decides about a request. Reads the body of a form and puts it back; may remove credentials or
   * add to the query. `whenOver` is to call what it gets when the request is answered.
   */
  ofRequest(
    request: IncomingMessage,
    whenOver: (tell: () => void) => void,
  ): Promise<RequestDecision>
  /** Decides about an upgrade, by its credentials and the policy. */
  ofUpgrade(request: IncomingMessage): Promise<Decision>
  /** Decides by the credentials alone. */
  ofCredentials(request: IncomingMessage): Promise<Decision>
  decideForAll(identities: readonly Identity[]): Promise<Verdict>
}

const withdrawn = 'Your access has been withdrawn by your organization.'
const notGiven = 'You have not been given access by your organization.'
const notUnderstood = 'The request could not be understood.'
const ownSecret = 'This token belongs to the service that manages people, and is not accepted here.'
const reserved = 'Only the owner and administrators can do this.'

/** Makes a decider for these adapters. It caches nothing from the stores. */
export function deciderOf(given: Adapters, options: ResolvedGateOptions): Decider {
  const adapters = resolvingOnce(given)
  const lookUpStatus = lookingUpOnce(statusLookUp(adapters))
  const inTime = timeLimitOf(options)
  const standings = standingDecider(options, lookUpStatus)
  const decideForAll: Decider['decideForAll'] = (identities) =>
    inTime((scope) => standings(scope, identities))
  const ofForm = formDecider(adapters, options, { lookUpStatus, inTime, decideForAll })
  const policy = options.enforce || undefined
  const enforcer = enforcerOf(adapters, policy, { lookUpStatus, inTime, clock: options.clock })
  const identified = identification(adapters, options)
  const isReserved = reservation(adapters, lookUpStatus)
  const ofPeople = peopleDecider(options, { standings, isReserved, enforcer })
  const heldFor = heldBytes()

  async function ofCredentials(request: IncomingMessage): Promise<Decision> {
    const found = await identified(request)
    if ('kind' in found) return { verdict: found, identities: [] }
    const { identities, isComplete } = found
    const verdict = await decideForAll(identities)
    const isDecided = verdict.kind !== 'pass' || isComplete
    return { verdict: isDecided ? verdict : whenUnavailable(options), identities }
  }

  async function ofUpgrade(request: IncomingMessage): Promise<Decision> {
    const { verdict, identities } = await ofCredentials(request)
    if (verdict.kind !== 'pass') return { verdict, identities }
    const may = inTime(async (scope) => {
      // An application that does not speak the protocol answers as usual.
      if (await isReserved(scope, request, identities)) return forbidden(reserved)
      return mayUpgrade(policy, enforcer, { scope, request, identities })
    })
    return { verdict: await may, identities }
  }

  const ofRequest: Decider['ofRequest'] = async (request, whenOver) => {
    const byForm = await ofForm(request)
    if (byForm.kind !== 'pass') return final(byForm)
    const found = await identified(request)
    if ('kind' in found) return final(found)
    const { url } = request
    const isStill = (verdict: Pass) =>
      inTime((scope) => standsStill(standings, scope, { found, verdict }))
    const decide = (about: IncomingMessage, body?: Body, isRepeated = false) =>
      current(isStill, ({ isAgain, onRead }) => {
        // The policy may have changed it.
        about.url = url
        const more = { body, isRepeated: isRepeated || isAgain, onRead }
        return inTime((scope) => ofPeople(scope, about, found, more))
      })
    const last = async (about: IncomingMessage, body?: Body, isRepeated?: boolean) => {
      const verdict = await decide(about, body, isRepeated)
      return verdict.kind === 'body' ? forbidden(notUnderstood) : verdict
    }
    const again = (body?: Body) => () => last(copyOf(request, url), body, true)
    const first = await decide(request)
    const held = heldFor(found.identities)
    whenOver(held.release)
    if (first.kind !== 'body') return { verdict: first, again: again(), held }
    // The client may take long to send the body, and people may lose their access meanwhile.
    const body = await readHeld(request, first.length, held)
    if (typeof body === 'object' && 'kind' in body) return final(body)
    return { verdict: await last(request, body), again: again(body), held }
  }

  return { decideForAll, ofCredentials, ofUpgrade, ofRequest }
}

/** What is passed on stays as it is. */
function copyOf(request: IncomingMessage, url: string | undefined): IncomingMessage {
  return Object.create(request, { url: { value: url, writable: true } })
}

/** Reads a body that the policy needs, unless its people have too much in memory. */
async function readHeld(
  request: IncomingMessage,
  length: number,
  held: Held,
): Promise<Body | Refusal> {
  // It keeps nothing, and will not tell when it closes: it has.
  if (request.destroyed) return readBody(request, length)
  if (!held.take(length)) return tooMuchHeld
  return readBody(request, length)
}

interface Passed {
  readonly found: Identification
  readonly verdict: Pass
}

async function standsStill(
  standings: StandingDecider,
  scope: Scope,
  { found, verdict }: Passed,
): Promise<boolean> {
  const { kind } = await standings(scope, found.identities)
  return kind === 'pass' && ((await verdict.isStill?.(scope)) ?? true)
}

function final(verdict: Verdict): RequestDecision {
  return { verdict, again: () => Promise.resolve(verdict) }
}

/**
 * How long ago a person may have been read when their request passes, in milliseconds. A policy may
 * take longer to look something up.
 */
const freshMs = 10
const maxDecisions = 3
const changing: Verdict = {
  kind: 'refused',
  status: 503,
  detail: 'Your access is just being changed. Try again in a moment.',
  retryAfterSeconds: 1,
}

interface Attempt {
  /** Not the first one. */
  readonly isAgain: boolean
  /** To be called once the people have been read. */
  readonly onRead: () => void
}

/** Decides until nothing has changed meanwhile of what lets the request pass. */
async function current(
  isStill: (verdict: Pass) => Promise<boolean>,
  decide: (attempt: Attempt) => Promise<Verdict | BodyNeeded>,
): Promise<Verdict | BodyNeeded> {
  for (let made = 0; made < maxDecisions; made += 1) {
    let sinceRead = () => Number.POSITIVE_INFINITY
    const onRead = () => {
      sinceRead = stopwatch()
    }
    const verdict = await decide({ isAgain: made > 0, onRead })
    if (verdict.kind !== 'pass' || sinceRead() < freshMs) return verdict
    if (await isStill(verdict)) return verdict
  }
  return changing
}

type Body = Awaited<ReturnType<typeof readBody>>

/** More about a request: its body, and whether it was decided about before. */
interface More extends Pick<Attempt, 'onRead'> {
  readonly body: Body | undefined
  readonly isRepeated: boolean
}

interface PeopleTools {
  readonly standings: StandingDecider
  readonly isReserved: ReturnType<typeof reservation>
  readonly enforcer: Enforcer
}

/** Decides everything about a request except forms, in one unit of work on the stores. */
function peopleDecider(
  options: ResolvedGateOptions,
  { standings, isReserved, enforcer }: PeopleTools,
) {
  return async (
    scope: Scope,
    request: IncomingMessage,
    { identities, isComplete }: Identification,
    { body, isRepeated, onRead }: More,
  ): Promise<Verdict | BodyNeeded> => {
    const verdict = await standings(scope, identities)
    onRead()
    if (verdict.kind === 'refused') return ofShutOut(request, verdict)
    const unavailable = isComplete ? pass : whenUnavailable(options)
    if (unavailable.kind !== 'pass') return unavailable
    // Whoever signs in over an old session that has no owner any more gets signed out by Label
    // Studio.
    if (identities.length === 0 && isSignIn(request, options)) session.dropCredentials(request)
    if (await isReserved(scope, request, identities)) return forbidden(reserved)
    const asked = { scope, request, identities, isRepeated }
    return enforcer(body === undefined ? asked : { ...asked, body })
  }
}

/** The identities behind a request, or the reason to refuse it. */
function identification({ gate }: Adapters, { identify }: ResolvedGateOptions) {
  const isOwnSecret = gate?.isOwnSecret
  return async (request: IncomingMessage): Promise<Identification | Verdict> => {
    if (isOwnSecret && session.secretsOf(request).some(isOwnSecret)) return forbidden(ownSecret)
    const found = await identified(identify, request)
    if (found.refused) session.dropCredentials(request, found.refused)
    return found
  }
}

async function identified(
  identify: ResolvedGateOptions['identify'],
  request: IncomingMessage,
): Promise<Identification> {
  let found: unknown
  try {
    found = await identify(request)
  } catch (error) {
    debug('identify failed: %O', error)
    return { identities: [], isComplete: false }
  }
  return checkIdentification(found)
}

type StandingDecider = (scope: Scope, identities: readonly Identity[]) => Promise<Verdict>

/** Requires that everybody whose credentials a request carries may enter. */
function standingDecider(
  { unknownPeople }: ResolvedGateOptions,
  lookUpStatus: LookUpStatus,
): StandingDecider {
  return async (scope, identities) => {
    for (const identity of identities) {
      const { standing } = await lookUpStatus(scope, identity)
      if (standing === 'deprovisioned') return forbidden(withdrawn)
      if (standing === 'unknown' && unknownPeople === 'refuse') return forbidden(notGiven)
    }
    return pass
  }
}

/** Whether a request is reserved for administrators and comes from somebody else. */
function reservation({ gate, groups }: Adapters, lookUpStatus: LookUpStatus) {
  const isAdministrator = async (scope: Scope, identity: Identity): Promise<boolean> => {
    if (await gate?.isOwner?.(scope, identity)) return true
    const { user, access } = await lookUpStatus(scope, identity)
    if (user === undefined) return false
    const { role } = access ?? (await groups.resolveAccess(scope, user))
    return role === 'Administrator'
  }
  return async (
    scope: Scope,
    { method = 'GET', url = '' }: IncomingMessage,
    identities: readonly Identity[],
  ): Promise<boolean> => {
    if (identities.length === 0 || !gate?.isReserved) return false
    if (!(await gate.isReserved(scope, { method, path: plainPath(url) }))) return false
    for (const identity of identities) {
      if (!(await isAdministrator(scope, identity))) return true
    }
    return false
  }
}

/** People who are refused can sign out, and somebody else can sign in with the same browser. */
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

/** A policy decides by person, so with a policy no unidentified person passes. */
function whenUnavailable({ whenUnavailable, enforce }: ResolvedGateOptions): Verdict {
  if (whenUnavailable === 'allow' && (!enforce || enforce.mode === 'report')) return pass
  return {
    kind: 'refused',
    status: 503,
    detail: 'It could not be determined who you are. Try again in a moment.',
    retryAfterSeconds: 5,
  }
}
