import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import { noteEnforcement, noteEveryMs } from '../access/index.js'
import { ConfigurationError } from '../errors.js'
import { tell } from '../events/emitter.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import { checkTenant } from '../stores/check-tenant.js'
import { storeErrorKind, type UnavailableError } from '../stores/errors.js'
import type { Scope } from '../stores/scope.js'
import { keepPrivate } from './answer-parts.js'
import { changeAnswer } from './answers.js'
import { type Decider, deciderOf, type RequestDecision } from './decider.js'
import { decideAtEnd, dropHeaders, forwardingProblem, hasBody, hasFragment } from './forwarding.js'
import { onceOver } from './held-bytes.js'
import { closeStream } from './http2.js'
import {
  type AccessGateOptions,
  gateOptions,
  gateTable,
  type ResolvedGateOptions,
} from './options.js'
import { asOfGate, otherUpgradesWarner } from './other-upgrades.js'
import { pipelines } from './pipeline.js'
import { warnIfRead } from './read-body.js'
import { answer, refuseUpgrade } from './refusal.js'
import * as session from './session.js'
import { type SocketWatch, watchSockets } from './sockets.js'
import { answerAsRequest, closeSoonAfterEnd, isWebSocket, offerCounter } from './upgrades.js'
import type { Pass, Refusal } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** Takes over a socket that the gate has let through. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Middleware for Express and plain Node servers, which also decides about WebSocket upgrades. */
export interface AccessGate {
  /**
   * Calls `next` for a request that passes, and with an error if nothing could be decided. A `next`
   * without parameters, such as `() => proxy(request, response)`, is not called then: the answer is
   * 500.
   */
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  /**
   * Handles the upgrades of this server: calls `listener` for WebSockets of people who may enter,
   * and closes their socket once they may not any more. The gate ignores offers of other protocols
   * (`Upgrade: h2c`, as sent by Java's HTTP client; RFC 9110 §7.8). Nothing else may handle the
   * upgrades that lead to the application.
   *
   * @throws ConfigurationError `ERR_SCIM_GATE` when it gets an app instead of its server
   */
  attach(server: Server, listener: UpgradeListener): void
  /**
   * Answers a request that the application behind the gate did not answer, with a page for people
   * or JSON for programs. The answer reveals no addresses or causes. For the `error` event of a
   * proxy.
   */
  unavailable(request: IncomingMessage, response: ServerResponse, status?: 502 | 503 | 504): void
  /** Closes the sockets that the gate has let through. */
  close(): void
}

/**
 * A gate in front of an application. It refuses every request of a deprovisioned person, whatever
 * cookie or token they still hold, from the moment the deprovisioning is stored; decisions are not
 * cached. Requests without credentials pass (sign-in page, static files), except that deprovisioned
 * people cannot submit the sign-in form. Only active SCIM users without an account can submit the
 * sign-up form, as `adapters.gate` decides.
 *
 * Mount it before the proxy, and before any body parser.
 *
 * @throws ConfigurationError `ERR_SCIM_GATE` when an option is wrong
 */
export function accessGate(adapters: Adapters, options: AccessGateOptions): AccessGate {
  checkAdapters('accessGate', adapters)
  const resolved = gateOptions(options)
  checkTenant(gateTable, adapters, resolved.tenant)
  const decider = deciderOf(adapters, resolved)
  const noteMode = modeNoter(adapters, resolved)
  noteMode({ isUnused: true })
  const sockets = watchSockets(resolved.recheckMs, decider.decideForAll)
  const inPipeline = pipelines()
  const warnOfOtherUpgrades = otherUpgradesWarner()

  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    noteMode({ isUnused: false })
    warnOfOtherUpgrades(request)
    if (hasBody(request)) warnIfRead(request)
    inPipeline(request, response, () => {
      const problem = forwardingProblem(request)
      if (problem) answer(request, response, problem)
      else decide(request, response, next)
    })
  }
  const decide: typeof middleware = (request, response, next) => {
    decider
      .ofRequest(request, (over) => onceOver(response, over))
      .then((decision) => apply(request, response, decision))
      .then(
        // What a host throws in `next` is its own, and must not bring it here again.
        (mayPass) => {
          if (mayPass) next()
        },
        undecided(request, response, next),
      )
  }
  const upgrade = upgradeBy(decider, sockets)
  return Object.assign(middleware, {
    attach(server: Server, listener: UpgradeListener) {
      requireServer(server)
      const isLastOffer = offerCounter()
      const onUpgrade: UpgradeListener = (request, socket, head) => {
        if (!isWebSocket(request)) {
          const isLast = isLastOffer(socket)
          answerAsRequest(server, request, { socket, head, isLast })
          return
        }
        // Node has taken its own listener away, and an error without one ends the process.
        socket.on('error', (error) => debug('a socket failed: %O', error))
        closeSoonAfterEnd(socket)
        if (hasBody(request) || hasFragment(request)) refuseUpgrade(socket, 400)
        else upgrade(listener, request, { socket, head })
      }
      server.on('upgrade', asOfGate(onUpgrade))
    },
    unavailable,
    close: sockets.close,
  })
}

/** An app has `on` as well, and never an upgrade. */
function requireServer(server: Server): void {
  if (typeof (server as Partial<Server> | undefined)?.listening === 'boolean') return
  throw new ConfigurationError(
    'ERR_SCIM_GATE',
    'accessGate: "attach" needs the server, which app.listen(…) or http.createServer(app) returns.',
  )
}

