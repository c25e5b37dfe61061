import { storeErrorKind } from '../stores/errors.js'

const outage = 'The host is unavailable.'

/** A sentence about a failure that is safe to show to an administrator, for any error. */
export function describeFailure(error: unknown): string {
  const kind = storeErrorKind(error)
  if (kind === 'unavailable') return `${outage} ${(error as Error).message}`
  if (kind !== undefined) return (error as Error).message
  if (error === 'outage') return outage
  const name = error instanceof Error ? error.name : typeof error
  return `The adapter failed unexpectedly (${name}). The host's log has the error.`
}

/** Whether a description tells of a host that could not answer, rather than of a person it would not take. */
export function isOutageText(description: string | undefined): boolean {
  return description?.startsWith(outage) ?? false
}
