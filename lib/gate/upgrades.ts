import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Headers that offer another protocol, and mean nothing to an HTTP/1.1 request that is answered as
 * such.
 */
const ofOffer = new Set(['upgrade', 'http2-settings'])

/** Whether the client asks for a WebSocket (RFC 6455 §4.1) rather than for another protocol. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.upgrade ?? '').toLowerCase() === 'websocket'
}

interface UpgradeSocket {
  readonly socket: Duplex
  readonly head: Buffer
}

/**
 * Gives a request to the server again, without its offer of another protocol, as a server may pass
 * an offer over (RFC 9110 §7.8). Node has taken the parser off the socket by then, so the body is
 * still unread: the request is put back as text, in front of what has arrived of the body.
 */
export function answerAsRequest(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  { socket, head }: UpgradeSocket,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    if (ofOffer.has(name.toLowerCase())) continue
    lines.push(`${name}: ${name.toLowerCase() === 'connection' ? connectionWithout(value) : value}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

function connectionWithout(value: string): string {
  const options = value.split(',').map((each) => each.trim())
  return options.filter((each) => !ofOffer.has(each.toLowerCase())).join(', ') || 'keep-alive'
}
