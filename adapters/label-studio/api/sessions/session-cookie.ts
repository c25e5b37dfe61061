import { inflateSync } from 'node:zlib'

const name = 'sessionid'
const maxBytes = 65_536

/**
 * The account that the session in a `Cookie` header names, without a look at its signature.
 * Community keeps sessions in signed cookies (Django's `signed_cookies`) and signs them anew with
 * every answer, so the same session never has the same cookie for long; what stays is the account
 * in it. A cookie that is genuine tells the truth, and one that is not is refused by Label Studio,
 * whoever it names.
 *
 * `undefined` where that cannot be read for certain as Django reads it: several sessions, quotes,
 * other ways of keeping sessions.
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
