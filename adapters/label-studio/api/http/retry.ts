/** How often, and with which pauses, a call is tried again. */
export interface RetryPolicy {
  /** Further attempts after the first. */
  retries: number
  /** Upper bound of the first pause; it doubles with each attempt. */
  baseDelayMs: number
  /** No pause is longer; a longer `Retry-After` ends the call instead, so the caller can plan it. */
  maxDelayMs: number
}

/** What an attempt ended with, as far as trying again is concerned. */
export interface Failure {
  status?: number | undefined
  retryAfterSeconds?: number | undefined
  /** The request surely never reached Label Studio (refused connection, unknown host). */
  neverSent?: boolean
}

/**
 * Milliseconds to wait before the next attempt, or `undefined` when the call has failed for good.
 *
 * Requests that can be repeated without a second effect are tried again after 408, 429, 5xx, time-outs
 * and dropped connections. Others (most POSTs) only when Label Studio surely did nothing: 429, or the
 * request never left. The pause has full jitter: a random part of a doubling bound.
 *
 * @param attempt how many attempts have failed already, from 1
 * @param random  a number from 0 (included) to 1 (not included)
 */
export function retryDelay(
  failure: Failure,
  call: { attempt: number; repeatable: boolean },
  policy: RetryPolicy,
  random: number,
): number | undefined {
  if (call.attempt > policy.retries || !canRepeat(failure, call.repeatable)) return undefined
  if (failure.retryAfterSeconds !== undefined) {
    const delay = failure.retryAfterSeconds * 1000
    return delay > policy.maxDelayMs ? undefined : delay
  }
  const bound = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (call.attempt - 1))
  return random * bound
}

function canRepeat({ status, neverSent }: Failure, repeatable: boolean): boolean {
  if (neverSent || status === 429) return true
  if (!repeatable) return false
  return status === undefined || status === 408 || status >= 500
}

/** Reads `Retry-After`: seconds or an HTTP date; `undefined` when absent or not understood. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - nowMs) / 1000))
}
