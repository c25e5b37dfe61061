import { isLabelStudioError, type LabelStudioError } from '../errors.js'

/** How often, and with which pauses, a call is retried. */
export interface RetryPolicy {
  /** Further attempts after the first. */
  retries: number
  /** Upper bound of the first pause; it doubles with each attempt. */
  baseDelayMs: number
  /**
   * The longest pause; a longer `Retry-After` ends the call instead, so that the caller can
   * schedule it.
   */
  maxDelayMs: number
}

/** What retrying needs besides the policy. */
export interface RetryTools extends RetryPolicy {
  random: () => number
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** A failed attempt of a call. */
export interface FailedCall {
  /** How many attempts have failed, from 1. */
  attempt: number
  /** Whether repeating the effect is harmless. */
  repeatable: boolean
}

type Failure = Pick<LabelStudioError, 'kind' | 'maybeDone' | 'retryAfterSeconds'>

/**
 * Milliseconds to wait before the next attempt, or `undefined` if the call has failed for good.
 *
 * Repeatable calls are tried again after 408, 429, 5xx, time-outs and dropped connections; others
 * (most POSTs) only if Label Studio certainly did nothing: 429, or the request never reached it.
 * The pause has full jitter: a random part of a doubling bound.
 *
 * @param random a number from 0 (included) to 1 (not included)
 */
export function retryDelay(
  failure: Failure,
  call: FailedCall,
  policy: RetryPolicy,
  random: number,
): number | undefined {
  if (call.attempt > policy.retries || !canRepeat(failure, call.repeatable)) return undefined
  if (failure.retryAfterSeconds !== undefined) {
    const delay = failure.retryAfterSeconds * 1000
    return delay > policy.maxDelayMs ? undefined : delay
  }
  return random * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (call.attempt - 1))
}

function canRepeat({ kind, maybeDone }: Failure, repeatable: boolean): boolean {
  return kind === 'rateLimited' || (kind === 'unavailable' && (repeatable || !maybeDone))
}

/** Options of `retrying`. */
export interface RetryOptions extends RetryTools {
  repeatable: boolean
  signal?: AbortSignal | undefined
}

/**
 * Runs `task` until it succeeds or fails for good.
 *
 * @throws what the last attempt threw, or the signal's reason
 */
export async function retrying<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { repeatable, signal } = options
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await task()
    } catch (error) {
      if (!isLabelStudioError(error)) throw error
      const delay = retryDelay(error, { attempt, repeatable }, options, options.random())
      if (delay === undefined) throw error
      await pause(delay, options)
    }
  }
}

async function pause(delayMs: number, { sleep, signal }: RetryOptions): Promise<void> {
  await sleep(delayMs, signal).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}

/** Reads `Retry-After`: seconds or an HTTP date; `undefined` if absent or malformed. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value)
  // An HTTP date begins with its weekday; `Date.parse` alone would accept nearly anything.
  const date = /^\s*[A-Z][a-z]+, /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - nowMs) / 1000))
}
