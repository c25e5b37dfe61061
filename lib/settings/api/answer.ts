import { randomUUID } from 'node:crypto'
import { ScimError } from '../../errors.js'
import { ClientGoneError } from '../../http/read-bytes.js'
import { RulesError } from '../../mapping/index.js'
import { storeErrorKind, type UnavailableError } from '../../stores/errors.js'
import { grouped } from '../../stores/grouped.js'
import type { Scope } from '../../stores/scope.js'
import { MassLossError, RulesConflict } from '../rules/save.js'

/** One call of the settings API as a plain value. */
export interface Call {
  readonly scope: Scope
  readonly query: URLSearchParams
  /** Parsed JSON; absent for GET. */
  readonly body: unknown
  readonly ifMatch: string | undefined
}

/** An answer as a plain value. `lines` are sent one after another as they come. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly lines?: AsyncIterable<string>
}

/** A failure in the format of Label Studio's API, so that its SDK can read it. */
interface Failure {
  readonly status: number
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
  readonly validationErrors?: Readonly<Record<string, readonly string[]>>
  /** How many people would lose access, of how many, and the names of the first of them. */
  readonly massLoss?: {
    readonly count: number
    readonly of: number
    readonly people: readonly string[]
  }
}

/**
 * The answer to an error, and whether the error was unexpected. For an unexpected error it shows
 * only the request id, which leads to the entry in the host's log.
 */
export function failureAnswer(
  error: unknown,
  requestId: string = randomUUID(),
): { readonly answer: Answer; readonly isUnexpected: boolean } {
  const known = failureOf(error)
  const { status, detail, headers, validationErrors, massLoss }: Failure = known ?? {
    status: 500,
    detail: `Something went wrong. The host's log has it under ${requestId}.`,
  }
  const body = {
    id: requestId,
    status_code: status,
    detail,
    exc_info: null,
    ...(validationErrors && { validation_errors: validationErrors }),
    ...(massLoss && { mass_loss: massLoss }),
  }
  return { answer: { status, body, ...(headers && { headers }) }, isUnexpected: !known }
}

/** The failure to show to an administrator; `undefined` for an unexpected error. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof ScimError) {
    return { status: error.status, detail: error.message, headers: error.headers }
  }
  if (error instanceof RulesError) {
    return {
      status: 400,
      detail: error.message.slice(0, 2_000),
      validationErrors: problemsByRow(error),
    }
  }
  if (error instanceof MassLossError) {
    const { losingAccess, peopleWithAccess, sample } = error.preview
    const losing = sample.filter(({ losesAccess }) => losesAccess).map(({ userName }) => userName)
    return {
      status: 409,
      detail: error.message,
      massLoss: { count: losingAccess, of: peopleWithAccess, people: losing },
    }
  }
  if (error instanceof RulesConflict) return { status: 409, detail: error.message }
  if (storeErrorKind(error) === 'unavailable') {
    const { message, retryAfterSeconds } = error as UnavailableError
    return { status: 503, detail: message, headers: { 'Retry-After': String(retryAfterSeconds) } }
  }
  // The host's body parser marks errors as safe to show if the client caused them.
  if (isShown(error)) return { status: error.status, detail: 'The body cannot be read.' }
  // The client has disconnected, so nobody reads the answer.
  if (error instanceof ClientGoneError) return { status: 499, detail: 'The client has gone.' }
  return undefined
}

function problemsByRow({ problems }: RulesError): Readonly<Record<string, readonly string[]>> {
  const rows = [...grouped(problems, ({ row }) => row)]
  return Object.fromEntries(rows.map(([row, all]) => [row, all.map(({ message }) => message)]))
}

function isShown(error: unknown): error is Error & { readonly status: number } {
  const { status, expose } = error as { readonly status?: unknown; readonly expose?: unknown }
  return error instanceof Error && expose === true && typeof status === 'number' && status < 500
}
