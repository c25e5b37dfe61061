import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import { callback, custom, listOf, oneOf, optionTable, text } from '../configuration/option.js'
import { isVariableSet, readOptions } from '../configuration/read-options.js'
import { ConfigurationError } from '../errors.js'
import type { Principal } from '../protocol/messages.js'
import { parseInstant } from '../schema/date-time.js'
import type { TokenStore } from '../stores/token-store.js'
import type { Authenticator } from './authenticate.js'
import { malformedCredentials, unauthorized } from './challenge.js'

/**
 * One bearer token. Give its `digest` (see {@link digestToken}), so that the token itself is stored
 * nowhere, or else the `token`.
 */
export interface BearerToken {
  /** Name of the holder, for logs and audit entries, e.g. `okta`. */
  readonly name: string
  readonly token?: string
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly digest?: string
  /** The tenant whose data it can reach. Default `default`. */
  readonly tenant?: string
  /** `scim:read` for GET and searches, `scim:write` for everything else. Default both. */
  readonly scopes?: readonly ('scim:read' | 'scim:write')[]
  /**
   * When it expires: a `Date` or RFC 3339 text; a date alone means its beginning in UTC. Default:
   * never, although RFC 7644 §7.4 asks for a limited lifetime.
   */
  readonly expiresAt?: Date | string
}

/** Options of `bearerTokens`, besides the tokens. */
export interface BearerOptions {
  /**
   * The tokens that administrators make on the settings page: `adapters.tokens`. It is queried for
   * each request whose token is not in the list. Default: none.
   */
  readonly store?: Pick<TokenStore, 'find'>
  /** Decides when tokens expire. Default: the system's clock. */
  readonly clock?: () => Date
}

interface KnownToken {
  readonly digest: Buffer
  readonly expiresAtMs: number
  readonly principal: Principal
}

const allScopes = ['scim:read', 'scim:write'] as const
const tokenPrefix = 'scim_'
/** `b64token` of RFC 6750 §2.1. */
const tokenSyntax = /^[A-Za-z0-9\-._~+/]+=*$/
const maxTokenLength = 4_096

/** Minimum length of a token, so that it cannot be guessed over the network. */
const minTokenLength = 16

const tokenText = text(
  `at least ${minTokenLength} characters that can be sent as a bearer token, letters, ` +
    'digits and -._~+/ only (RFC 6750 §2.1), e.g. from "npx label-studio-scim token"',
  (token) =>
    token.length >= minTokenLength && token.length <= maxTokenLength && tokenSyntax.test(token),
)

/** The options of each entry of `bearerTokens`. */
export const tokenTable = optionTable<BearerToken>()('bearerTokens', 'ERR_SCIM_TOKENS', {
  name: { type: text('a name for logs, e.g. "okta"', (name) => name !== ''), required: true },
  token: { type: tokenText, secret: true, shown: 'none' },
  digest: {
    type: text('a SHA-256 in 64 hexadecimal digits: digestToken(token)', (digest) =>
      /^[0-9a-f]{64}$/i.test(digest),
    ),
    secret: true,
    shown: 'none',
  },
  tenant: { type: text(), default: 'default' },
  scopes: { type: listOf(oneOf(...allScopes)), default: allScopes },
  expiresAt: {
    type: custom<Date | string>('a Date or RFC 3339 text, e.g. "2030-01-31T00:00:00Z"', isTime),
    shown: 'never',
  },
})

/** The options of `bearerTokens`, besides its list. */
export const bearerTable = optionTable<BearerOptions>()('bearerTokens options', 'ERR_SCIM_TOKENS', {
  store: {
    type: custom<NonNullable<BearerOptions['store']>>(
      'a store of tokens, e.g. the `tokens` of sqlAdapters(…)',
      (value) => typeof (value as Partial<TokenStore> | null)?.find === 'function',
    ),
    shown: 'none',
  },
  clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
})

