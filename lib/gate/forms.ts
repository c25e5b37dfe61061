import type { IncomingMessage } from 'node:http'
import type { Identity } from './decide.js'
import { plainPath } from './paths.js'
import { readBody } from './read-body.js'
import { accountOfToken } from './tokens.js'

/**
 * A form with which people sign in or sign up. The gate reads whose form it is before it lets it
 * through.
 */
export interface SignInForm {
  /**
   * `signIn`: for people who have an account. `signUp`: for people who want one. `token`: exchanges
   * a JSON Web Token for another; the claim `user_id` names the account.
   */
  readonly purpose: 'signIn' | 'signUp' | 'token'
  /**
   * Path of the form's `POST`, in lower case, without a trailing slash. It is compared with the end
   * of a request's path, so that it also works if the application is served below another path.
   */
  readonly path: string
  /** Name of the field that holds the e-mail address or the token. */
  readonly field: string
}

/**
 * The forms of Label Studio (Community and Enterprise), including those of its admin site and its
 * browsable API.
 */
export const labelStudioForms: readonly SignInForm[] = [
  { purpose: 'signIn', path: '/user/login', field: 'email' },
  { purpose: 'signIn', path: '/admin/login', field: 'username' },
  { purpose: 'signIn', path: '/api-auth/login', field: 'username' },
  { purpose: 'signUp', path: '/user/signup', field: 'email' },
  { purpose: 'token', path: '/api/token/refresh', field: 'refresh' },
  { purpose: 'token', path: '/api/token/rotate', field: 'refresh' },
]

/** The content of a form, or the reason why it cannot be let through. */
export type FormReading =
  | {
      readonly kind: 'read'
      readonly identities: readonly Identity[]
      /** The values of the field, as sent. */
      readonly values: readonly string[]
    }
  | FormRefusal

interface FormRefusal {
  readonly kind: 'refused'
  readonly status: 400 | 411 | 413 | 415 | 500
  readonly detail: string
}

const maxFormBytes = 65_536
/** Each of them is looked up. People send one, and programs that repeat a field few. */
const maxPeople = 10
/**
 * The only accepted form: Django understands further spellings of `charset`, which would decode the
 * same bytes differently.
 */
const charset = String.raw`\s*(?:;\s*charset="?utf-8"?\s*)?$`
const formType = new RegExp(`^application/x-www-form-urlencoded${charset}`, 'i')
const jsonType = new RegExp(`^application/json${charset}`, 'i')

/** The form that this request submits, if any. */
export function formOf(
  request: Pick<IncomingMessage, 'method' | 'url'>,
  forms: readonly SignInForm[],
): SignInForm | undefined {
  if (request.method !== 'POST') return undefined
  const path = plainPath(request.url ?? '')
  return forms.find((form) => path.endsWith(form.path))
}

/**
 * Reads whose form it is: every value of its field. The body is put back into the request, so that
 * a proxy behind the gate can send it on unchanged. Whatever the application might read differently
 * is refused: other encodings, other charsets, bodies that are not UTF-8 or have no length, and
 * addresses with anything but printable ASCII.
 */
export async function readForm(request: IncomingMessage, form: SignInForm): Promise<FormReading> {
  const refusal = refusalOf(request, form)
  if (refusal) return refusal
  const body = await readBody(request, Number(request.headers['content-length']))
  if (body === 'consumed') return refused(500, 'The form could not be read.')
  if (body === 'aborted') return refused(400, 'The form ended early.')
  const text = utf8Of(body)
  if (text === undefined) return refused(400, 'The form must be UTF-8.')
  const values = jsonType.test(request.headers['content-type'] ?? '')
    ? jsonValuesOf(text, form.field)
    : new URLSearchParams(text).getAll(form.field)
  if (values === undefined) return refused(400, 'This is not valid JSON.')
  if (new Set(values).size > maxPeople) return refused(400, 'This form names too many people.')
  return form.purpose === 'token' ? tokensIn(values) : addressesIn(values)
}

function addressesIn(values: readonly string[]): FormReading {
  const addresses = values.map(stripped).filter((each) => each !== '')
  if (!addresses.every(isPlain)) {
    return refused(400, 'Write the e-mail address in plain letters (ASCII).')
  }
  return { kind: 'read', values, identities: [...new Set(addresses)].map((email) => ({ email })) }
}

function tokensIn(values: readonly string[]): FormReading {
  const accounts = values.map((value) => accountOfToken(stripped(value)))
  const known = [...new Set(accounts)].filter((each) => each !== undefined)
  return { kind: 'read', values, identities: known.map((accountId) => ({ accountId })) }
}

/**
 * Exactly the characters that Python's `str.strip` removes, as Django's fields do. JavaScript's
 * `trim` removes others.
 */
const spaces = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`
const space = new RegExp(spaces)

/** Not by an expression for both ends, which would look at each run of blanks many times. */
function stripped(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && space.test(text.charAt(start))) start += 1
  while (start < end && space.test(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isPlain(address: string): boolean {
  return /^[\x20-\x7e]+$/.test(address)
}

/** Django reads a body that is not UTF-8 as ISO-8859-1, i.e. as different letters. */
function utf8Of(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

function jsonValuesOf(text: string, field: string): string[] | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[field]
    return typeof value === 'string' ? [value] : []
  } catch {
    return undefined
  }
}

function refusalOf({ headers }: IncomingMessage, { purpose }: SignInForm): FormRefusal | undefined {
  const type = headers['content-type'] ?? ''
  const isReadable = formType.test(type) || (purpose === 'token' && jsonType.test(type))
  if (!isReadable) {
    return purpose === 'token'
      ? refused(415, 'Send JSON in UTF-8.')
      : refused(415, 'Sign in with the form of the sign-in page.')
  }
  if (headers['content-encoding'] !== undefined)
    return refused(415, 'The form must not be compressed.')
  const length = headers['content-length']
  if (length === undefined) return refused(411, 'The form must have a Content-Length.')
  if (Number(length) > maxFormBytes) return refused(413, 'The form is too large.')
  return undefined
}

function refused(status: FormRefusal['status'], detail: string): FormRefusal {
  return { kind: 'refused', status, detail }
}
