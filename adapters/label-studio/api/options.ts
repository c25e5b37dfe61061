import { setTimeout as delay } from 'node:timers/promises'
import {
  ConfigurationError,
  callback,
  optionTable,
  type RowsFor,
  readOptions,
  text,
  whole,
} from '../../../lib/adapter/index.js'
import { isTokenText, tokenForm } from './http/token.js'

/** How to reach one Label Studio. */
export interface LabelStudioConnection {
  /**
   * Base URL, including the path if Label Studio is served below one, e.g.
   * `https://example.com/label-studio`.
   */
  url: string
  /** Time limit of one attempt, in milliseconds, 1-600000. Default 10000. */
  timeoutMs?: number
  /** Maximum number of concurrent requests, 1-1000. Default 8. */
  maxConcurrent?: number
  /** Maximum number of waiting requests; further ones fail at once. 0-1000000. Default 10000. */
  maxQueued?: number
  /** Further attempts after a temporary failure, 0-20. Default 3. */
  retries?: number
  /**
   * Bound of the first pause between attempts, in milliseconds, doubling each time. Default 250.
   */
  baseDelayMs?: number
  /**
   * Longest pause, in milliseconds; a longer `Retry-After` ends the call instead. Default 10000.
   */
  maxDelayMs?: number
  /** Default: the global `fetch`. */
  fetch?: typeof fetch
  /** Milliseconds since 1970. Default `Date.now`. */
  clock?: () => number
  /** A number from 0 (included) to 1 (not included). Default `Math.random`. */
  random?: () => number
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** Options of `labelStudioApi`. */
export interface LabelStudioApiOptions extends LabelStudioConnection {
  /**
   * A personal access token or a legacy token. For provisioning it has to belong to the
   * organization's owner.
   */
  token: string
}

/** Options with every default filled in. */
export type HttpSettings = Required<Omit<LabelStudioConnection, 'url'>> & {
  /** Base URL without a slash at its end. */
  baseUrl: string
  token: string | undefined
}

/** The options of every connection to Label Studio. */
export const connectionRows = {
  url: { type: text("Label Studio's base URL, e.g. http://127.0.0.1:8080"), required: true },
  timeoutMs: { type: whole(1, 600_000), default: 10_000 },
  maxConcurrent: { type: whole(1, 1_000), default: 8 },
  maxQueued: { type: whole(0, 1_000_000), default: 10_000 },
  retries: { type: whole(0, 20), default: 3 },
  baseDelayMs: { type: whole(0, 60_000), default: 250 },
  maxDelayMs: { type: whole(0, 600_000), default: 10_000 },
  fetch: {
    type: callback<typeof fetch>(),
    // Looked up at each call, in case the host replaces the global one.
    default: (...args: Parameters<typeof fetch>) => globalThis.fetch(...args),
    shown: 'the global `fetch`',
  },
  clock: { type: callback<() => number>(), default: () => Date.now(), shown: '`Date.now`' },
  random: { type: callback<() => number>(), default: () => Math.random(), shown: '`Math.random`' },
  sleep: {
    type: callback<NonNullable<LabelStudioConnection['sleep']>>(),
    default: (ms: number, signal?: AbortSignal) =>
      delay(ms, undefined, signal === undefined ? {} : { signal }),
    shown: 'timers',
  },
} as const satisfies RowsFor<LabelStudioConnection>

const optionCode = 'ERR_SCIM_LABEL_STUDIO_OPTION'

const connectionTable = optionTable<LabelStudioConnection>()(
  'labelStudioConnection',
  optionCode,
  connectionRows,
)

/** The options of `labelStudioApi`. */
const apiTable = optionTable<LabelStudioApiOptions>()('labelStudioApi', optionCode, {
  ...connectionRows,
  token: { type: text(), required: true, secret: true },
})

/**
 * Checks connection options and fills in the defaults; `token` stays undefined.
 *
 * @throws ConfigurationError naming the option
 */
export function connectionSettings(options: LabelStudioConnection): HttpSettings {
  const { url, ...settings } = readOptions(connectionTable, connectionOf(options))
  return { ...settings, baseUrl: parseBaseUrl(url), token: undefined }
}

/** The connection options among a factory's options. */
export function connectionOf(options: LabelStudioConnection): LabelStudioConnection {
  const names = Object.keys(options).filter((name) => Object.hasOwn(connectionRows, name))
  return Object.fromEntries(
    names.map((name) => [name, options[name as keyof LabelStudioConnection]]),
  ) as unknown as LabelStudioConnection
}

/** Checks the options of `labelStudioApi`, see `connectionSettings`. */
export function apiSettings(options: LabelStudioApiOptions): HttpSettings {
  const { token, ...connection } = readOptions(apiTable, options)
  if (typeof token !== 'string' || !isTokenText(token)) {
    throw new ConfigurationError(
      'ERR_SCIM_LABEL_STUDIO_TOKEN',
      'Option "token" must be a Label Studio personal access token or legacy token.',
    )
  }
  const complaint = tokenComplaints[tokenForm(token)]
  if (complaint !== undefined)
    throw new ConfigurationError('ERR_SCIM_LABEL_STUDIO_TOKEN', complaint)
  return { ...connectionSettings(connection), token }
}

const tokenComplaints: Readonly<Record<string, string>> = {
  access:
    'Option "token" is an access token, which expires in minutes. ' +
    'Give the personal access token it was made from.',
  truncated:
    'Option "token" is a personal access token without its signature, as lists show it. ' +
    'Give the whole token.',
}

function parseBaseUrl(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw urlError('is not a URL')
  }
  if (!['http:', 'https:'].includes(parsed.protocol)) throw urlError('must be http or https')
  if (parsed.username !== '' || parsed.password !== '') throw urlError('must not hold credentials')
  if (parsed.search !== '' || parsed.hash !== '') throw urlError('must end with its path')
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
}

function urlError(complaint: string): ConfigurationError {
  return new ConfigurationError(
    'ERR_SCIM_LABEL_STUDIO_URL',
    `Option "url" ${complaint}. Give Label Studio's base URL, e.g. http://127.0.0.1:8080.`,
  )
}
