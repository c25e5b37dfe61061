import { ScimError, unavailable } from '../../errors.js'
import { closeAfterAnswer, type Exchange } from '../../http/exchange.js'
import { type Arriving, readBytes } from '../../http/read-bytes.js'

type FormArriving = Arriving & Pick<Exchange, 'request'>

/** Limits of a form. */
export interface FormLimits {
  readonly maxBytes: number
  readonly maxFields: number
}

/** Reads the form of somebody who has not signed in. @throws ScimError 413 or 503 */
export type ReadStrangersForm = (exchange: Exchange) => Promise<URLSearchParams>

/**
 * Lets the forms of those who have not signed in take a quarter of all requests in progress. When
 * one more comes, the one that has been arriving for longest is given up: a form that is sent at
 * once gets through beside any number of slow ones.
 */
export function strangersForms({
  maxPayloadBytes,
  maxRequestsInFlight,
}: {
  readonly maxPayloadBytes: number
  readonly maxRequestsInFlight: number
}): ReadStrangersForm {
  const limits = strangerLimits(maxPayloadBytes)
  const most = Math.max(1, Math.floor(maxRequestsInFlight / 4))
  const arriving = new Set<() => void>()
  return async (exchange) => {
    if (!isArriving(exchange)) return readForm(exchange, limits)
    const { giveUp, arriving: form } = withEarlyEnd(exchange)
    const [longest] = arriving
    if (longest && arriving.size >= most) {
      arriving.delete(longest)
      longest()
    }
    arriving.add(giveUp)
    try {
      return await readForm(form, limits)
    } finally {
      arriving.delete(giveUp)
    }
  }
}

/** The same exchange, whose form can also be given up before the deadline. */
function withEarlyEnd(exchange: Exchange): {
  readonly arriving: FormArriving
  readonly giveUp: () => void
} {
  const { request, head, response } = exchange
  const listeners: ((reason: Error) => void)[] = []
  return {
    arriving: {
      request,
      head,
      onGivenUp: (listener) => {
        exchange.onGivenUp(listener)
        listeners.push(listener)
      },
    },
    giveUp: () => {
      closeAfterAnswer(request, response)
      const reason = unavailable('Too many forms are being sent. Try again.', 1)
      for (const listener of listeners) listener(reason)
    },
  }
}

/**
 * Limits for somebody who has not signed in: enough for the token, and for thousands of rules that
 * were typed before the session ended. All requests in progress together fit into memory.
 */
function strangerLimits(maxPayloadBytes: number): FormLimits {
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
  arriving: FormArriving,
  { maxBytes, maxFields }: FormLimits,
): Promise<URLSearchParams> {
  const body: unknown = isArriving(arriving)
    ? (await readBytes(arriving, maxBytes)).toString()
    : arriving.request.body
  // Counted before anything is made of them.
  if (typeof body === 'string' && hasMore(body, '&', maxFields)) throw tooLarge()
  const form = fieldsOf(body)
  if (form.size > maxFields) throw tooLarge()
  return form
}

function isArriving({ request }: FormArriving): boolean {
  const isForm = request.method === 'POST' && request.is('application/x-www-form-urlencoded')
  return Boolean(isForm) && !request.readableDidRead
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