/**
 * Makes a new token: 256 random bits after a prefix that secret scanners can recognise. Show it
 * once and keep only its digest.
 */
export function generateToken(): string {
  return tokenPrefix + randomBytes(32).toString('base64url')
}

/**
 * SHA-256 of a token in 64 hexadecimal digits, to be stored instead of the token.
 *
 * @throws ConfigurationError `ERR_SCIM_TOKENS` for a token that is too short or cannot be sent
 */
export function digestToken(token: string): string {
  if (!tokenText.accepts(token)) throw wrong('digestToken', 'got another token', tokenText.wanted)
  return sha256(token).toString('hex')
}

/**
 * Makes an authenticator for bearer tokens (RFC 6750). It keeps only digests and compares them in
 * constant time. To replace a token without interruption, list both the old and the new one until
 * the client uses the new one.
 *
 * @param tokens the tokens, or a function that returns them. The function is called for each
 *   request, so a token that is removed from the list is refused from the next request on
 * @param options see {@link BearerOptions}; with a `store`, the list may be empty
 * @throws ConfigurationError `ERR_SCIM_TOKENS` for a token under 16 characters, a duplicate token
 *   and other mistakes; the message names the entry and the problem, never the token
 */
export function bearerTokens(
  tokens: readonly BearerToken[] | (() => readonly BearerToken[] | Promise<readonly BearerToken[]>),
  options: BearerOptions = {},
): Authenticator {
  const { store, clock } = readOptions(bearerTable, options)
  const verify = (request: Request, known: readonly KnownToken[]) => {
    const presented = sha256(sentToken(request))
    // Compares every digest even after a match, so that the time reveals nothing.
    const fitting = known.filter(({ digest }) => timingSafeEqual(digest, presented))
    if (!store || fitting.length > 0) return principalOf(fitting, clock())
    return store.find(presented.toString('hex')).then((found) => {
      return principalOf(found ? [knownToken(found)] : [], clock())
    })
  }
  if (typeof tokens === 'function') {
    return async (request) => verify(request, readTokens(await tokens()))
  }
  if (!Array.isArray(tokens) || (tokens.length === 0 && !store)) {
    throw wrong('bearerTokens', 'is not a list of at least one token', '[{ name, token }]')
  }
  const known = readTokens(tokens)
  return (request) => verify(request, known)
}

type FoundToken = NonNullable<Awaited<ReturnType<TokenStore['find']>>>

function knownToken({ id, tenant, name, digest, expiresAt }: FoundToken): KnownToken {
  return {
    digest: Buffer.from(digest, 'hex'),
    expiresAtMs: expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
    principal: { tenant, name, scopes: allScopes, tokenId: id },
  }
}

function principalOf(fitting: readonly KnownToken[], now: Date): Principal {
  const valid = fitting.find(({ expiresAtMs }) => now.getTime() < expiresAtMs)
  if (valid !== undefined) return valid.principal
  throw unauthorized(
    fitting.length > 0
      ? 'The bearer token has expired. Make a new one and enter it in the client.'
      : 'The bearer token is not known here. Copy it into the client again, or make a new one.',
    'invalid_token',
  )
}

/**
 * The bearer token of a request, for a host's own authenticators.
 *
 * @throws ScimError 401 without one, or with another scheme; 400 when there is a second one in the
 *   URL
 */
export function sentToken(request: Pick<Request, 'headers' | 'originalUrl'>): string {
  const header = request.headers.authorization
  if (header === undefined) throw unauthorized('Send a token: "Authorization: Bearer <token>".')
  const [, scheme = '', token = ''] = /^(\S+)(?: +(.*))?$/.exec(header.trim()) ?? []
  if (scheme.toLowerCase() !== 'bearer') throw otherScheme(scheme, token)
  if (token === '') throw unauthorized('The Authorization header has no token after "Bearer".')
  if (token.length > maxTokenLength || !tokenSyntax.test(token)) {
    throw unauthorized(malformed(token), 'invalid_token')
  }
  if (hasTokenInQuery(request.originalUrl)) {
    throw malformedCredentials('A token was sent in the header and in the URL.')
  }
  return token
}

