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
}

/**
 * Passes a request to the server again without its offer of another protocol, which a server may
 * ignore (RFC 9110 §7.8). Node has detached its parser from the socket by then and has not read the
 * body, so the request is put back as text, in front of the part of the body that has arrived.
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
