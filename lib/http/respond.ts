import type { ScimResponse } from '../protocol/messages.js'
import type { Exchange } from './exchange.js'
import { responseType } from './media-type.js'

/**
 * Writes an answer. Ends the response itself: the framework's `json` and `send` would add an ETag of their own, answer
 * 304 on their own and append a charset that the media type does not have.
 */
export function respond(
  { request, response, requestId }: Pick<Exchange, 'request' | 'response' | 'requestId'>,
  answer: ScimResponse,
): void {
  if (response.headersSent || response.destroyed) return
  response.removeHeader('X-Powered-By')
  const headers = {
    'X-Request-Id': requestId,
    // Resources are personal data (RFC 7644 §7.5).
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...answer.headers,
  }
  if (answer.body === undefined) {
    response.writeHead(answer.status, headers).end()
    return
  }
  // As a string, which Node writes in one piece with the headers.
  const body = JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    ...headers,
    'Content-Type': responseType(request.headers.accept),
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
