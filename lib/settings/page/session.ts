import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Request, Response } from 'express'
import { isAhead } from '../../clock.js'
import { ScimError } from '../../errors.js'
import type { Administrator } from '../authorize.js'

/** The session in the browser's cookie, sealed so that nobody can read or change it. */
export interface Session {
  /** Random; the form token is derived from it. */
  readonly id: string
  /**
   * The administrator's token. It is checked at every request, so revoking it ends all its
   * sessions.
   */
  readonly token?: string
}

/** Sessions of the page, stored only in the browser's cookie, so that hosts share only a secret. */
export interface Sessions {
  read(request: Request): Session | undefined
  /** Starts a session with a new id and sends its cookie. */
  begin(request: Request, response: Response, token?: string): Session
  end(request: Request, response: Response): void
  /**
   * The token that forms must send back (`csrf`). It depends on the session and the administrator,
   * so that a session that a script planted from elsewhere is useless here.
   */
  formToken(session: Session, administrator: Administrator | undefined): string
  /** Whether, as far as the headers tell, a page of this site sent the request. */
  isOwnSite(request: Request): boolean
  /**
   * Refuses a form unless a page of this session and administrator sent it.
   *
   * @throws ScimError 403
   */
  checkForm(request: Request, sent: string, of: FormOwner): void
  /** Whether a script of the page reloads one of its pages, with the form token in a header. */
  isRefresh(request: Request, of: FormOwner): boolean
}

/** The session and administrator that a form belongs to. */
export interface FormOwner {
  readonly session: Session | undefined
  readonly administrator: Administrator | undefined
}

/** The header in which the page's own script sends the form token. */
const refreshHeader = 'x-settings-refresh'
const cookieName = 'scim_settings'
const maxCookieLength = 6_000

/**
 * Sessions with this lifetime, sealed with a key derived from `secret` or, without one, from a
 * random value.
 */
export function createSessions(options: {
  readonly secret: string | undefined
  readonly minutes: number
  readonly clock: () => Date
}): Sessions {
  const key = createHash('sha256')
    .update('scim settings session\0')
    .update(options.secret ?? randomBytes(32))
    .digest()
  const maxAge = options.minutes * 60_000
  const formToken = ({ id }: Session, administrator: Administrator | undefined) =>
    createHmac('sha256', key)
      .update(JSON.stringify(['form', id, administrator?.tenant, administrator?.actor]))
      .digest('base64url')
  const isOf = ({ session, administrator }: FormOwner, sent: string) =>
    session !== undefined && isSame(formToken(session, administrator), sent)

  return {
    formToken,
    isOwnSite,
    read(request) {
      const opened = unseal(key, cookieOf(request))
      if (!opened || !isAhead(opened.until, options.clock().getTime(), maxAge)) return undefined
      const { id, token } = opened
      return { id, ...(token !== undefined && { token }) }
    },
    begin(request, response, token) {
      const session = { id: randomBytes(16).toString('base64url'), ...(token && { token }) }
      const until = options.clock().getTime() + maxAge
      response.cookie(cookieName, seal(key, { ...session, until }), {
        ...attributesOf(request),
        maxAge,
      })
      return session
    },
    end(request, response) {
      response.clearCookie(cookieName, attributesOf(request))
    },
    checkForm(request, sent, of) {
      if (isOwnSite(request) && isOf(of, sent)) return
      throw new ScimError(403, 'This form is too old, or did not come from this page. Try again.')
    },
    isRefresh(request, of) {
      const sent = request.headers[refreshHeader]
      return typeof sent === 'string' && isOwnSite(request) && isOf(of, sent)
    },
  }
}

function attributesOf(request: Request) {
  return {
    httpOnly: true,
    sameSite: 'strict',
    secure: request.secure,
    path: `${request.baseUrl}/scim/settings`,
  } as const
}

/** Browsers state where a form comes from. If one does not, only the form token protects. */
function isOwnSite(request: Request): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin } = request.headers
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === request.headers.host
}

function isSame(expected: string, sent: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(expected), digest(sent))
}

function cookieOf(request: Request): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${cookieName}=`))
  return found?.slice(cookieName.length + 1) ?? ''
}

type Sealed = Session & { readonly until: number }

function seal(key: Buffer, session: Sealed): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const text = Buffer.concat([cipher.update(JSON.stringify(session), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
}

function unseal(key: Buffer, value: string): Sealed | undefined {
  if (value === '' || value.length > maxCookieLength) return undefined
  const bytes = Buffer.from(value, 'base64url')
  if (bytes.length < 29) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    decipher.setAuthTag(bytes.subarray(12, 28))
    const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    return JSON.parse(text.toString('utf8')) as Sealed
  } catch {
    return undefined
  }
}
