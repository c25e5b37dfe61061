import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Headers that offer another protocol. They are ignored when the request is answered as HTTP/1.1.
 */
const ofOffer = new Set(['upgrade', 'http2-settings'])

/** Whether the client asks for a WebSocket (RFC 6455 §4.1) rather than for another protocol. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.upgrade ?? '').toLowerCase() === 'websocket'
}

interface UpgradeSocket {
  readonly socket: Duplex
  readonly head: Buffer
  /**
   * The connection ends with this request. Each offer costs as much as all bytes behind it, so that
   * thousands of them, sent together, would keep everybody waiting.
   */
  readonly isLast: boolean
}

/** How long a client has to close its side after ours, in milliseconds. */
const closingMs = 1_000

/**
 * Closes a socket soon after our side has ended. Node would wait for the client forever, as it no
 * longer watches over a socket with an offer of another protocol.
 */
export function closeSoonAfterEnd(socket: Duplex): void {
  socket.once('finish', () => {
    const timer = setTimeout(() => socket.destroy(), closingMs)
    socket.once('close', () => clearTimeout(timer))
  })
}

/** How many requests with such offers a connection may have. */
const maxOffers = 50

/** Counts the offers of each connection; true for the last one that is answered. */
export function offerCounter(): (socket: Duplex) => boolean {
  const offers = new WeakMap<Duplex, number>()
  return (socket) => {
    const count = (offers.get(socket) ?? 0) + 1
    offers.set(socket, count)
    return count >= maxOffers
  }
}

/**
 * Passes a request to the server again without its offer of another protocol, which a server may
 * ignore (RFC 9110 §7.8). Node has detached its parser from the socket by then and has not read the
 * body, so the request is put back as text, in front of the part of the body that has arrived.
 */
export function answerAsRequest(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  { socket, head, isLast }: UpgradeSocket,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (ofOffer.has(name.toLowerCase())) continue
    const isConnection = name.toLowerCase() === 'connection'
    if (!isConnection) lines.push(`${name}: ${value}`)
    else lines.push(`${name}: ${isLast ? 'close' : connectionWithout(value)}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  // A server of https would encrypt what comes as `connection` once more.
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

function connectionWithout(value: string): string {
  const options = value.split(',').map((each) => each.trim())
  return options.filter((each) => !ofOffer.has(each.toLowerCase())).join(', ') || 'keep-alive'
}
