import { LabelStudioError } from '../errors.js'
import { errorFromAnswer } from './classify.js'
import { type ApiPath, type Query, toUrl } from './path.js'
import { type Failure, parseRetryAfter } from './retry.js'

/** One call to Label Studio. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: ApiPath
  query?: Query
  /** Sent as JSON. */
  body?: unknown
  signal?: AbortSignal | undefined
  /**
   * May be sent again when the outcome of an attempt is not known. Default: true but for POST. GET and
   * DELETE are idempotent, and every PATCH of Label Studio's API sets absolute values.
   */
  repeatable?: boolean
}

/** What every attempt of an API needs. */
export interface AttemptContext {
  baseUrl: string
  timeoutMs: number
  fetch: typeof fetch
  clock: () => number
  redact: (text: string) => string
}

/** A failed attempt: the error to throw, and what the retry policy has to know. */
export class AttemptFailure extends Error {
  readonly error: LabelStudioError
  readonly failure: Failure

  constructor(error: LabelStudioError, failure: Failure) {
    super(error.message)
    this.error = error
    this.failure = failure
  }
}

/**
 * Sends `request` once and returns the parsed JSON of the answer, `undefined` when it has no content.
 *
 * @param authorization value of the header, or `undefined` to send none
 * @throws AttemptFailure
 * @throws the reason of `request.signal` when that ended it
 */
export async function attempt(
  request: ApiRequest,
  authorization: string | undefined,
  context: AttemptContext,
): Promise<unknown> {
  const call = `${request.method} ${request.path.template}`
  const { response, text } = await exchange(request, authorization, context)
  const contentType = response.headers.get('content-type') ?? ''
  if (response.ok) return parseSuccess(call, { status: response.status, contentType, text })
  if (response.status >= 300 && response.status < 400) throw redirected(call, response.status)
  const retryAfterSeconds = parseRetryAfter(response.headers.get('retry-after'), context.clock())
  const { status } = response
  const answer = { call, method: request.method, status, contentType, text, retryAfterSeconds }
  throw new AttemptFailure(errorFromAnswer(answer, context.redact), { status, retryAfterSeconds })
}

async function exchange(
  request: ApiRequest,
  authorization: string | undefined,
  context: AttemptContext,
): Promise<{ response: Response; text: string }> {
  const { signal, finish, timedOut } = deadline(request.signal, context.timeoutMs)
  try {
    const response = await context.fetch(toUrl(context.baseUrl, request.path.path, request.query), {
      method: request.method,
      headers: headersOf(request, authorization),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      // A redirect must not carry the token elsewhere, and Label Studio's API has none.
      redirect: 'manual',
      signal,
    })
    return { response, text: await response.text() }
  } catch (cause) {
    request.signal?.throwIfAborted()
    throw noAnswer(request, cause, timedOut())
  } finally {
    finish()
  }
}

function headersOf(request: ApiRequest, authorization: string | undefined): Record<string, string> {
  return {
    accept: 'application/json',
    ...(request.body !== undefined && { 'content-type': 'application/json' }),
    ...(authorization !== undefined && { authorization }),
  }
}

/** Not `AbortSignal.any`: on Node 20 it keeps every derived signal alive as long as a long-lived parent. */
function deadline(parent: AbortSignal | undefined, timeoutMs: number) {
  const controller = new AbortController()
  const onAbort = () => controller.abort(parent?.reason)
  let expired = false
  const timer = setTimeout(() => {
    expired = true
    controller.abort()
  }, timeoutMs)
  if (parent?.aborted) onAbort()
  parent?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    timedOut: () => expired,
    finish: () => {
      clearTimeout(timer)
      parent?.removeEventListener('abort', onAbort)
    },
  }
}

const neverSentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function noAnswer(request: ApiRequest, cause: unknown, timedOut: boolean): AttemptFailure {
  const code = timedOut ? 'time-out' : errorCode(cause)
  const neverSent = neverSentCodes.has(code)
  const error = new LabelStudioError(
    'unavailable',
    `${request.method} ${request.path.template}: Label Studio gave no answer (${code}).`,
    { maybeDone: request.method !== 'GET' && !neverSent },
  )
  return new AttemptFailure(error, { neverSent })
}

function errorCode(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = (cause as { code?: unknown } | null)?.code
  // An address that resolves to several machines fails with an AggregateError of their errors.
  const first = (cause as { errors?: unknown[] } | null)?.errors?.[0]
  if (typeof code === 'string') return code
  return first === undefined ? 'connection failed' : errorCode(first)
}

function parseSuccess(
  call: string,
  { status, contentType, text }: { status: number; contentType: string; text: string },
): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    const said = contentType.split(';')[0] || 'something else'
    const message = `${call}: expected JSON from Label Studio, got ${said} (${status}). Is the URL right?`
    throw new AttemptFailure(new LabelStudioError('unexpected', message, { status }), { status })
  }
}

function redirected(call: string, status: number): AttemptFailure {
  const message = `${call}: Label Studio redirects (${status}). Use the address it redirects to as the URL.`
  return new AttemptFailure(new LabelStudioError('unexpected', message, { status }), { status })
}
