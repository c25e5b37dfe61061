import type { Request } from 'express'
import { forbidden } from '../errors.js'

/** Schemes of `Authorization` that browsers send automatically, like cookies. */
const ambientSchemes = /^(basic|digest|negotiate|ntlm)\b/i

/**
 * Refuses a page or form to everything but a navigation of the whole window. Label Studio shows
 * what its members wrote, so a script at the same origin may send any request with the
 * administrator's cookie; but it can neither send a navigation nor read the window that one ends
 * in. Browsers that say nothing (plain HTTP) pass.
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
 * Refuses API requests that carry only credentials which a browser sends automatically, because any
 * script at the same origin could send them. Programs, and scripts that know a token, pass.
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
