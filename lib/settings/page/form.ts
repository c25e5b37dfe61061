import { ScimError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { readBytes } from '../../http/read-bytes.js'

/** Limits of a form. */
export interface FormLimits {
  readonly maxBytes: number
  readonly maxFields: number
}

/**
 * Limits for somebody who has not signed in: enough for the token, and for thousands of rules that
 * were typed before the session ended. All requests in progress together fit into memory.
 */
export function strangerLimits(maxPayloadBytes: number): FormLimits {
  return { maxBytes: Math.min(maxPayloadBytes, 524_288), maxFields: 20_000 }
}

/** Limits for an administrator. */
export function administratorLimits(maxPayloadBytes: number): FormLimits {
  return { maxBytes: maxPayloadBytes, maxFields: 200_000 }
}

/**
 * The fields of a form, even if the host has read the body already.
 *
 * @throws ScimError 413
 */
export async function readForm(
  exchange: Exchange,
  { maxBytes, maxFields }: FormLimits,
): Promise<URLSearchParams> {
  const { request } = exchange
  const isForm = request.method === 'POST' && request.is('application/x-www-form-urlencoded')
  const isRead = request.readableDidRead || !isForm
  const body: unknown = isRead ? request.body : (await readBytes(exchange, maxBytes)).toString()
  // Counted before anything is made of them.
  if (typeof body === 'string' && hasMore(body, '&', maxFields)) throw tooLarge()
  const form = fieldsOf(body)
  if (form.size > maxFields) throw tooLarge()
  return form
}

function tooLarge(): ScimError {
  return new ScimError(413, 'The form is too large.')
}

function hasMore(text: string, sign: string, most: number): boolean {
  let at = -1
  for (let count = 0; count <= most; count++) {
    at = text.indexOf(sign, at + 1)
    if (at === -1) return false
  }
  return true
}

function fieldsOf(body: unknown): URLSearchParams {
  if (body instanceof Uint8Array) return new URLSearchParams(Buffer.from(body).toString())
  if (typeof body === 'string') return new URLSearchParams(body)
  const form = new URLSearchParams()
  if (typeof body !== 'object' || body === null) return form
  for (const [name, value] of Object.entries(body)) {
    // Some parsers turn a long list into an object.
    const values = typeof value === 'object' && value !== null ? Object.values(value) : [value]
    for (const each of values) form.append(name, String(each))
  }
  return form
}
