import type { Request } from 'express'
import { forbidden } from '../errors.js'

/** Schemes of `Authorization` that browsers send automatically, like cookies. */
const ambientSchemes = /^(basic|digest|negotiate|ntlm)\b/i

/**
 * Refuses a page or form unless the browser navigates the whole window. Label Studio shows content
 * written by its members, so a script at the same origin may send any request with the
 * administrator's cookie. But it can neither send a navigation nor read the window that a
 * navigation ends in. Browsers that do not send the headers (plain HTTP) pass.
 *
 * @throws ScimError 403
 */
export function requireNavigation(request: Request): void {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = request.headers
  const isNavigation =
    (mode === undefined || mode === 'navigate') &&
    (destination === undefined || destination === 'document')
  if (!isNavigation)
    throw forbidden('Scripts and frames cannot use this page. Open it in a window.')
}

/**
 * Refuses API requests whose only credentials are ones that a browser sends automatically, because
 * any script at the same origin could send them. Programs, and scripts that know a token, pass.
 *
 * @throws ScimError 403
 */
export function refuseAmbientCredentials(request: Request): void {
  const { authorization, 'sec-fetch-mode': mode, 'sec-fetch-site': site } = request.headers
  const isBrowser = mode !== undefined || site !== undefined
  const isAmbient = authorization === undefined || ambientSchemes.test(authorization)
  if (!isBrowser || !isAmbient) return
  throw forbidden('Cookies do not count here. Send a token: "Authorization: Bearer <token>".')
}
