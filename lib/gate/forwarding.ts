import type { IncomingMessage } from 'node:http'
import { pass, type Refusal, type Verdict } from './verdict.js'

/**
 * Headers about the connection between client and gate, which are not to be passed on (RFC 9110
 * §7.6.1). With `Connection: upgrade`, http-proxy would keep its connection to the application
 * open.
 */
const ofConnection = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]
/**
 * Without a length, http-proxy announces that they have no body, and sends it all the same, so that
 * the application reads it as another request, about which nobody has decided.
 */
const needingLength = ['DELETE', 'OPTIONS']
const lengthRequired: Refusal = {
  kind: 'refused',
  status: 411,
  detail: 'This request needs a Content-Length.',
}

/** The reason why a proxy could not pass a request on as one request; `undefined`: it can. */
export function framingProblem({ method = '', headers }: IncomingMessage): Refusal | undefined {
  const isChunked = headers['transfer-encoding'] !== undefined
  return isChunked && needingLength.includes(method) ? lengthRequired : undefined
}

/** Removes what concerns only the connection to the client. */
export function dropConnectionHeaders({ headers }: IncomingMessage): void {
  for (const name of ofConnection) delete headers[name]
}

/**
 * Decides again once the body is there, before its last part goes on: a client may send it slowly,
 * and the person may lose their access meanwhile. Until then the application cannot have the whole
 * request. Does nothing if the body has arrived.
 *
 * @param refuse called if the request must not end; it has to destroy the request
 */
export function decideAtEnd(
  request: IncomingMessage,
  decide: () => Promise<Verdict>,
  refuse: (refusal: Refusal) => void,
): void {
  if (request.complete) return
  const push = request.push.bind(request)
  let last: Buffer | undefined
  // Node parses a body that came with the head after the first decision, in the same turn.
  let isDecided = true
  setImmediate(() => {
    isDecided = false
  })
  const end = async () => {
    const verdict = isDecided ? pass : await decide()
    if (verdict.kind !== 'pass') return refuse(verdict)
    if (last) push(last)
    push(null)
  }
  request.push = (chunk: Buffer | null): boolean => {
    if (chunk === null) {
      end().catch((error: unknown) => request.destroy(error as Error))
      return false
    }
    const before = last
    last = chunk
    return before === undefined || push(before)
  }
}
