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
  const common = {
    'X-Request-Id': requestId,
    // Resources are personal data (RFC 7644 §7.5).
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  }
  if (body === undefined) {
    response.writeHead(status, common).end()
    return
  }
  const contentType = { 'Content-Type': responseType(head.headers.accept) }
  if (isLong) {
    response.writeHead(status, { ...contentType, ...common })
    const pieces = head.method === 'HEAD' ? [] : jsonPieces(body)
    // The status is out: a body that breaks off is all that can tell of a failure now.
    writePieces(response, pieces).catch(() => response.destroy())
    return
  }
  // Node writes a string in one piece with the headers.
  const text = JSON.stringify(body)
  response.writeHead(status, {
    ...contentType,
    'Content-Length': Buffer.byteLength(text),
    ...common,
  })
  response.end(head.method === 'HEAD' ? undefined : text)
}
