import type { IncomingMessage } from 'node:http'
import { removeHeader, removeRepeated, replaceHeader } from './headers.js'
import { hasCome, isClosed } from './http2.js'
import * as session from './session.js'
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
const refusal = (status: number, detail: string): Refusal => ({ kind: 'refused', status, detail })
const lengthRequired = refusal(411, 'This request needs a Content-Length.')
const unknownCoding = refusal(501, 'The only known Transfer-Encoding is "chunked".')

const noFragment = refusal(400, 'The address of a request has no "#".')

/**
 * The reason why a proxy could not pass a request on as one request, and as it was read here;
 * `undefined`: it can.
 */
export function forwardingProblem(request: IncomingMessage): Refusal | undefined {
  const { method = '', headers } = request
  if (hasFragment(request)) return noFragment
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  if (coding.trim().toLowerCase() !== 'chunked') return unknownCoding
  return needingLength.includes(method) ? lengthRequired : undefined
}

/** http-proxy 1 passes on an address without what follows a `#` (RFC 9112 §3.2 allows none). */
export function hasFragment({ url = '' }: IncomingMessage): boolean {
  return url.includes('#')
}

/** Whether a request for another protocol has a body, which a proxy would announce and not send. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/**
 * Removes what concerns only the connection to the client, but for its wish to close it: proxies
 * answer by it. Also removes headers with `_` in their names, which some servers read as those with
 * `-`, e.g. `Content_Type`; credentials have been read in both spellings, the first of each.
 */
export function dropHeaders(request: IncomingMessage): void {
  const { headers } = request
  const isClosing = /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.connection ?? '')
  for (const name of Object.keys(headers)) {
    const isOdd = name.includes('_') && !session.isCredential(name)
    if (isOdd || ofConnection.includes(name)) removeHeader(request, name)
  }
  if (isClosing) replaceHeader(request, 'connection', 'close')
  removeRepeated(request)
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
  if (hasCome(request)) return
  const push = request.push.bind(request)
  let last: Buffer | undefined
  // Node parses a body that came with the head after the first decision, in the same turn.
  let isDecided = true
  setImmediate(() => {
    isDecided = false
  })
  const end = async () => {
    const verdict = isDecided ? pass : await decide()
    if (request.destroyed) return
    if (verdict.kind !== 'pass') return refuse(verdict)
    if (last) push(last)
    push(null)
  }
  request.push = (chunk: Buffer | null): boolean => {
    if (chunk === null) {
      // Node also tells the end of a request of HTTP/2 when its stream closes, even if the rest is
      // missing, and must not be asked for more.
      if (isClosed(request)) request.destroy()
      else void end()
      return false
    }
    const before = last
    last = chunk
    return before === undefined || push(before)
  }
}
