import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Request, Response } from 'express'
import { ScimError } from '../../errors.js'
import type { Administrator } from '../authorize.js'

/** What a browser holds between two requests, sealed so that nobody can read or change it. */
export interface Session {
  /** Random; the form token is derived from it. */
  readonly id: string
  /**
   * The administrator's token, checked again at every request: one that is withdrawn ends every
   * session with it.
   */
  readonly token?: string
}

/**
 * Sessions of the page, kept in the browser's cookie alone, so that hosts share nothing but a
 * secret.
 */
export interface Sessions {
  read(request: Request): Session | undefined
  /** Begins a session and sends its cookie; a new id each time. */
  begin(request: Request, response: Response, token?: string): Session
  end(request: Request, response: Response): void
  /**
   * What forms must send back (`csrf`). It belongs to the session and to whoever is signed in, so
   * that a session which a script planted, made elsewhere, opens nothing here.
   */
  formToken(session: Session, administrator: Administrator | undefined): string
  /** Whether the browser says, or lets us see, that a page of this site sent the request. */
  isOwnSite(request: Request): boolean
  /**
   * Refuses a form that was not sent by a page of this session and administrator.
   *
   * @throws ScimError 403
   */
  checkForm(request: Request, sent: string, of: FormOwner): void
  /**
   * Whether a script of the page asks for one of its pages again, with the page's form token in a
   * header.
   */
  isRefresh(request: Request, of: FormOwner): boolean
}

/** Whose page a form is on. */
export interface FormOwner {
  readonly session: Session | undefined
  readonly administrator: Administrator | undefined
}

/** In which the page's own script sends the form token. */
const refreshHeader = 'x-settings-refresh'
const cookieName = 'scim_settings'
const maxCookieLength = 6_000

/**
 * Sessions that last so many minutes, sealed with a key derived from `secret`, or from a random
 * one.
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
      if (!opened || opened.until < options.clock().getTime()) return undefined
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

/** Browsers say where a form comes from; where one does not, the form's token decides alone. */
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
