import { isObject } from '../../../../lib/adapter/index.js'

/**
 * The forms of a Label Studio token. `legacy`: opaque, sent as `Token`. `personalAccess`: a JWT
 * refresh token, exchanged for access tokens and never sent itself. `access`: a JWT that is valid
 * for a few minutes, sent as `Bearer`. `truncated`: a personal access token without its signature,
 * as lists show it.
 */
export type TokenForm = 'legacy' | 'personalAccess' | 'access' | 'truncated'

/**
 * The unverified payload of a JWT, or `undefined` if `token` is not one. Only Label Studio verifies
 * it.
 */
export function jwtPayload(token: string): Record<string, unknown> | undefined {
  const [header, payload] = token.split('.')
  if (header === undefined || payload === undefined) return undefined
  try {
    const [head, body] = [header, payload].map((part): unknown =>
      JSON.parse(Buffer.from(part, 'base64url').toString('utf8')),
    )
    return isObject(head) && isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

/** The form of `token`. */
export function tokenForm(token: string): TokenForm {
  const payload = jwtPayload(token)
  if (payload === undefined) return 'legacy'
  if (token.split('.').length !== 3) return 'truncated'
  return payload['token_type'] === 'refresh' ? 'personalAccess' : 'access'
}

/** The lifetime of a JWT in milliseconds, counted from its issue, or 0 if it does not say. */
export function jwtLifetimeMs(token: string): number {
  const payload = jwtPayload(token)
  const [iat, exp] = [payload?.['iat'], payload?.['exp']]
  return typeof iat === 'number' && typeof exp === 'number' ? Math.max(0, (exp - iat) * 1000) : 0
}

/**
 * Whether `token` can be a token: printable ASCII without spaces and of bounded length, so safe in
 * a header.
 */
export function isTokenText(token: string): boolean {
  return token.length <= 4096 && /^[\x21-\x7e]+$/.test(token)
}
