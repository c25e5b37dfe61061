import { LabelStudioError } from '../errors.js'
import { errorFromAnswer } from './classify.js'
import { fetchText } from './fetch-text.js'
import { type ApiPath, type Query, toUrl } from './path.js'
import { parseRetryAfter } from './retry.js'

/** One call to Label Studio. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: ApiPath
  query?: Query
  /** Sent as JSON. */
  body?: unknown
  signal?: AbortSignal | undefined
  /**
   * Whether it may be sent again when the outcome of an attempt is unknown. Default: `true` except
   * for POST. GET and DELETE are idempotent, and every PATCH of Label Studio's API sets absolute
   * values.
   */
  repeatable?: boolean
}

/** The context of every attempt. */
export interface AttemptContext {
  baseUrl: string
  timeoutMs: number
  fetch: typeof fetch
  clock: () => number
  redact: (text: string) => string
}

/**
 * Sends `request` once and returns the parsed JSON of the answer, or `undefined` if it has no
 * content.
 *
 * @param authorization value of the header, or `undefined` to send none
 * @throws LabelStudioError
 * @throws the reason of `request.signal` when that aborted it
 */
export async function attempt(
  request: ApiRequest,
  authorization: string | undefined,
  context: AttemptContext,
): Promise<unknown> {
  const call = `${request.method} ${request.path.template}`
  const { response, text } = await fetchText(
    toUrl(context.baseUrl, request.path.path, request.query),
    requestInit(request, authorization),
    { call, signal: request.signal, fetch: context.fetch, timeoutMs: context.timeoutMs },
  )
  const { status } = response
  const contentType = response.headers.get('content-type') ?? ''
  if (response.ok) return parseSuccess(call, { status, contentType, text })
  if (status >= 300 && status < 400) throw redirected(call, status)
  const retryAfterSeconds = parseRetryAfter(response.headers.get('retry-after'), context.clock())
  const answer = { call, method: request.method, status, contentType, text, retryAfterSeconds }
  throw errorFromAnswer(answer, context.redact)
}

function requestInit(request: ApiRequest, authorization: string | undefined): RequestInit {
  const { method, body } = request
  return {
    method,
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(authorization !== undefined && { authorization }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
}

interface RawAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

function parseSuccess(call: string, { status, contentType, text }: RawAnswer): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    const said = contentType.split(';')[0] || 'something else'
    const complaint = `${call}: expected JSON from Label Studio, got ${said} (${status}).`
    throw new LabelStudioError('unexpected', `${complaint} Is the URL right?`, { status })
  }
}

function redirected(call: string, status: number): LabelStudioError {
  const complaint = `${call}: Label Studio redirects (${status}).`
  const advice = 'Use the address it redirects to as the URL.'
  return new LabelStudioError('unexpected', `${complaint} ${advice}`, { status })
}
