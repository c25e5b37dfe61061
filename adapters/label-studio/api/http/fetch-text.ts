import { LabelStudioError } from '../errors.js'

/** Options of one exchange. */
export interface FetchOptions {
  /** For messages: method and path without ids. */
  call: string
  signal: AbortSignal | undefined
  fetch: typeof fetch
  timeoutMs: number
}

/** Error codes of failures before anything was sent. */
const neverSentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Sends one request and reads the whole answer within the time-out. It follows no redirect, which
 * could carry credentials elsewhere.
 *
 * @throws LabelStudioError `unavailable`
 * @throws the signal's reason when that aborted it
 */
export async function fetchText(
  url: string,
  init: RequestInit,
  options: FetchOptions,
): Promise<{ response: Response; text: string }> {
  const { signal, finish, timedOut } = deadline(options.signal, options.timeoutMs)
  try {
    const response = await options.fetch(url, { ...init, redirect: 'manual', signal })
    return { response, text: await response.text() }
  } catch (cause) {
    options.signal?.throwIfAborted()
    const code = timedOut() ? 'time-out' : errorCode(cause)
    const maybeDone = init.method !== 'GET' && !neverSentCodes.has(code)
    const message = `${options.call}: Label Studio gave no answer (${code}).`
    throw new LabelStudioError('unavailable', message, { maybeDone })
  } finally {
    finish()
  }
}

/**
 * Not `AbortSignal.any`: on Node 20 it keeps every derived signal alive as long as a long-lived
 * parent.
 */
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

function errorCode(error: unknown): string {
  const { code, cause, errors } = (error ?? {}) as FetchFailure
  if (typeof code === 'string') return code
  // An address that resolves to several machines fails with an AggregateError of their errors.
  const inner = cause ?? errors?.[0]
  return inner === undefined ? 'connection failed' : errorCode(inner)
}

interface FetchFailure {
  code?: unknown
  cause?: unknown
  errors?: readonly unknown[]
}
