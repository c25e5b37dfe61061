import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import createDebug from 'debug'
import type { Standing } from '../access/index.js'
import { withTimeLimit } from '../access/time-limit.js'
import type { Adapters } from '../stores/adapters.js'
import { UnavailableError } from '../stores/errors.js'
import { createScope } from '../stores/scope.js'
import { type Identity, judgeFrom } from './decide.js'
import { formOf, readForm } from './forms.js'
import { type AccessGateOptions, gateOptions, type ResolvedGateOptions } from './options.js'
import { refuse, refuseUpgrade } from './refusal.js'
import { watchSockets } from './sockets.js'
import type { Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** Express middleware, also for plain Node servers, and the same decision for WebSocket upgrades. */
export interface AccessGate {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  /**
   * Wraps a listener of the server's `upgrade` event: it is called only for people who may enter, and their socket is
   * closed once they may not any more.
   */
  upgrade(
    listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  ): (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Stops watching open sockets. */
  close(): void
}

const pass: Verdict = { kind: 'pass' }

/**
 * A gate in front of an application: whoever SCIM has deprovisioned is refused, from the moment it is stored, on every
 * request, whatever cookie or token they still hold; nothing about that is cached. Requests without credentials pass
 * (sign-in page, static files), but the sign-in form of somebody deprovisioned does not, and the sign-up form passes
 * only for people whom SCIM has active.
 *
 * Mount it before the proxy, and before anything that reads bodies.
 *
 * @throws ConfigurationError `ERR_SCIM_GATE` when an option is wrong
 */
export function accessGate(adapters: Adapters, options: AccessGateOptions): AccessGate {
  const resolved = gateOptions(options)
  const decide = decider(adapters, resolved)
  const sockets = watchSockets(resolved.recheckMs, decide.ofEverybody)

  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    decide
      .ofRequest(request)
      .then(
        (verdict) => (verdict.kind === 'pass' ? next() : refuse(request, response, verdict)),
        next,
      )
  }
  const upgrade: AccessGate['upgrade'] = (listener) => (request, socket, head) => {
    socket.on('error', (error) => debug('a socket failed: %O', error))
    decide.ofUpgrade(request).then(
      ({ verdict, identities }) => {
        if (verdict.kind === 'refused') return refuseUpgrade(socket, verdict)
        sockets.add(socket, identities)
        listener(request, socket, head)
      },
      (error: unknown) => {
        debug('deciding about an upgrade failed: %O', error)
        refuseUpgrade(socket, { kind: 'refused', status: 503, detail: 'Try again.' })
      },
    )
  }
  return Object.assign(middleware, { upgrade, close: sockets.close })
}

type Asked = { readonly verdict: Verdict; readonly identities: readonly Identity[] }

function decider(adapters: Adapters, options: ResolvedGateOptions) {
  const standingOf = judgeInTime(adapters, options)

  async function ofIdentity(identity: Identity): Promise<Verdict> {
    const standing = await standingOf(identity)
    if (standing === 'deprovisioned')
      return refusal('Your access has been withdrawn by your organization.')
    if (standing === 'unknown' && options.unknownPeople === 'refuse') {
      return refusal('You have not been given access by your organization.')
    }
    return pass
  }

  async function ofUpgrade(request: IncomingMessage): Promise<Asked> {
    const { identities, isComplete } = await options.identify(request).catch((error: unknown) => {
      debug('identify failed: %O', error)
      return { identities: [], isComplete: false }
    })
    const verdict = await ofEverybody(identities)
    const decided = verdict.kind === 'refused' || isComplete
    return { verdict: decided ? verdict : whenUnavailable(options), identities }
  }

  async function ofEverybody(identities: readonly Identity[]): Promise<Verdict> {
    for (const identity of identities) {
      const verdict = await ofIdentity(identity)
      if (verdict.kind === 'refused') return verdict
    }
    return pass
  }

  async function ofForm(request: IncomingMessage): Promise<Verdict> {
    const form = formOf(request, options.forms)
    if (!form) return pass
    const reading = await readForm(request, form)
    if (reading.kind === 'refused') return reading
    for (const email of reading.emails) {
      const standing = await standingOf({ email })
      const mayPass =
        form.purpose === 'signUp' ? standing === 'active' : standing !== 'deprovisioned'
      if (!mayPass) return refusal(reasonFor(form.purpose))
    }
    return pass
  }

  async function ofRequest(request: IncomingMessage): Promise<Verdict> {
    const byForm = await ofForm(request)
    return byForm.kind === 'pass' ? (await ofUpgrade(request)).verdict : byForm
  }

  return { ofEverybody, ofUpgrade, ofRequest }
}

function judgeInTime(
  adapters: Adapters,
  { tenant, timeoutMs, newId }: ResolvedGateOptions,
): (identity: Identity) => Promise<Standing> {
  const judge = judgeFrom(adapters)
  const endless = new AbortController()
  const tooLate = () => new UnavailableError('The stores did not answer in time.')
  return (identity) => {
    const scope = createScope({ tenant, actor: 'access gate', requestId: newId() }, endless)
    return withTimeLimit(scope, { timeoutMs, tooLate }, (limited) => judge(limited, identity))
  }
}

function reasonFor(purpose: 'signIn' | 'signUp'): string {
  return purpose === 'signUp'
    ? 'Only people whom your organization has given access can sign up.'
    : 'Your access has been withdrawn by your organization.'
}

function refusal(detail: string): Verdict {
  return { kind: 'refused', status: 403, detail }
}

function whenUnavailable({ whenUnavailable }: ResolvedGateOptions): Verdict {
  if (whenUnavailable === 'allow') return pass
  return {
    kind: 'refused',
    status: 503,
    detail: 'It could not be determined who you are. Try again in a moment.',
    retryAfterSeconds: 5,
  }
}
