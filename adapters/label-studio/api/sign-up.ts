import { cookieJar } from './admin/cookie-jar.js'
import { controlOf, readForms, toEntries, withText } from './admin/html-form.js'
import { fetchText } from './http/fetch-text.js'
import type { HttpSettings } from './options.js'

const path = '/user/signup/'

/**
 * Whether anybody can sign up without a link (Community without `DISABLE_SIGNUP_WITHOUT_LINK`). The
 * page is always shown, so a form without address and password is posted. It creates no account,
 * and is refused with 403 if sign-up needs a link.
 *
 * @returns `undefined` if the answers do not tell
 * @throws LabelStudioError `unavailable`
 */
export async function isSignUpOpen(
  settings: HttpSettings,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  const jar = cookieJar()
  const url = `${settings.baseUrl}${path}`
  const exchange = (init: RequestInit) =>
    fetchText(url, init, { call: `${init.method} ${path}`, signal, ...settings })

  const page = await exchange({ method: 'GET', headers: { accept: 'text/html' } })
  jar.store(page.response.headers.getSetCookie())
  const form = readForms(page.text).find((each) => controlOf(each, 'password') !== undefined)
  if (!page.response.ok || !form || !controlOf(form, 'email')) return undefined
  const answer = await exchange({
    method: 'POST',
    headers: { accept: 'text/html', cookie: jar.header(), referer: url },
    body: new URLSearchParams(toEntries(withText(withText(form, 'email', ''), 'password', ''))),
  })
  if (answer.response.status === 403) return false
  return answer.response.status === 200 ? true : undefined
}
