import { causeForAttention, storeErrorKind, UnavailableError } from '../stores/errors.js'

const outage = 'The host is unavailable.'
const refused = 'The host refuses us.'
/** Why somebody waits while an administrator has paused the reconciler. */
export const pausedText = 'An administrator has paused the reconciler.'

/** A sentence about a failure that is safe to show to an administrator, for any error. */
export function describeFailure(error: unknown): string {
  const kind = storeErrorKind(error)
  if (kind === 'unavailable') {
    return `${causeForAttention(error) ? refused : outage} ${(error as Error).message}`
  }
  if (kind !== undefined) return (error as Error).message
  if (error === 'outage') return outage
  const name = error instanceof Error ? error.name : typeof error
  return `The adapter failed unexpectedly (${name}). The host's log has the error.`
}

/**
 * Whether a description tells of a host that could not answer or was not asked, rather than of a
 * person it would not take.
 */
export function isOutageText(description: string | undefined): boolean {
  if (description === undefined) return false
  return [pausedText, outage, refused].some((start) => description.startsWith(start))
}

/**
 * What a client is told of a host's failure: a refusal as it is, all else as {@link
 * UnavailableError} with the host's own `Retry-After` where it names one.
 */
export function asStoreError(
  cause: unknown,
  message: string,
  options: { readonly retryAfterSeconds: number },
): unknown {
  const kind = storeErrorKind(cause)
  if (kind === 'refused') return cause
  const { retryAfterSeconds } = kind === 'unavailable' ? (cause as UnavailableError) : options
  return new UnavailableError(message, {
    retryAfterSeconds,
    needsAttention: causeForAttention(cause) !== undefined,
    cause,
  })
}
