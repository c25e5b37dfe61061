import { inflateSync } from 'node:zlib'

const name = 'sessionid'
const maxBytes = 65_536

/**
 * The account named by the session in a `Cookie` header; the signature is not checked. Community
 * keeps sessions in signed cookies (Django's `signed_cookies`) and signs them again with every
 * answer, so the cookie of a session keeps changing, but not the account in it. Label Studio itself
 * refuses a forged cookie.
 *
 * `undefined` if it cannot be read exactly as Django reads it: several sessions, quotes, other
 * session engines.
 */
export function accountInCookie(cookie: string): number | undefined {
  if (!/^[\x20-\x7e]*$/.test(cookie) || cookie.toLowerCase().split(name).length !== 2) {
    return undefined
  }
  const value = /(?:^|; ?)sessionid=(\.?[\w-]+):[\w-]+:[\w-]+(?:;|$)/.exec(cookie)?.[1]
  return value === undefined ? undefined : accountIn(value)
}

function accountIn(payload: string): number | undefined {
  try {
    const isCompressed = payload.startsWith('.')
    const bytes = Buffer.from(isCompressed ? payload.slice(1) : payload, 'base64url')
    const text = isCompressed ? inflateSync(bytes, { maxOutputLength: maxBytes }) : bytes
    const id = Number(JSON.parse(text.toString('utf8'))?._auth_user_id)
    return Number.isSafeInteger(id) && id > 0 ? id : undefined
  } catch {
    return undefined
  }
}
