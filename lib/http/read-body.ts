import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Request } from 'express'
import { invalidSyntax } from '../errors.js'
import { isObject } from '../schema/json.js'
import type { JsonObject } from '../schema/types.js'
import { checkJson, type JsonLimits } from './check-json.js'
import { requireJson } from './media-type.js'
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

/** A text that takes milliseconds to parse. */
const longText = 100_000

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
  const text = textOf(bytes)
  for (const _ of checkJson(text, limits)) await nextTurn()
  const value = parseObject(text)
  if (text.length > longText) await nextTurn()
  return { value, bytes: bytes.length }
}

function leftByParser(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (typeof body !== 'object' || body === null) {
    throw invalidSyntax(
      'The request body was already read before it reached the router, and nothing is left of it.',
    )
  }
  try {
    // Serialized again, so that it passes the same checks as any other body.
    return Buffer.from(JSON.stringify(body))
  } catch {
    throw invalidSyntax('The request body is nested too deeply.')
  }
}

/**
 * The text of a request body. A byte order mark before it is ignored.
 *
 * @throws ScimError 400 `invalidSyntax` when it is empty or not UTF-8
 */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw invalidSyntax('The request body is not UTF-8.')
  const text = bytes.toString('utf8')
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (json.trim() === '') throw invalidSyntax('The request has no body.')
  return json
}

/** @throws ScimError 400 `invalidSyntax` when it is malformed or not an object */
function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // V8's message quotes the text, which may contain a password, so only the position is used.
    const position = /at position (\d+)/.exec(String(error))?.[1]
    throw invalidSyntax(
      'The request body is not valid ' +
        `JSON${position === undefined ? '' : ` (at character ${position})`}.`,
    )
  }
  if (!isObject(value)) throw invalidSyntax('The request body must be a JSON object.')
  return value as JsonObject
}
