import type { Request } from 'express'
import { invalidSyntax } from '../errors.js'
import type { JsonObject } from '../schema/types.js'
import type { JsonLimits } from './check-json.js'
import { requireJson } from './media-type.js'
import { parseJson } from './parse-json.js'
import { type Arriving, payloadTooLarge, readBytes } from './read-bytes.js'

/** Limits of a request body. */
export interface BodyLimits extends JsonLimits {
  readonly maxPayloadBytes: number
}

/** A request's body. */
export interface Body {
  readonly value: JsonObject
  readonly bytes: number
}

/**
 * The JSON object a request carries. If the host's body parser has already read the stream, its
 * result in `req.body` (an object, text or bytes) is used; duplicate members cannot be detected
 * then.
 *
 * @throws ScimError 400, 413 or 415
 */
export async function readBody(
  arriving: Arriving & { readonly request: Request },
  limits: BodyLimits,
): Promise<Body> {
  const { request, head } = arriving
  requireJson(head.headers['content-type'])
  const bytes = request.readableDidRead
    ? leftByParser(request.body)
    : await readBytes(arriving, limits.maxPayloadBytes)
  if (bytes.length > limits.maxPayloadBytes) throw payloadTooLarge(limits.maxPayloadBytes)
  return { value: parseJson(bytes, limits), bytes: bytes.length }
}

function leftByParser(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (typeof body !== 'object' || body === null) {
    throw invalidSyntax('The request body was read before it came here, and nothing is left of it.')
  }
  try {
    // Serialized again, so that it passes the same checks as any other body.
    return Buffer.from(JSON.stringify(body))
  } catch {
    throw invalidSyntax('The request body nests too deep.')
  }
}
