import type { OutgoingHttpHeaders } from 'node:http'
import type { ScimResponse } from '../protocol/messages.js'
import type { Exchange } from './exchange.js'
import { jsonPieces } from './json-pieces.js'
import { responseType } from './media-type.js'
import { writePieces } from './write-pieces.js'

/**
 * Writes an answer. It ends the response itself, because the framework's `json` and `send` would
 * add their own ETag, answer 304 and append a charset that the media type does not have.
 */
export function respond(
  { head, response, requestId }: Pick<Exchange, 'head' | 'response' | 'requestId'>,
  { status, headers, body, isLong }: ScimResponse,
): void {
  if (response.headersSent || response.destroyed) return
  response.removeHeader('X-Powered-By')
  const all: OutgoingHttpHeaders = {
    'X-Request-Id': requestId,
    // Resources are personal data (RFC 7644 §7.5).
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }
  if (body !== undefined) all['Content-Type'] = responseType(head.headers.accept)
  Object.assign(all, headers)
  if (body === undefined) {
    response.writeHead(status, all).end()
    return
  }
  if (isLong) {
    response.writeHead(status, all)
    const pieces = head.method === 'HEAD' ? [] : jsonPieces(body)
    // The status is out: a body that breaks off is all that can tell of a failure now.
    writePieces(response, pieces).catch(() => response.destroy())
    return
  }
  // Node writes a string in one piece with the headers.
  const text = JSON.stringify(body)
  const length = Buffer.byteLength(text)
  all['Content-Length'] = length
  response.writeHead(status, all)
  // ASCII is the same in both, and as Latin-1 it is copied instead of encoded.
  const encoding = length === text.length ? 'latin1' : 'utf8'
  if (head.method === 'HEAD') response.end()
  else response.end(text, encoding)
}
