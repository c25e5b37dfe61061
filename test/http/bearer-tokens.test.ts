import { createHash } from 'node:crypto'
import type { Request } from 'express'
import {
  type BearerToken,
  bearerTokens,
  digestToken,
  generateToken,
} from '../../lib/http/bearer-tokens.js'

const abc = 'abcdefghijklmnop'
const oldToken = 'the-token-of-2025'
const newToken = 'the-token-of-2026'

const present = (value: string) =>
  ({ headers: { authorization: `Bearer ${value}` }, originalUrl: '/Users' }) as Request

describe('generateToken', () => {
  it('gives at least 256 random bits behind a recognisable prefix, never twice the same (S-AUTH-07, R-SEC-02)', () => {
    const tokens = Array.from({ length: 100 }, generateToken)
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(token).toMatch(/^scim_[A-Za-z0-9_-]{43}$/)
  })
})

describe('digestToken', () => {
  it.each([
    '',
    'fifteen-letters',
    'sécret-of-sixteen-letters',
    'with a space in it',
    'x'.repeat(4_097),
  ])('refuses what bearerTokens refuses: %.30s', (token) => {
    expect(() => digestToken(token)).toThrow(expect.objectContaining({ code: 'ERR_SCIM_TOKENS' }))
    if (token) expect(() => digestToken(token)).not.toThrow(token)
  })
})

describe('bearerTokens', () => {
  it('knows a token by its digest alone (S-AUTH-05)', async () => {
    const authenticate = bearerTokens([{ name: 'okta', digest: digestToken(abc) }])
    expect(await authenticate(present(abc))).toMatchObject({ name: 'okta', tenant: 'default' })
  })

  it('digests with SHA-256 in hexadecimal', () => {
    expect(digestToken(abc)).toBe(createHash('sha256').update(abc).digest('hex'))
  })

  it.each(['ab', `${abc}d`, abc.toUpperCase(), digestToken(abc), 'x'.repeat(4_096)])(
    'refuses %.20s, whatever its length (S-AUTH-05)',
    (wrong) => {
      const authenticate = bearerTokens([{ name: 'okta', token: abc }])
      expect(() => authenticate(present(wrong))).toThrow(expect.objectContaining({ status: 401 }))
    },
  )

  it('takes the old and the new token while one replaces the other (S-AUTH-06)', async () => {
    const authenticate = bearerTokens([
      { name: 'okta-2025', token: oldToken },
      { name: 'okta-2026', token: newToken, tenant: 'acme', scopes: ['scim:read'] },
    ])
    expect(await authenticate(present(oldToken))).toMatchObject({ name: 'okta-2025' })
    expect(await authenticate(present(newToken))).toEqual({
      name: 'okta-2026',
      tenant: 'acme',
      scopes: ['scim:read'],
    })
  })

  it.each([
    ['a Date', new Date('2026-02-01T00:00:00Z')],
    ['text', '2026-02-01T00:00:00Z'],
    ['text with an offset', '2026-02-01T01:30:00+01:30'],
    ['text without an offset', '2026-02-01T00:00:00'],
    ['a date alone', '2026-02-01'],
  ])(
    'refuses a token from the moment it expires, given as %s (S-AUTH-06, R-AUTH-11)',
    async (_, expiresAt) => {
      let now = new Date('2026-01-31T23:59:59.999Z')
      const authenticate = bearerTokens([{ name: 'okta', token: abc, expiresAt }], {
        clock: () => now,
      })
      expect(await authenticate(present(abc))).toMatchObject({ name: 'okta' })
      now = new Date('2026-02-01T00:00:00Z')
      expect(() => authenticate(present(abc))).toThrow('The bearer token has expired. ')
    },
  )

  it('refuses a token at the first request after it was taken out of the list (S-AUTH-06)', async () => {
    let tokens: BearerToken[] = [{ name: 'okta', token: abc }]
    const authenticate = bearerTokens(async () => tokens)
    await expect(authenticate(present(abc))).resolves.toMatchObject({ name: 'okta' })
    tokens = []
    await expect(authenticate(present(abc))).rejects.toMatchObject({ status: 401 })
  })

  it('keeps no token where an inspection of the authenticator could show it (S-AUTH-05)', () => {
    const entry = { name: 'okta', token: 'secret-token-text' }
    const authenticate = bearerTokens([entry])
    expect(
      require('node:util').inspect(authenticate, { depth: 9, showHidden: true }),
    ).not.toContain('secret-token-text')
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'bearerTokens is not a list'],
    ['an empty list', [], 'bearerTokens is not a list'],
    ['no name', [{ token: abc }], 'bearerTokens[0]: option "name" is missing'],
    ['neither token nor digest', [{ name: 'a' }], 'bearerTokens[0] must have one of'],
    ['both', [{ name: 'a', token: abc, digest: digestToken(abc) }], 'must have one of'],
    ['a short digest', [{ name: 'a', digest: 'abc' }], '"digest" cannot be used. Give a SHA-256'],
    [
      'an empty token',
      [{ name: 'a', token: '' }],
      '"token" is empty: is its environment variable set?',
    ],
    ['a token with a space', [{ name: 'a', token: 'secret x' }], '"token" cannot be used'],
    ['a short token', [{ name: 'a', token: 'fifteen-letters' }], 'Give at least 16 characters'],
    [
      'a token with a letter no header has',
      [{ name: 'a', token: 'sécret-of-sixteen-letters' }],
      'letters, digits',
    ],
    [
      'the same token twice',
      [
        { name: 'a', token: abc },
        { name: 'b', digest: digestToken(abc).toUpperCase() },
      ],
      'bearerTokens[1] has the token of bearerTokens[0]',
    ],
    ['an empty tenant', [{ name: 'a', token: abc, tenant: '' }], '"tenant" is empty'],
    ['an unknown scope', [{ name: 'a', token: abc, scopes: ['all'] }], '"scopes[0]" is "all"'],
    ...['soon', '2027', '12/11/2029', 'Feb 1 2029', '2029-02-31', '2029-01-01T25:00:00Z'].map(
      (expiresAt): [string, unknown, string] => [
        `the date ${expiresAt}`,
        [{ name: 'a', token: abc, expiresAt }],
        '"expiresAt" cannot be used. Give a Date or RFC 3339 text',
      ],
    ),
    ['a second entry', [{ name: 'a', token: abc }, null], 'bearerTokens[1]: the options are null'],
  ])('refuses %s, naming the entry and never the token', (_, tokens, message) => {
    const build = () => bearerTokens(tokens as BearerToken[])
    expect(build).toThrow(expect.objectContaining({ code: 'ERR_SCIM_TOKENS' }))
    expect(build).toThrow(message)
    expect(build).not.toThrow('secret')
  })
})