/** Answers a request that is refused, or prepares it; whether it may pass. */
function apply(
  request: IncomingMessage,
  response: ServerResponse,
  { verdict, again, held }: RequestDecision,
): boolean {
  if (verdict.kind !== 'pass') {
    answer(request, response, verdict)
    return false
  }
  // A proxy would keep a request of its own open for a client that has left. A request is destroyed
  // as well once something has read all of it.
  if (response.destroyed || (request.destroyed && !request.readableEnded)) return false
  // The host has answered meanwhile, e.g. because of a time limit.
  if (response.writableEnded) return false
  prepare(request, response, { verdict, again, ...(held && { held }) })
  return true
}

interface Passing extends Omit<RequestDecision, 'verdict'> {
  readonly verdict: Pass
}

/** Prepares a request that passes. */
function prepare(
  request: IncomingMessage,
  response: ServerResponse,
  { verdict, again, held }: Passing,
): void {
  if (session.hasCredentials(request) && !session.isOpenPage(request)) keepPrivate(response)
  if (verdict.answer) changeAnswer(request, response, verdict.answer, held)
  dropHeaders(request)
  const before = String(response.getHeaderNames())
  // Nobody is to get a refusal between parts of another answer.
  const isUntouched = () =>
    !verdict.answer &&
    !response.headersSent &&
    response.socket !== null &&
    String(response.getHeaderNames()) === before
  const decide = () => again().catch(orRefuse)
  decideAtEnd(request, decide, (refusal) => {
    if (!isUntouched()) return breakOff(request)
    response.once('finish', () => breakOff(request))
    answer(request, response, refusal)
  })
}

/** Ends a request that is already under way to the application. */
function breakOff(request: IncomingMessage): void {
  // With this code, http-proxy and httpxy take it for a client that has gone.
  const gone = Object.assign(new Error('Access was withdrawn.'), { code: 'ECONNRESET' })
  // With HTTP/2, Node would end the process if nobody listens.
  request.destroy(request.listenerCount('error') > 0 ? gone : undefined)
  closeStream(request)
}

/**
 * Nobody passes while a store does not answer; other errors are the host's to look at. A `next`
 * that takes none, such as `() => proxy(request, response)`, would let the request pass.
 */
function undecided(
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
): (error: unknown) => void {
  return (error) => {
    const refusal = refusalFor(error)
    if (refusal) return answer(request, response, refusal)
    if (next.length > 0) return next(asFailure(error))
    process.emitWarning(`accessGate could not decide about a request: ${String(error)}`, {
      type: 'ConfigurationWarning',
      code: 'ERR_SCIM_GATE',
    })
    answer(request, response, notDecided)
  }
}

/** Express takes nothing, and the words "route" and "router", for no error. */
function asFailure(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) return error
  return new Error(`accessGate could not decide about a request: ${String(error)}`)
}

function orRefuse(error: unknown): Refusal {
  debug('deciding about a request at its end failed: %O', error)
  return refusalFor(error) ?? notDecided
}

const notDecided: Refusal = {
  kind: 'refused',
  status: 500,
  detail: 'It could not be decided about this request.',
}

function refusalFor(error: unknown): Refusal | undefined {
  if (storeErrorKind(error) !== 'unavailable') return undefined
  const { message: detail, retryAfterSeconds } = error as UnavailableError
  return { kind: 'refused', status: 503, detail, retryAfterSeconds }
}

const noteTimeoutMs = 10_000

/**
 * Stores from time to time which mode this gate has, for the settings page, as long as requests
 * come, and at once when the first one comes; after a failure, the next request tries again.
 */
function modeNoter(
  { access }: Adapters,
  { enforce, tenant }: ResolvedGateOptions,
): (use: { readonly isUnused: boolean }) => void {
  if (!access) return () => {}
  const gate = randomUUID()
  const mode = enforce ? enforce.mode : 'off'
  let notedAt = Number.NEGATIVE_INFINITY
  let wasUnused = true
  return ({ isUnused }) => {
    const isSame = isUnused === wasUnused
    if (isSame && performance.now() - notedAt < noteEveryMs) return
    notedAt = performance.now()
    wasUnused = isUnused
    const scope: Scope = {
      tenant,
      actor: 'gate',
      requestId: randomUUID(),
      signal: AbortSignal.timeout(noteTimeoutMs),
    }
    noteEnforcement(access, scope, mode, { gate, isUnused }).catch((error: unknown) => {
      notedAt = Number.NEGATIVE_INFINITY
      debug('what the gate enforces was not noted: %O', error)
    })
  }
}

/** An upgraded socket, and the bytes the client sent ahead. */
interface Upgraded {
  readonly socket: Duplex
  readonly head: Buffer
}

function upgradeBy(decider: Decider, sockets: SocketWatch) {
  return (listener: UpgradeListener, request: IncomingMessage, { socket, head }: Upgraded) => {
    decider.ofUpgrade(request).then(
      ({ verdict, identities }) => {
        if (verdict.kind !== 'pass') {
          const status = verdict.kind === 'refused' ? verdict.status : 403
          return refuseUpgrade(socket, status)
        }
        if (socket.destroyed) return
        sockets.add(socket, identities)
        tell(listener, [request, socket, head], (error) => {
          debug('a listener of upgrades failed: %O', error)
          socket.destroy()
        })
      },
      (error: unknown) => {
        debug('deciding about an upgrade failed: %O', error)
        refuseUpgrade(socket, 503)
      },
    )
  }
}

const sentences = {
  502: 'Label Studio did not answer as expected. Try again in a moment.',
  503: 'Label Studio cannot be reached at the moment. Try again soon.',
  504: 'Label Studio did not answer in time. Try again in a moment.',
} as const

function unavailable(
  request: IncomingMessage,
  response: ServerResponse,
  status: 502 | 503 | 504 = 503,
): void {
  const detail = sentences[status]
  answer(request, response, { kind: 'refused', status, detail, retryAfterSeconds: 5 })
}
