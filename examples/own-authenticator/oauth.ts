/**
 * An authenticator for clients that get short-lived access tokens from an authorization server
 * (OAuth 2.0 client credentials). The tokens are JWTs (RFC 9068), verified with the keys that the
 * server publishes (JWKS).
 */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { type Authenticator, forbidden, unauthorized } from 'label-studio-scim'

/** Which tokens are accepted. */
export interface OAuthOptions {
  /** `iss` of the tokens. */
  readonly issuer: string
  /** URL of the issuer's keys: `jwks_uri` in its metadata. */
  readonly jwksUri: string
  /** `aud` of the tokens: this service provider. */
  readonly audience: string
  /** The tenant of each client, by `client_id`. Clients that are not listed get 403. */
  readonly tenants: Readonly<Record<string, string>>
}

const algorithms: Readonly<Record<string, string>> = { RS256: 'RSA-SHA256', ES256: 'SHA256' }
const clockSkewSeconds = 60
/** Shortest time between two fetches of the keys: anyone may send any number of unknown key ids. */
const keysFreshMs = 60_000

/** `authenticate` of `scimRouter` for access tokens of one authorization server. */
export function oauthTokens(options: OAuthOptions): Authenticator {
  const keyOf = keySource(options.jwksUri)
  return async ({ headers }) => {
    const [, token = ''] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
    const [head = '', body = '', signature = ''] = token.split('.')
    const { alg, kid } = read(head)
    const digest = typeof alg === 'string' && Object.hasOwn(algorithms, alg) ? algorithms[alg] : ''
    const key = digest && typeof kid === 'string' ? await keyOf(kid) : undefined
    if (!digest || !key || key.asymmetricKeyType !== keyTypes[String(alg)]) throw refused()
    const signed = Buffer.from(`${head}.${body}`)
    const parts = { key, dsaEncoding: 'ieee-p1363' } as const
    if (!verify(digest, signed, parts, Buffer.from(signature, 'base64url'))) throw refused()
    return principalOf(read(body), options)
  }
}

const keyTypes: Readonly<Record<string, string>> = { RS256: 'rsa', ES256: 'ec' }

function principalOf(claims: Record<string, unknown>, options: OAuthOptions) {
  const { iss, aud, exp, nbf, client_id: client, scope } = claims
  const now = Date.now() / 1000
  const isForUs = iss === options.issuer && [aud].flat().includes(options.audience)
  const isInTime =
    typeof exp === 'number' &&
    exp > now - clockSkewSeconds &&
    (nbf === undefined || (typeof nbf === 'number' && nbf < now + clockSkewSeconds))
  if (!isForUs || !isInTime || typeof client !== 'string') throw refused()
  const tenant = Object.hasOwn(options.tenants, client) ? options.tenants[client] : undefined
  if (tenant === undefined) throw forbidden('This client has no tenant here.')
  return { tenant, name: client, scopes: typeof scope === 'string' ? scope.split(' ') : [] }
}

/** Finds the issuer's keys by id; fetches them when an id is unknown. */
function keySource(jwksUri: string): (kid: string) => Promise<KeyObject | undefined> {
  let fetchedAt = Number.NEGATIVE_INFINITY
  let keys: Promise<ReadonlyMap<string, KeyObject>> = Promise.resolve(new Map())
  return async (kid) => {
    const known = (await keys.catch(() => undefined))?.get(kid)
    if (known || performance.now() - fetchedAt < keysFreshMs) return known
    fetchedAt = performance.now()
    keys = fetchKeys(jwksUri)
    return (await keys).get(kid)
  }
}

/** If it throws, the client gets a 500: without keys nobody gets in. */
async function fetchKeys(jwksUri: string): Promise<ReadonlyMap<string, KeyObject>> {
  const response = await fetch(jwksUri, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`The keys could not be fetched: ${response.status}.`)
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid?: string })[] }
  return new Map(
    keys
      .filter(({ kid, kty }) => kid !== undefined && (kty === 'RSA' || kty === 'EC'))
      .map((jwk) => [jwk.kid ?? '', createPublicKey({ key: jwk, format: 'jwk' })]),
  )
}

/** A part of a token as an object; an empty object if it is not JSON. */
function read(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function refused() {
  return unauthorized('The access token is not valid here.', 'invalid_token')
}