function otherScheme(scheme: string, rest: string) {
  if (scheme.toLowerCase() === 'token') {
    return unauthorized(
      'The scheme "Token" is not supported here. Send "Authorization: Bearer <token>" instead.',
    )
  }
  return unauthorized(
    rest === ''
      ? 'The Authorization header has no scheme. Write "Bearer" and a space before the token.'
      : 'Only the scheme "Bearer" is supported. Send "Authorization: Bearer <token>".',
  )
}

/** The message contains no part of the token. */
function malformed(token: string): string {
  return /^bearer\s/i.test(token)
    ? 'The word "Bearer" precedes the token twice. Enter only the token in the client.'
    : 'The bearer token is not well-formed (RFC 6750 §2.1). ' +
        'Copy it again, without spaces, quotation marks and line breaks.'
}

/**
 * A token in the URL is never accepted, because URLs are logged (RFC 6750 §5.3). A token in both
 * header and URL is an error.
 */
function hasTokenInQuery(url: string): boolean {
  return /[?&]access_token=/i.test(url)
}

function readTokens(tokens: readonly BearerToken[]): KnownToken[] {
  const known = tokens.map(readToken)
  refuseTwice(known)
  return known
}

/**
 * Refuses a token that is listed twice: it would be unclear which entry's tenant and expiry apply.
 */
function refuseTwice(known: readonly KnownToken[]): void {
  const indexes = new Map<string, number>()
  for (const [index, { digest }] of known.entries()) {
    const first = indexes.get(digest.toString('hex'))
    if (first !== undefined) {
      throw wrong(
        `bearerTokens[${index}]`,
        `has the token of bearerTokens[${first}]`,
        'each its own',
      )
    }
    indexes.set(digest.toString('hex'), index)
  }
}

function readToken(entry: BearerToken, index: number): KnownToken {
  const at = `bearerTokens[${index}]`
  const read = readOptions({ ...tokenTable, factory: at }, entry)
  const { tenant, name, scopes, expiresAt } = read
  return {
    digest: readDigest(read, entry, at),
    expiresAtMs: millisecondsOf(expiresAt),
    principal: Object.freeze({ tenant, name, scopes: Object.freeze([...scopes]) }),
  }
}

interface TokenSecret {
  readonly token: string | undefined
  readonly digest: string | undefined
}

function readDigest({ token, digest }: TokenSecret, entry: BearerToken, at: string): Buffer {
  if ((token === undefined) === (digest === undefined)) {
    const unset = token === undefined && ['token', 'digest'].find((name) => name in entry)
    const problem = unset
      ? `: option "${unset}" is undefined: ${isVariableSet}`
      : ' must have one of token and digest.'
    throw new ConfigurationError(
      'ERR_SCIM_TOKENS',
      `${at}${problem} Give digest: digestToken(token).`,
    )
  }
  return digest === undefined ? sha256(token ?? '') : Buffer.from(digest, 'hex')
}

/** Not `Date.parse`, which reads texts of many forms, some of them in the zone of the machine. */
function millisecondsOf(time: Date | string | undefined): number {
  if (time === undefined) return Number.POSITIVE_INFINITY
  return time instanceof Date ? time.getTime() : (parseInstant(time) ?? Number.NaN)
}

function isTime(value: unknown): boolean {
  const isOne = typeof value === 'string' || value instanceof Date
  return isOne && !Number.isNaN(millisecondsOf(value))
}

function sha256(text: string): Buffer {
  // Half the time of asking for a buffer, for which Node makes one of its own.
  return Buffer.from(hash('sha256', text, 'hex'), 'hex')
}

function wrong(path: string, problem: string, fix: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_TOKENS', `${path} ${problem}. Give ${fix}.`)
}
