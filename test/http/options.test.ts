import { memoryAdapters } from '../../adapters/memory/index.js'
import { resolveOptions } from '../../lib/http/resolve-options.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'
import { type ScimOptions, scimTable } from '../../lib/options.js'
import { defaultsOf, rowsOf } from '../support/option-tables.js'

const authenticate = bearerTokens([{ name: 'idp', token: 'secret-token-of-the-idp' }])
const build = (options: unknown) =>
  scimRouter(memoryAdapters(), { authenticate, ...(options as Partial<ScimOptions>) })

const optionNames = rowsOf(scimTable.rows).map(({ name }) => name)
const { limits: defaultLimits } = defaultsOf(scimTable.rows)

describe('scimRouter', () => {
  it.each([
    ['no options', undefined],
    ['no authenticator', {}],
    ['something else as authenticator', { authenticate: 'secret-token' }],
    ['null as authenticator', { authenticate: null }],
  ])('cannot be built with %s (S-AUTH-01)', (_, options) => {
    const attempt = () => scimRouter(memoryAdapters(), options as unknown as ScimOptions)
    expect(attempt).toThrow(expect.objectContaining({ name: 'ConfigurationError' }))
    expect(attempt).toThrow('authenticate')
    expect(attempt).not.toThrow('secret-token')
  })

  it.each([
    ['adapters.users', {}],
    ['adapters.users', undefined],
    ['adapters.groups', { users: memoryAdapters().users }],
    [
      'deprovision, applyAccess',
      { users: { ...memoryAdapters().users, deprovision: 1, applyAccess: undefined } },
    ],
  ])('names what is missing of %s', (message, adapters) => {
    const attempt = () => scimRouter(adapters as never, { authenticate })
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_SCIM_ADAPTERS' }))
    expect(attempt).toThrow(message)
  })
})

/** A wrong value of each option and a part of what is said about it. */
const wrongOptions: [name: string, options: unknown, message: string][] = [
  [
    'authenticate',
    { authenticate: 1 },
    '"authenticate" cannot be used. Give a function, e.g. bearerTokens',
  ],
  ['gateIsOnlyWayIn', { gateIsOnlyWayIn: 'yes' }, '"gateIsOnlyWayIn" is text'],
  ['openDiscovery', { openDiscovery: ['Users'] }, '"openDiscovery[0]" is "Users". Give one of'],
  ['selfServiceAttributes', { selfServiceAttributes: [''] }, '"selfServiceAttributes[0]" is empty'],
  ['rateLimits.requestsPerSecond', { rateLimits: { requestsPerSecond: 24 } }, 'from 25 to 1000000'],
  [
    'rateLimits.failedAuthenticationsPerMinute',
    { rateLimits: { failedAuthenticationsPerMinute: 0 } },
    'is 0',
  ],
  ['baseUrl', { baseUrl: '/scim' }, '"baseUrl" cannot be used. Give an absolute http or https URL'],
  ['baseUrl', { baseUrl: 'https://a.example/?x=1' }, 'without query'],
  ['baseUrl', { baseUrl: 'ftp://a.example' }, '"baseUrl"'],
  ['baseUrl', { baseUrl: 'https://user:secret@a.example' }, '"baseUrl"'],
  ['requireHttps', { requireHttps: 1 }, '"requireHttps" is a number'],
  ['caseInsensitivePaths', { caseInsensitivePaths: 'yes' }, 'Give true or false'],
  ...(['patch', 'bulk', 'filter', 'sort', 'etag', 'me', 'cursor'] as const).map(
    (name): [string, unknown, string] => [
      `features.${name}`,
      { features: { [name]: 'off' } },
      `"features.${name}" is text. Give true or false`,
    ],
  ),
  ['features.changePassword', { features: { changePassword: true } }, 'has no setPassword'],
  ['schemas', { schemas: {} }, '"schemas" is an object'],
  ['resourceTypes', { resourceTypes: ['Device'] }, '"resourceTypes[0]" is text'],
  ['userExtensions', { userExtensions: 1 }, '"userExtensions" is a number'],
  ['groupExtensions', { groupExtensions: null }, '"groupExtensions" is null'],
  ['authenticationSchemes', { authenticationSchemes: ['oauth'] }, '"authenticationSchemes[0]"'],
  ['documentationUri', { documentationUri: 'docs' }, 'an absolute http or https URL'],
  ['advertisePagination', { advertisePagination: 1 }, '"advertisePagination" is a number'],
  ['defaultPaging', { defaultPaging: 'page' }, 'one of "index", "cursor"'],
  ['cursorTimeoutSeconds', { cursorTimeoutSeconds: 0 }, '"cursorTimeoutSeconds" is 0'],
  ['cursorSecret', { cursorSecret: 'short-secret' }, 'at least 32 characters'],
  ['cursorSecret', { cursorSecret: 12 }, '"cursorSecret"'],
  ['strict', { strict: 'yes' }, '"strict" is text'],
  ['deviations', { deviations: { nothing: true } }, '"nothing"'],
  ['unknownAttributes', { unknownAttributes: 'keep' }, 'one of "ignore", "reject", "known"'],
  ['unknownMembers', { unknownMembers: 'keep' }, 'one of "refuse", "ignore"'],
  ['unknownManager', { unknownManager: 'ignore' }, 'one of "keep", "refuse"'],
  ['putWithoutMembers', { putWithoutMembers: 'empty' }, 'one of "clear", "keep"'],
  ['uniqueGroupNames', { uniqueGroupNames: 'yes' }, 'Give true or false'],
  ['uniqueExternalIds', { uniqueExternalIds: 'yes' }, 'Give true or false'],
  ...Object.keys(defaultLimits as object).map((name): [string, unknown, string] => [
    `limits.${name}`,
    { limits: { [name]: 1.5 } },
    `"limits.${name}" is 1.5. Give a whole number from`,
  ]),
  ['limits.maxResults', { limits: { maxResults: Number.NaN } }, 'is NaN'],
  ['limits.maxResults', { limits: { maxResults: '100' } }, 'is text. Give a whole number'],
  [
    'limits.defaultCount',
    { limits: { maxResults: 10, defaultCount: 11 } },
    'more than limits.maxResults (10)',
  ],
  ['requestTimeoutMs', { requestTimeoutMs: 0 }, '"requestTimeoutMs" is 0'],
  ['authenticateTimeoutMs', { authenticateTimeoutMs: Number.POSITIVE_INFINITY }, 'is Infinity'],
  ['deprovisionTimeoutMs', { deprovisionTimeoutMs: -1 }, 'is -1'],
  ['onMassLoss', { onMassLoss: 'no' }, 'one of "report", "refuse"'],
  ['massLossShare', { massLossShare: 25 }, 'is 25'],
  ['massLossLeast', { massLossLeast: 0 }, 'is 0'],
  ['settingsUrl', { settingsUrl: '' }, 'settingsUrl'],
  ['retryAfterSeconds', { retryAfterSeconds: 0.5 }, 'is 0.5'],
  ['maxRetries', { maxRetries: -1 }, 'is -1'],
  ['audit', { audit: 'no' }, 'one of "required", "bestEffort"'],
  ...(['onEvent', 'onError', 'onPending', 'record', 'clock', 'generateId'] as const).map(
    (name): [string, unknown, string] => [
      name,
      { [name]: 1 },
      `"${name}" is a number. Give a function`,
    ],
  ),
]

