import { LabelStudioError } from '../errors.js'
import { fetchText } from '../http/fetch-text.js'
import { parseRetryAfter } from '../http/retry.js'
import type { HttpSettings } from '../options.js'
import { cookieJar } from './cookie-jar.js'
import { controlOf, readForms, toEntries, withText } from './html-form.js'

/** A page of Label Studio. */
export interface Page {
  status: number
  /** Path and query of the redirect; '' if it is not one. */
  location: string
  html: string
}

/** A signed-in session with Label Studio's pages. */
export interface WebSession {
  /**
   * Runs `task` after signing in, if needed. If Label Studio has ended the session meanwhile, it
   * signs in again and repeats the whole task, so that no form of an old session is posted. Run one
   * task at a time, because a sign-in ends the session of the others.
   *
   * @throws LabelStudioError `unauthorized` when e-mail or password is refused
   * @throws LabelStudioError `forbidden` when the account has no access to these pages
   */
  run<T>(task: (pages: Pages) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** Reads and posts pages within `WebSession.run`. */
export interface Pages {
  get(path: string): Promise<Page>
  post(path: string, entries: readonly [string, string][]): Promise<Page>
}

/** Thrown inside a task when a page redirects to the sign-in. */
class SessionEnded extends Error {}

const signInPath = '/user/login/'

/** Settings of a web session: the account, and how to reach Label Studio. */
export interface WebSessionSettings extends HttpSettings {
  email: string
  password: string
}

/** Makes a session that signs in at the first use. */
export function webSession(settings: WebSessionSettings): WebSession {
  const jar = cookieJar()
  let isSignedIn = false

  const exchange = async (
    method: 'GET' | 'POST',
    path: string,
    options: {
      entries?: readonly [string, string][] | undefined
      signal?: AbortSignal | undefined
    },
  ): Promise<Page> => {
    const page = await fetchPage({ method, path, cookie: jar.header(), ...options }, settings)
    jar.store(page.setCookies)
    return page
  }

  const signIn = async () => {
    isSignedIn = false
    jar.clear()
    const page = await exchange('GET', signInPath, {})
    const answer = await exchange('POST', signInPath, { entries: fillSignIn(page, settings) })
    if (answer.status !== 302 || !jar.has('sessionid')) throw signInRefused(answer)
    isSignedIn = true
  }

  const pagesOf = (signal: AbortSignal | undefined): Pages => ({
    get: async (path) => orEnded(await exchange('GET', path, { signal })),
    post: async (path, entries) => orEnded(await exchange('POST', path, { entries, signal })),
  })

  return {
    async run(task, signal) {
      if (!isSignedIn) await signIn()
      try {
        return await task(pagesOf(signal))
      } catch (error) {
        if (!(error instanceof SessionEnded)) throw error
      }
      await signIn()
      return task(pagesOf(signal)).catch((error: unknown) => {
        throw error instanceof SessionEnded ? noWayIn() : error
      })
    },
  }
}

function orEnded(page: Page): Page {
  if (page.status >= 300 && page.status < 400 && /\/login\/?(\?|$)/.test(page.location)) {
    throw new SessionEnded()
  }
  return page
}

interface PageRequest {
  method: 'GET' | 'POST'
  path: string
  cookie: string
  entries?: readonly [string, string][] | undefined
  signal?: AbortSignal | undefined
}

async function fetchPage(
  request: PageRequest,
  settings: HttpSettings,
): Promise<Page & { setCookies: string[] }> {
  const url = `${settings.baseUrl}${request.path}`
  const { response, text } = await fetchText(url, requestInit(request, url), {
    call: `${request.method} ${request.path.replace(/\d+/g, '{id}')}`,
    signal: request.signal,
    fetch: settings.fetch,
    timeoutMs: settings.timeoutMs,
  })
  const { status } = response
  if (status === 429 || status >= 500) throw pageFailed(response, settings.clock())
  const location = response.headers.get('location') ?? ''
  return { status, location, html: text, setCookies: response.headers.getSetCookie() }
}

function requestInit(request: PageRequest, url: string): RequestInit {
  const { method, cookie, entries } = request
  return {
    method,
    headers: {
      accept: 'text/html',
      // Form messages are recognised in English.
      'accept-language': 'en',
      ...(cookie !== '' && { cookie }),
      // Django requires the referrer over TLS. No `Origin` is sent: Django would compare it with
      // the scheme that it sees, which differs behind a proxy that terminates TLS.
      ...(entries !== undefined && { referer: url }),
    },
    ...(entries !== undefined && { body: new URLSearchParams(entries as [string, string][]) }),
  }
}

function fillSignIn(page: Page, { email, password }: WebSessionSettings): [string, string][] {
  const form = readForms(page.html).find(
    (each) => controlOf(each, 'email') !== undefined && controlOf(each, 'password') !== undefined,
  )
  if (form === undefined) {
    throw new LabelStudioError(
      'unexpected',
      'Label Studio shows no form for signing in with e-mail and password.',
      { status: page.status },
    )
  }
  return toEntries(withText(withText(form, 'email', email), 'password', password))
}

function signInRefused({ status }: Page): LabelStudioError {
  const reason =
    status === 200
      ? "Label Studio refuses the owner's e-mail and password."
      : `Label Studio refuses the sign-in form (${status}).`
  return new LabelStudioError('unauthorized', reason, { status })
}

function noWayIn(): LabelStudioError {
  return new LabelStudioError(
    'forbidden',
    "Label Studio does not let this account into its admin. Give the owner's sign-in.",
  )
}

function pageFailed(response: Response, nowMs: number): LabelStudioError {
  const { status } = response
  const retryAfterSeconds = parseRetryAfter(response.headers.get('retry-after'), nowMs)
  return new LabelStudioError(
    status === 429 ? 'rateLimited' : 'unavailable',
    `A page of Label Studio is not available (${status}).`,
    { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }), maybeDone: true },
  )
}
