import { Ajv, type ErrorObject } from 'ajv'
import { ConfigurationError } from '../errors.js'
import type { ScimOptions } from '../options.js'
import { parseBaseUrl } from './base-url.js'

const functions = [
  'authenticate',
  'onEvent',
  'onError',
  'onPending',
  'record',
  'clock',
  'generateId',
] as const satisfies readonly (keyof ScimOptions)[]

const wholeNumber = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum })
const boolean = { type: 'boolean' }
const oneOf = (...values: string[]) => ({ enum: values })
const texts = { type: 'array', items: { type: 'string', minLength: 1 } }
const objects = { type: 'array', items: { type: 'object' } }
const each = (names: string[], schema: object) =>
  Object.fromEntries(names.map((name) => [name, schema]))
const closed = (properties: object) => ({
  type: 'object',
  additionalProperties: false,
  properties,
})
const milliseconds = wholeNumber(1, 86_400_000)

const features = ['patch', 'bulk', 'filter', 'sort', 'etag', 'changePassword', 'me', 'cursor']

const limits = {
  maxPayloadBytes: wholeNumber(1_024, 536_870_912),
  maxBulkOperations: wholeNumber(1, 100_000),
  maxResults: wholeNumber(1, 10_000),
  defaultCount: wholeNumber(1, 10_000),
  maxPatchOperations: wholeNumber(1, 100_000),
  maxMembers: wholeNumber(1, 10_000_000),
  maxFilterBytes: wholeNumber(64, 1_048_576),
  maxFilterNodes: wholeNumber(1, 10_000),
  maxFilterDepth: wholeNumber(1, 256),
  maxScanned: wholeNumber(1, 100_000_000),
  maxStringLength: wholeNumber(64, 536_870_912),
  maxJsonDepth: wholeNumber(16, 256),
  maxArrayItems: wholeNumber(1, 10_000_000),
  maxRequestsInFlight: wholeNumber(1, 1_000_000),
}

/** JSON Schema of the options. What schemas and deviations hold is checked where they are read. */
export const optionsSchema = closed({
  ...each([...functions, 'baseUrl', 'cursorSecret'], {}),
  openDiscovery: {
    type: 'array',
    items: oneOf('ServiceProviderConfig', 'ResourceTypes', 'Schemas'),
  },
  ...each(
    [
      'requireHttps',
      'caseInsensitivePaths',
      'uniqueGroupNames',
      'uniqueExternalIds',
      'advertisePagination',
      'strict',
    ],
    boolean,
  ),
  features: closed(each(features, boolean)),
  limits: closed(limits),
  rateLimits: closed({
    requestsPerSecond: wholeNumber(25, 1_000_000),
    failedAuthenticationsPerMinute: wholeNumber(1, 1_000_000),
  }),
  ...each(['requestTimeoutMs', 'authenticateTimeoutMs', 'deprovisionTimeoutMs'], milliseconds),
  onMassLoss: oneOf('report', 'refuse'),
  massLossShare: { type: 'number', minimum: 0, maximum: 1 },
  massLossLeast: wholeNumber(1, 1_000_000_000),
  settingsUrl: { type: 'string', minLength: 1 },
  retryAfterSeconds: wholeNumber(1, 86_400),
  maxRetries: wholeNumber(0, 100),
  ...each(
    ['schemas', 'resourceTypes', 'userExtensions', 'groupExtensions', 'authenticationSchemes'],
    objects,
  ),
  deviations: { type: 'object' },
  unknownAttributes: oneOf('ignore', 'reject', 'known'),
  unknownMembers: oneOf('refuse', 'ignore'),
  unknownManager: oneOf('keep', 'refuse'),
  putWithoutMembers: oneOf('clear', 'keep'),
  ...each(['selfServiceAttributes'], texts),
  defaultPaging: oneOf('index', 'cursor'),
  cursorTimeoutSeconds: wholeNumber(1, 31_536_000),
  documentationUri: { type: 'string', pattern: '^https?://' },
  audit: oneOf('required', 'bestEffort'),
})

/**
 * Refuses options that cannot work.
 *
 * @throws ConfigurationError naming the option, the value received and what to give instead
 */
export function checkOptions(options: ScimOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw wrong('scimRouter(adapters, options)', options, 'an object with at least "authenticate"')
  }
  if (typeof options.authenticate !== 'function') {
    throw new ConfigurationError(
      'ERR_SCIM_AUTHENTICATE',
      'Option "authenticate" is missing or no function. Give bearerTokens([…]) or a function of your own: without one, everybody could change everything.',
    )
  }
  for (const name of functions) {
    const value = options[name]
    if (value !== undefined && typeof value !== 'function') throw wrong(name, value, 'a function')
  }
  checkBaseUrl(options.baseUrl)
  checkCursorSecret(options.cursorSecret)
  checkData(options)
}

function checkData(options: ScimOptions): void {
  const validate = new Ajv({ verbose: true, strict: true }).compile(optionsSchema)
  const data = JSON.parse(JSON.stringify(options, (_, value) => dataOf(value)))
  if (validate(data)) return
  const [error] = validate.errors ?? []
  if (error !== undefined) throw toConfigurationError(error)
}

/** What JSON has not, such as functions and `NaN`, must not vanish before it is seen. */
function dataOf(value: unknown): unknown {
  if (typeof value === 'function') return null
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function toConfigurationError(error: ErrorObject): ConfigurationError {
  const path = error.instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
  if (error.keyword === 'additionalProperties') {
    const name = [path, error.params['additionalProperty']].filter(Boolean).join('.')
    return new ConfigurationError(
      'ERR_SCIM_OPTIONS',
      `Option "${name}" does not exist. Known are: ${Object.keys(error.parentSchema?.['properties'] ?? {}).join(', ')}.`,
    )
  }
  return wrong(path, error.data, expectation(error))
}

function expectation({ keyword, params, parentSchema }: ErrorObject): string {
  if (keyword === 'enum') return `one of ${(params['allowedValues'] as string[]).join(', ')}`
  if (parentSchema?.['type'] === 'integer') {
    return `a whole number from ${parentSchema['minimum']} to ${parentSchema['maximum']}`
  }
  if (keyword === 'pattern') return 'an http or https URL'
  if (keyword === 'minLength') return 'text that is not empty'
  return `a value of type ${params['type']}`
}

function checkBaseUrl(baseUrl: unknown): void {
  if (baseUrl === undefined || typeof baseUrl === 'function') return
  try {
    if (typeof baseUrl === 'string') {
      parseBaseUrl(baseUrl)
      return
    }
  } catch {
    // Told below.
  }
  const harmless = typeof baseUrl === 'string' ? baseUrl.replace(/\/\/.*@/, '//…@') : baseUrl
  throw wrong('baseUrl', harmless, 'an absolute http or https URL without query, or a function')
}

function checkCursorSecret(secret: unknown): void {
  const isLong = (typeof secret === 'string' || secret instanceof Uint8Array) && secret.length >= 32
  if (secret === undefined || isLong) return
  throw new ConfigurationError(
    'ERR_SCIM_OPTIONS',
    'Option "cursorSecret" is too short or no text. Give at least 32 characters or bytes, made at random.',
  )
}

function wrong(path: string, value: unknown, fix: string): ConfigurationError {
  const received = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : shown(value)
  return new ConfigurationError('ERR_SCIM_OPTIONS', `Option "${path}" is ${received}. Give ${fix}.`)
}

function shown(value: unknown): string {
  return typeof value === 'object' ? (JSON.stringify(value)?.slice(0, 100) ?? '') : String(value)
}
