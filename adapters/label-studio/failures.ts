import { RefusedError, UnavailableError } from '../../lib/adapter/index.js'
import {
  isLabelStudioError,
  type LabelStudioError,
  type LabelStudioErrorKind,
} from './api/index.js'

/** How long to wait, in seconds, if an operator has to intervene. */
const untilSomebodyActs = 300

const unavailableBecause: Partial<Record<LabelStudioErrorKind, string>> = {
  unauthorized: 'Label Studio does not accept the token or the sign-in of the adapter. Renew it.',
  forbidden:
    'Label Studio does not permit this to the account of the adapter. ' +
    'It must be the owner, and roles, workspaces and project members must not be left to ' +
    'SAML alone (MANUAL_ROLE_MANAGEMENT and its siblings).',
  featureAbsent: 'This edition of Label Studio has no such function.',
  seatLimit: 'No seat is left in Label Studio. Free one, or buy more.',
}

/**
 * The store error for a failure of Label Studio: refusals are final, everything else is retried.
 */
export function storeErrorFrom(error: unknown): unknown {
  if (!isLabelStudioError(error)) return error
  const refusal = refusalFrom(error)
  if (refusal) return refusal
  const known = unavailableBecause[error.kind]
  return new UnavailableError(known ?? error.message, {
    needsAttention: error.kind === 'unauthorized',
    retryAfterSeconds: error.retryAfterSeconds ?? (known === undefined ? 10 : untilSomebodyActs),
    cause: error,
  })
}

/** Runs work on Label Studio and translates its failures to store errors. */
export async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw storeErrorFrom(error)
  }
}

function refusalFrom(error: LabelStudioError): RefusedError | undefined {
  if (error.kind === 'duplicateEmail') {
    return new RefusedError(
      'The e-mail address belongs to an account in Label Studio that was removed or is of ' +
        'another organization.',
      409,
      'uniqueness',
    )
  }
  if (error.kind === 'invalid') {
    const fields = error.fields.length > 0 ? `: ${error.fields.join(', ')}` : ''
    return new RefusedError(`Label Studio does not accept a value of this person${fields}.`, 400)
  }
  if (error.kind === 'protected') {
    return new RefusedError(
      'This is a superuser of Label Studio, who cannot be changed from outside.',
    )
  }
  if (error.kind === 'conflict') {
    return new RefusedError('Label Studio refuses to change this account.', 409)
  }
  return undefined
}
