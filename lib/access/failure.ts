import { causeForAttention, storeErrorKind, UnavailableError } from '../stores/errors.js'

const outage = 'The host is unavailable.'
const refused = 'The host refuses us.'
/** The reason shown for people who wait while an administrator has paused the reconciler. */
export const pausedText = 'An administrator has paused the reconciler.'

/** A sentence about any error that is safe to show to an administrator. */
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
 * Whether this description is of an outage or a pause, rather than of a person whom the host
 * refused.
 */
export function isOutageText(description: string | undefined): boolean {
  if (description === undefined) return false
  return [pausedText, outage, refused].some((start) => description.startsWith(start))
}

/**
 * The store error for a failure of the host: a refusal stays as it is, everything else becomes an
 * {@link UnavailableError}, with the host's own `Retry-After` if it named one.
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
