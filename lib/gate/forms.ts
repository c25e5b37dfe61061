import type { IncomingMessage } from 'node:http'

/** A form by which people come in, of which the gate reads the e-mail address before it lets the form through. */
export interface SignInForm {
  /** `signIn`: people who have an account. `signUp`: people who want one. */
  readonly purpose: 'signIn' | 'signUp'
  /** Path of the form's `POST`, without a slash at the end. */
  readonly path: string
  /** Name of the field with the e-mail address. */
  readonly field: string
}

/** The forms of Label Studio, Community and Enterprise. */
export const labelStudioForms: readonly SignInForm[] = [
  { purpose: 'signIn', path: '/user/login', field: 'email' },
  { purpose: 'signUp', path: '/user/signup', field: 'email' },
]

/** What a form said, or why it cannot be let through. */
export type FormReading =
  | { readonly kind: 'read'; readonly emails: readonly string[] }
  | { readonly kind: 'refused'; readonly status: 400 | 411 | 413 | 415; readonly detail: string }

const maxFormBytes = 65_536
const utf8 = /;\s*charset\s*=\s*"?(?!utf-8"?\s*(?:;|$))/i

/** The form that this request submits, if it is one. The path is compared after one decoding, as the application does. */
export function formOf(
  request: Pick<IncomingMessage, 'method' | 'url'>,
  forms: readonly SignInForm[],
): SignInForm | undefined {
  if (request.method !== 'POST') return undefined
  const path = normalisedPath(request.url ?? '')
  return forms.find((form) => form.path === path)
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
  return {
    kind: 'read',
    emails: emails.map((email) => email.trim()).filter((email) => email !== ''),
  }
}

function refusalOf({ headers }: IncomingMessage): FormReading | undefined {
  const type = headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type) || utf8.test(type)) {
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

function normalisedPath(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? ''
  try {
    return decodeURIComponent(path)
      .replace(/\/{2,}/g, '/')
      .replace(/(?!^)\/$/, '')
  } catch {
    return path
  }
}
