import type { IncomingMessage } from 'node:http'
import { plainPath } from './paths.js'

/** A form by which people come in, of which the gate reads the e-mail address before it lets the form through. */
export interface SignInForm {
  /** `signIn`: people who have an account. `signUp`: people who want one. */
  readonly purpose: 'signIn' | 'signUp'
  /**
   * Path of the form's `POST`, in lower case, without a slash at the end. The paths of requests are compared with it by
   * their end, so that it also holds where the application lives below a path of its own.
   */
  readonly path: string
  /** Name of the field with the e-mail address. */
  readonly field: string
}

/** The forms of Label Studio, Community and Enterprise; the third is its admin's. */
export const labelStudioForms: readonly SignInForm[] = [
  { purpose: 'signIn', path: '/user/login', field: 'email' },
  { purpose: 'signIn', path: '/admin/login', field: 'username' },
  { purpose: 'signUp', path: '/user/signup', field: 'email' },
]

/** What a form said, or why it cannot be let through. */
export type FormReading =
  | { readonly kind: 'read'; readonly emails: readonly string[] }
  | { readonly kind: 'refused'; readonly status: 400 | 411 | 413 | 415; readonly detail: string }

const maxFormBytes = 65_536
/** Nothing else: Django reads further spellings of `charset`, which would make other letters of the same bytes. */
const formType = /^application\/x-www-form-urlencoded\s*(?:;\s*charset="?utf-8"?\s*)?$/i
/** What Python takes for white space and JavaScript does not, beside what both do. */
const edges = /^[\s\p{Cc}]+|[\s\p{Cc}]+$/gu

/** The form that this request submits, if it is one. */
export function formOf(
  request: Pick<IncomingMessage, 'method' | 'url'>,
  forms: readonly SignInForm[],
): SignInForm | undefined {
  if (request.method !== 'POST') return undefined
  const path = plainPath(request.url ?? '')
  return forms.find((form) => path.endsWith(form.path))
}

/**
 * Every value of the form's e-mail field. The body is put back into the request, so that a proxy behind can send it on
 * unchanged. What cannot be read the same way by the application is refused rather than guessed at: other encodings,
 * other charsets, bodies without a length.
 */
export async function readForm(request: IncomingMessage, form: SignInForm): Promise<FormReading> {
  const refusal = refusalOf(request)
  if (refusal) return refusal
  const length = Number(request.headers['content-length'])
  const body = await readAndPutBack(request, length)
  if (body === undefined) return refused(400, 'The form ended early.')
  const emails = new URLSearchParams(body.toString('utf8')).getAll(form.field)
  return { kind: 'read', emails: [...new Set(emails.flatMap(readings))] }
}

/** An address as it is and, since Django's own sign-in does that, in compatibility form. */
function readings(given: string): string[] {
  const email = given.replace(edges, '')
  return [email, email.normalize('NFKC')].filter((each) => each !== '')
}

function refusalOf({ headers }: IncomingMessage): FormReading | undefined {
  const type = headers['content-type'] ?? ''
  if (!formType.test(type)) {
    return refused(415, 'Sign in with the form of the sign-in page.')
  }
  if (headers['content-encoding'] !== undefined)
    return refused(415, 'The form must not be compressed.')
  const length = headers['content-length']
  if (length === undefined) return refused(411, 'The form must say its length.')
  if (Number(length) > maxFormBytes) return refused(413, 'The form is too large.')
  return undefined
}

function refused(status: 400 | 411 | 413 | 415, detail: string): FormReading {
  return { kind: 'refused', status, detail }
}

/** A body that arrived, given back with `unshift` before the stream has told anybody that it ended. */
function readAndPutBack(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let received = 0
  return new Promise((resolve) => {
    const done = (body: Buffer | undefined) => {
      request.off('readable', take)
      request.off('close', gone)
      resolve(body)
    }
    const gone = () => done(undefined)
    const take = () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk as Buffer)
        received += (chunk as Buffer).length
        if (received >= length) return putBack()
      }
    }
    const putBack = () => {
      const body = Buffer.concat(chunks)
      request.unshift(body)
      done(body)
    }
    if (length === 0) return done(Buffer.alloc(0))
    request.on('readable', take)
    request.on('close', gone)
    take()
  })
}