describe('a wrong option', () => {
  it.each(wrongOptions)('%s is refused when the router is built', (_, options, message) => {
    const attempt = () => build(options)
    expect(attempt).toThrow(expect.objectContaining({ name: 'ConfigurationError' }))
    expect(attempt).toThrow(message)
    expect(attempt).not.toThrow('secret')
  })

  it('is refused for each option there is', () => {
    const tried = new Set(wrongOptions.map(([name]) => name))
    expect([...tried].sort()).toEqual([...optionNames].sort())
  })

  it.each([
    [{ authentication: authenticate }, '"authentication" does not exist. Known are: authenticate'],
    [
      { limits: { maxPayload: 1 } },
      '"limits.maxPayload" does not exist. Did you mean "limits.maxPayloadBytes"? Known are: maxPayloadBytes',
    ],
    [{ features: { me: true, groups: true } }, '"features.groups" does not exist'],
  ])('that does not exist is named, with those that do: %j', (options, message) => {
    expect(() => build(options)).toThrow(message)
  })
})

describe('an option that is left out', () => {
  const resolve = (options: Partial<ScimOptions> = {}, adapters = memoryAdapters()) =>
    resolveOptions({ authenticate, ...options }, adapters)

  it('has its default, also when it is there and undefined', () => {
    const given = { maxRetries: undefined, limits: { maxResults: undefined } }
    expect(resolve(given as unknown as Partial<ScimOptions>)).toMatchObject({
      maxRetries: 10,
      limits: defaultLimits,
      audit: 'bestEffort',
    })
  })

  it('has its default beside others of its group that are given', () => {
    expect(resolve({ limits: { maxResults: 50 } }).limits).toMatchObject({
      maxResults: 50,
      defaultCount: 50,
      maxJsonDepth: 32,
    })
    expect(resolve({ features: { bulk: false } }).features).toMatchObject({ bulk: false, me: true })
  })

  it('of a Bulk above those of a PATCH are warned of, since authentik takes one for the other (B6)', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      resolve()
      resolve({ limits: { maxBulkOperations: 5_000, maxPatchOperations: 5_000 } })
      resolve({ limits: { maxBulkOperations: 5_000 }, features: { bulk: false } })
      expect(warn).not.toHaveBeenCalled()
      resolve({ limits: { maxBulkOperations: 5_000 } })
      expect(warn.mock.calls).toEqual([
        [expect.stringMatching(/maxPatchOperations \(1000\)/), expect.anything()],
      ])
    } finally {
      warn.mockRestore()
    }
  })

  it('of changePassword follows the store', () => {
    expect(resolve().features.changePassword).toBe(false)
    const { users, ...others } = memoryAdapters()
    const withPasswords = { ...others, users: { ...users, setPassword: async () => {} } }
    expect(resolve({}, withPasswords).features.changePassword).toBe(true)
  })

  it('of cursorSecret is another key for each router; a given one is the same everywhere', () => {
    expect(resolve().cursorSecret).not.toEqual(resolve().cursorSecret)
    const cursorSecret = 'x'.repeat(32)
    expect(resolve({ cursorSecret }).cursorSecret).toEqual(resolve({ cursorSecret }).cursorSecret)
    expect(resolve({ cursorSecret }).cursorSecret).toHaveLength(32)
  })
})
