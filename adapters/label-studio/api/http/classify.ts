import { isObject } from '../../../../lib/adapter/index.js'
import { LabelStudioError, type LabelStudioErrorKind } from '../errors.js'

/** A failed answer, as plain values. */
export interface FailedAnswer {
  /** The call in a form that may be shown, e.g. `GET /api/users/{id}/`. */
  call: string
  method: string
  status: number
  contentType: string
  text: string
  retryAfterSeconds: number | undefined
}

const kindOfStatus: Readonly<Record<number, LabelStudioErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  402: 'seatLimit',
  403: 'forbidden',
  404: 'notFound',
  405: 'conflict',
  408: 'unavailable',
  409: 'conflict',
  422: 'invalid',
  429: 'rateLimited',
}

const sentences: Readonly<Record<LabelStudioErrorKind, string>> = {
  unauthorized: 'Label Studio does not accept the credentials',
  forbidden: 'Label Studio does not allow it',
  protected: 'the account cannot be changed from outside',
  notFound: 'Label Studio has no such object',
  featureAbsent: 'this Label Studio has no such call',
  invalid: 'Label Studio refused a value',
  conflict: 'the state in Label Studio does not allow it',
  duplicateEmail: 'Label Studio already has an account with this e-mail, possibly a hidden one',
  seatLimit: 'the Label Studio subscription has no seat left',
  rateLimited: 'Label Studio asks for fewer requests',
  unavailable: 'Label Studio is not available',
  unexpected: 'Label Studio gave an unexpected answer',
}

/** Makes the typed error for a failed answer of Label Studio. */
export function errorFromAnswer(answer: FailedAnswer, redact: (text: string) => string) {
  const body = parseBody(answer)
  const kind = kindOf(answer, body)
  const detail = detailOf(body)
  return new LabelStudioError(kind, `${answer.call}: ${sentences[kind]} (${answer.status}).`, {
    status: answer.status,
    ...(answer.retryAfterSeconds !== undefined && { retryAfterSeconds: answer.retryAfterSeconds }),
    ...(detail !== undefined && { detail: redact(detail).slice(0, 300) }),
    fields: Object.keys(validationErrors(body)),
    maybeDone: answer.method !== 'GET' && kind === 'unavailable',
  })
}

function parseBody({ contentType, text }: FailedAnswer): unknown {
  if (!/\bjson\b/i.test(contentType)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function kindOf(answer: FailedAnswer, body: unknown): LabelStudioErrorKind {
  const { status } = answer
  if (status >= 500) return 'unavailable'
  // A missing object is reported in JSON; an unknown path gets Django's HTML page.
  if (status === 404 && body === undefined) return 'featureAbsent'
  const text = answer.text.slice(0, 4000)
  if (status === 405 && /Method \\?"[A-Z]+\\?" not allowed/.test(text)) return 'featureAbsent'
  if (status === 400 && isDuplicateEmail(body)) return 'duplicateEmail'
  if (saysNoSeat(status, body)) return 'seatLimit'
  return kindOfStatus[status] ?? 'unexpected'
}

function isDuplicateEmail(body: unknown): boolean {
  const errors = validationErrors(body)['email']
  return Array.isArray(errors) && errors.some((each) => /already exists/i.test(String(each)))
}

// Enterprise's status at its seat limit is not documented, so the words of the message decide.
function saysNoSeat(status: number, body: unknown): boolean {
  if (![400, 403, 409].includes(status)) return false
  return /\b(seats?|user limit|maximum number of users|license limit)\b/i.test(detailOf(body) ?? '')
}

function validationErrors(body: unknown): Record<string, unknown> {
  if (!isObject(body)) return {}
  const errors = body['validation_errors']
  return isObject(errors) ? errors : {}
}

function detailOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const { detail } = body
  const errors = Object.entries(validationErrors(body)).map(([name, said]) => `${name}: ${said}`)
  const parts = [...(typeof detail === 'string' ? [detail] : []), ...errors]
  return parts.length === 0 ? undefined : parts.join('; ')
}
