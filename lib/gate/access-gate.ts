import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import { noteEnforcement } from '../access/index.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import { storeErrorKind, type UnavailableError } from '../stores/errors.js'
import type { Scope } from '../stores/scope.js'
import { changeAnswer } from './answers.js'
import { type Decider, deciderOf } from './decider.js'
import { type AccessGateOptions, gateOptions, type ResolvedGateOptions } from './options.js'
import { answer, refuseUpgrade } from './refusal.js'
import { type SocketWatch, watchSockets } from './sockets.js'
import { answerAsRequest, isWebSocket } from './upgrades.js'

const debug = createDebug('label-studio-scim:gate')

/** Takes over a socket that the gate let through. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Express middleware, also for plain Node servers, and the same decision for WebSocket upgrades.
 */
export interface AccessGate {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  /**
   * Answers the upgrades of this server: `listener` is called for WebSockets of people who may
   * enter, and their socket is closed once they may not any more. A request that offers another
   * protocol (`Upgrade: h2c`, as Java's HTTP client sends) is answered as if it did not (RFC 9110
   * §7.8).
   */
  attach(server: Server, listener: UpgradeListener): void
  /**
   * Answers a request that the application behind does not answer, in the form of a refusal: a page
   * for people, JSON for programs, with nothing in it of addresses or causes. For the `error` event
   * of a proxy.
   */
  unavailable(request: IncomingMessage, response: ServerResponse, status?: 502 | 503 | 504): void
  /** Closes the sockets that it let through. */
  close(): void
}

/**
 * A gate in front of an application: whoever SCIM has deprovisioned is refused, from the moment it
 * is stored, on every request, whatever cookie or token they still hold; nothing about that is
 * cached. Requests without credentials pass (sign-in page, static files), but the sign-in form of
 * somebody deprovisioned does not, and the sign-up form passes only for people whom SCIM has active
 * and who have no account, as `adapters.gate` says.
 *
 * Mount it before the proxy, and before anything that reads bodies.
 *
 * @throws ConfigurationError `ERR_SCIM_GATE` when an option is wrong
 */
export function accessGate(adapters: Adapters, options: AccessGateOptions): AccessGate {
  checkAdapters('accessGate', adapters)
  const resolved = gateOptions(options)
  const decider = deciderOf(adapters, resolved)
  const noteMode = modeNoter(adapters, resolved)
  noteMode()
  const sockets = watchSockets(resolved.recheckMs, decider.decideForAll)

  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    noteMode()
    decider.ofRequest(request).then(
      (verdict) => {
        if (verdict.kind !== 'pass') return answer(request, response, verdict)
        if (verdict.answer) changeAnswer(request, response, verdict.answer)
        next()
      },
      undecided(request, response, next),
    )
  }
  const upgrade = upgradeBy(decider, sockets)
  return Object.assign(middleware, {
    attach(server: Server, listener: UpgradeListener) {
      server.on('upgrade', (request, socket, head) => {
        if (isWebSocket(request)) upgrade(listener, request, { socket, head })
        else answerAsRequest(server, request, { socket, head })
      })
    },
    unavailable,
    close: sockets.close,
  })
}

/** Nobody passes while a store does not answer; other errors are the host's to look at. */
function undecided(
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
): (error: unknown) => void {
  return (error) => {
    if (storeErrorKind(error) !== 'unavailable') return next(error)
    const { message: detail, retryAfterSeconds } = error as UnavailableError
    answer(request, response, { kind: 'refused', status: 503, detail, retryAfterSeconds })
  }
}

const noteTimeoutMs = 10_000

/**
 * Notes once what this gate enforces, for the settings; after a failure again with the next
 * request.
 */
function modeNoter({ access }: Adapters, { enforce, tenant }: ResolvedGateOptions): () => void {
  if (!access) return () => {}
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    const scope: Scope = {
      tenant,
      actor: 'gate',
      requestId: randomUUID(),
      signal: AbortSignal.timeout(noteTimeoutMs),
    }
    noteEnforcement(access, scope, enforce ? enforce.mode : 'off').catch((error: unknown) => {
      isDone = false
      debug('what the gate enforces was not noted: %O', error)
    })
  }
}

/** A socket that was upgraded, and what the client sent ahead. */
interface Upgraded {
  readonly socket: Duplex
  readonly head: Buffer
}

function upgradeBy(decider: Decider, sockets: SocketWatch) {
  return (listener: UpgradeListener, request: IncomingMessage, { socket, head }: Upgraded) => {
    socket.on('error', (error) => debug('a socket failed: %O', error))
    decider.ofUpgrade(request).then(
      ({ verdict, identities }) => {
        if (verdict.kind !== 'pass') {
          const status = verdict.kind === 'refused' ? verdict.status : 403
          return refuseUpgrade(socket, status)
        }
        sockets.add(socket, identities)
        listener(request, socket, head)
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
  if (response.headersSent) {
    response.destroy()
    return
  }
  const detail = sentences[status]
  answer(request, response, { kind: 'refused', status, detail, retryAfterSeconds: 5 })
}
