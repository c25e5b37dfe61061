import { createHmac, randomUUID } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { apiError, type FakeRequest, type FakeResponse } from './http.js'
import type { FakeOptions, FakeState, FakeUser } from './state.js'

const secret = 'fake label studio'
const sign = (text: string) => createHmac('sha256', secret).update(text).digest('base64url')
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

let cookies = 0

/**
 * A signed cookie, as Community keeps sessions (Django's `signed_cookies`: compressed JSON, time,
 * signature). Nothing is stored, so only a change of the account ends a session. The real cookie
 * changes each second, this one each time.
 */
export function sessionCookie(user: FakeUser): string {
  return signedSession({
    _auth_user_id: `${user.id}`,
    _auth_user_hash: `${user.passwordVersion}`,
    uid: randomUUID(),
  })
}

/** The cookie that every answer sets, even for requests with a token or without credentials. */
export function anonymousCookie(): string {
  return signedSession({ uid: randomUUID() })
}

function signedSession(session: Record<string, unknown>): string {
  cookies += 1
  const text = deflateSync(JSON.stringify(session)).toString('base64url')
  const signed = `.${text}:${cookies.toString(36)}`
  return `${signed}:${sign(signed)}`
}

export function jwt(claims: Record<string, unknown>): string {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${sign(text)}`
}

export function readJwt(state: FakeState, token: string, type: string): FakeUser | undefined {
  const [header = '', payload = '', signature] = token.split('.')
  if (signature === undefined || signature !== sign(`${header}.${payload}`)) return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims.token_type !== type || claims.exp * 1000 <= Date.now()) return undefined
  const user = state.users.get(Number(claims.user_id))
  if (!user?.isActive) return undefined
  return type === 'refresh' && user.personalAccessToken !== claims.jti ? undefined : user
}

export function newPersonalAccessToken(user: FakeUser): string {
  user.personalAccessToken = randomUUID()
  const iat = Math.floor(Date.now() / 1000)
  const exp = iat + 200 * 365 * 86_400
  const token = jwt({
    token_type: 'refresh',
    exp,
    iat,
    jti: user.personalAccessToken,
    user_id: `${user.id}`,
  })
  user.outstandingTokens.push(withoutSignature(token))
  return token
}

/** A JWT's header and payload, as Label Studio shows it. */
export const withoutSignature = (token: string) => token.split('.').slice(0, 2).join('.')

export function newAccessToken(user: FakeUser, options: FakeOptions): string {
  const iat = Math.floor(Date.now() / 1000)
  const exp = iat + (options.accessTokenSeconds ?? 300)
  return jwt({ token_type: 'access', exp, iat, jti: randomUUID(), user_id: `${user.id}` })
}

/** The user of a request, for pages and for the API, or the answer that refuses it. */
export interface Authentication {
  user: FakeUser | undefined
  pageUser: FakeUser | undefined
  /** The user of the session; `undefined` if the request has an access token. */
  sessionUser: FakeUser | undefined
  refusal: FakeResponse | undefined
}

export function authenticate(
  state: FakeState,
  options: FakeOptions,
  request: FakeRequest,
): Authentication {
  const key = request.headers['x-api-key']
  const authorization = key === undefined ? request.headers.authorization : `Token ${key}`
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  const byJwt = bearer === undefined ? undefined : readJwt(state, bearer, 'access')
  if (byJwt?.activeOrganization === null && options.mode !== 'lse') {
    // The middleware fails because it reads the settings of the missing organization.
    return {
      user: undefined,
      pageUser: undefined,
      sessionUser: undefined,
      refusal: serverError(),
    }
  }
  const sessionUser = byJwt ? undefined : readSession(state, request)
  const pageUser = byJwt ?? sessionUser
  const legacy = /^Token (.+)$/i.exec(authorization ?? '')?.[1]
  if (legacy === undefined) return { user: pageUser, pageUser, sessionUser, refusal: undefined }
  const { user, refusal } = readLegacyToken(state, legacy)
  return {
    user,
    pageUser,
    sessionUser,
    refusal: request.path.startsWith('/api/') ? refusal : undefined,
  }
}

function serverError(): FakeResponse {
  const headers = { 'content-type': 'text/html; charset=utf-8' }
  return { status: 500, headers, body: '<!doctype html><h1>Server error</h1>' }
}

function readLegacyToken(state: FakeState, token: string) {
  const user = [...state.users.values()].find((each) => each.legacyToken === token)
  if (user === undefined) return { user, refusal: unauthorized('Invalid token.') }
  if (!user.isActive) return { user, refusal: unauthorized('User inactive or deleted.') }
  if (user.activeOrganization !== null && !state.tokenSettings.legacy_api_tokens_enabled) {
    const detail =
      'Authentication token no longer valid: legacy token authentication has been disabled ' +
      'for this organization'
    return { user, refusal: unauthorized(detail) }
  }
  return { user, refusal: undefined }
}

function readSession(state: FakeState, request: FakeRequest): FakeUser | undefined {
  // Of several cookies with one name the last counts, as in Django.
  const cookies = new Map(
    (request.headers.cookie ?? '').split(';').map((each) => {
      const [name = '', ...value] = each.trim().split('=')
      return [name, value.join('=')]
    }),
  )
  const [payload = '', time = '', signature] = (cookies.get('sessionid') ?? '').split(':')
  if (signature !== sign(`${payload}:${time}`)) return undefined
  const session = JSON.parse(inflateSync(Buffer.from(payload.slice(1), 'base64url')).toString())
  const user = state.users.get(Number(session._auth_user_id))
  if (!user?.isActive || session._auth_user_hash !== `${user.passwordVersion}`) return undefined
  return user
}

export function unauthorized(
  detail = 'Authentication credentials were not provided.',
): FakeResponse {
  const answer = apiError(401, detail)
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Token' } }
}
