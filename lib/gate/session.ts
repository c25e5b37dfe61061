import type { IncomingMessage } from 'node:http'
import { removeHeader, replaceHeader } from './headers.js'
import { plainPath } from './paths.js'

/** Deletes the session cookie in the browser. */
export const endedSession = 'sessionid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'

const signInPath = '/user/login/'
const signOut = /\/(?:logout|api-auth\/logout)$/
/** The pages that people need before they have a session. None of them depends on who asks. */
const openPages =
  /\/(?:user\/login|user\/signup|admin\/login|api-auth\/login)$|^\/(?:static|react-app|label-studio-frontend|dm)\/|^\/(?:favicon\.ico|sw\.js|health)$/
/** Some servers read `X_Api_Key` as `X-Api-Key`. */
const credential = /^(?:authorization|x[-_]api[-_]key)$/i

/** Whether this request ends a session. */
export function isSignOut({ url = '' }: IncomingMessage): boolean {
  return signOut.test(plainPath(url))
}

/** Whether this request may go on without a session, and regardless of the browser's session. */
export function isOpenPage({ url = '' }: IncomingMessage): boolean {
  return openPages.test(plainPath(url))
}

/** The sign-in page, below the gate's mount path. */
export function signInPage(request: IncomingMessage): string {
  return `${(request as { baseUrl?: string }).baseUrl ?? ''}${signInPath}`
}

/** Whether a cookie is the only possible credential of the request. */
export function hasOnlyCookie({ headers }: IncomingMessage): boolean {
  return headers.cookie !== undefined && !Object.keys(headers).some(isCredential)
}

/** Whether the request goes on with something by which the application may know who sent it. */
export function hasCredentials({ headers }: IncomingMessage): boolean {
  return headers.cookie !== undefined || Object.keys(headers).some(isCredential)
}

/** Makes a request anonymous. Only the CSRF cookie is kept. */
export function dropCredentials(
  request: IncomingMessage,
  given: readonly string[] = [...Object.keys(request.headers).filter(isCredential), 'cookie'],
): void {
  const names = given.map((name) => name.toLowerCase())
  for (const name of names) if (name !== 'cookie') removeHeader(request, name)
  const { cookie } = request.headers
  if (cookie === undefined || !names.includes('cookie')) return
  const kept = cookie.split(';').filter((each) => /^\s*csrftoken=/.test(each))
  if (kept.length > 0) replaceHeader(request, 'cookie', kept.join(';').trim())
  else removeHeader(request, 'cookie')
}

export function isCredential(name: string): boolean {
  return credential.test(name)
}

/**
 * Every value of the credential headers, and every word in it, because a token follows the name of
 * its scheme.
 */
export function secretsOf({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  return Object.keys(headers)
    .filter(isCredential)
    .flatMap((name) => headers[name] ?? [])
    .flatMap((value) => [value, ...value.split(/[\s,;="]+/)])
}
