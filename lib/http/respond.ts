import type { Request, Response } from 'express'
import type { ScimResponse } from '../protocol/messages.js'
import { responseType } from './media-type.js'

/**
 * Writes an answer. Ends the response itself: the framework's `json` and `send` would add an ETag of their own, answer
 * 304 on their own and append a charset that the media type does not have.
 */
export function respond(request: Request, response: Response, answer: ScimResponse): void {
  if (response.headersSent || response.destroyed) return
  response.statusCode = answer.status
  response.removeHeader('X-Powered-By')
  // Resources are personal data (RFC 7644 §7.5).
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  if (answer.body === undefined) {
    response.end()
    return
  }
  // As a string, which Node writes in one piece with the headers.
  const body = JSON.stringify(answer.body)
  response.setHeader('Content-Type', responseType(request.headers.accept))
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(request.method === 'HEAD' ? undefined : body)
}
