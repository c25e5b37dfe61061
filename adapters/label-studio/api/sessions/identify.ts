import { optionTable, readOptions, whole } from '../../../../lib/adapter/index.js'
import { toWhoami } from '../account.js'
import { LabelStudioError } from '../errors.js'
import { fetchText } from '../http/fetch-text.js'
import { retrying } from '../http/retry.js'
import {
  connectionRows,
  connectionSettings,
  type HttpSettings,
  type LabelStudioConnection,
} from '../options.js'
import { type CredentialCache, credentialCache } from './credential-cache.js'
import { type Asker, askersOf, type QuestionOrder, questionOrder } from './question-order.js'
import { accountInCookie } from './session-cookie.js'

const longestMs = 86_400_000

/** Options of `identifyLabelStudioUser`. */
export interface IdentifyOptions extends LabelStudioConnection {
  /** How long a credential's account is cached, in milliseconds. Default 30000. */
  cacheMs?: number
  /** How long it is cached that a session is anonymous, in milliseconds. Default 2000. */
  anonymousCacheMs?: number
  /**
   * How much longer a known account is used while Label Studio cannot be reached, in milliseconds.
   * Default 600000.
   */
  staleMs?: number
  /** Maximum number of cached credentials. Default 10000. */
  maxCached?: number
}

/** The options of `identifyLabelStudioUser`. */
export const identifyTable = optionTable<IdentifyOptions>()(
  'identifyLabelStudioUser',
  'ERR_SCIM_LABEL_STUDIO_OPTION',
  {
    ...connectionRows,
    retries: { ...connectionRows.retries, default: 1 },
    cacheMs: { type: whole(0, longestMs), default: 30_000 },
    anonymousCacheMs: { type: whole(0, longestMs), default: 2_000 },
    staleMs: { type: whole(0, longestMs), default: 600_000 },
    maxCached: { type: whole(1, 10_000_000), default: 10_000 },
  },
)

/** Anything with headers: a request of Node, Express, or a WebSocket upgrade. */
export interface RequestWithHeaders {
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The account a credential belongs to. */
export interface LabelStudioIdentity {
  accountId: number
  /** For messages only: it is masked once the person was removed, so it cannot identify anybody. */
  email: string
  /** RFC 3339; when the account was made. */
  since?: string
}

/** The people behind a request, as far as they are known. */
export interface LabelStudioIdentification {
  /**
   * One entry for each credential that Label Studio accepts; none for an anonymous request. There
   * can be several, e.g. a cookie and a token of different people. Label Studio's pages use the
   * cookie and its API the token, so a request must be refused if any of them must be kept out.
   */
  identities: readonly LabelStudioIdentity[]
  /** `false` if Label Studio could not be asked about one of the credentials. */
  isComplete: boolean
  /** Headers, as sent, with a token or session of an account that is not accepted. */
  refused?: readonly string[]
}

/** Finds out to whom a request belongs; throws only the signal's reason. */
export type LabelStudioIdentify = (
  request: RequestWithHeaders,
  signal?: AbortSignal,
) => Promise<LabelStudioIdentification>

/**
 * Headers by which Label Studio authenticates. Each is checked separately. Some servers in front of
 * Label Studio read `X_Api_Key` as `X-Api-Key`, so both count.
 */
const credentialHeader = /^(?:cookie|authorization|x[-_]api[-_]key)$/i

/**
 * Makes a function that finds out to which Label Studio accounts a request belongs. It asks Label
 * Studio itself with the request's credentials (session cookie, legacy token, JWT), one at a time,
 * so that an invalid one cannot hide a valid one. Credentials are kept as digests only.
 *
 * @throws ConfigurationError when an option cannot work
 */
export function identifyLabelStudioUser(given: IdentifyOptions): LabelStudioIdentify {
  const options = readOptions(identifyTable, given)
  const settings = connectionSettings(options)
  const { maxConcurrent, maxQueued } = settings
  const cache = credentialCache<Owner>({
    maxEntries: options.maxCached,
    clock: settings.clock,
    lifetime: (owner) => {
      // So that a reactivated person can come in at once.
      if (owner === 'refused') return { freshMs: 0 }
      return owner === 'nobody'
        ? { freshMs: options.anonymousCacheMs, isAnybodys: true }
        : { freshMs: options.cacheMs, staleMs: options.staleMs }
    },
  })

  const ask = (credential: Credential) =>
    retrying(() => askWhoami(credential, settings), { ...settings, repeatable: true })
  const identifyOne = identifyInOrder(cache, questionOrder(maxConcurrent, maxQueued), ask)

  return async (request, signal) => {
    const credentials = readCredentials(request)
    const asked = Promise.allSettled(credentials.map((each) => identifyOne(each, request as Asker)))
    const answers = await unlessAborted(asked, signal)
    const found = answers.flatMap((each, index) => {
      const sentAs = credentials[index]?.sentAs ?? ''
      return each.status === 'fulfilled' ? [{ owner: each.value, sentAs }] : []
    })
    const refused = found.filter(({ owner }) => owner === 'refused')
    return {
      identities: found.map(({ owner }) => owner).filter((owner) => typeof owner === 'object'),
      isComplete: found.length === answers.length,
      ...(refused.length > 0 && { refused: refused.map(({ sentAs }) => sentAs) }),
    }
  }
}

interface Credential {
  /** In lower case, with hyphens. */
  readonly name: string
  readonly value: string
  /** The name of the header in the request. */
  readonly sentAs: string
}

/**
 * The owner of a credential. A session without sign-in is anonymous; a credential that names an
 * account and is not accepted is `refused`.
 */
type Owner = LabelStudioIdentity | 'nobody' | 'refused'

/** If a header is repeated, each value counts. */
function readCredentials({ headers }: RequestWithHeaders): Credential[] {
  const sent = Object.keys(headers).filter((name) => credentialHeader.test(name))
  return sent.flatMap((given) => {
    const value = headers[given]
    if (value === undefined) return []
    const name = given.toLowerCase().replaceAll('_', '-')
    const values = name === 'cookie' ? [[value].flat().join('; ')] : [value].flat()
    return values
      .filter((each) => each !== '')
      .map((each) => ({ name, value: each, sentAs: given }))
  })
}

/** Identifies credentials by what is known, or else by asking. */
function identifyInOrder(
  cache: CredentialCache<Owner>,
  inOrder: QuestionOrder,
  ask: (credential: Credential) => Promise<LabelStudioIdentity | undefined>,
) {
  const withAskers = askersOf()
  /** Known sessions that are asked about: whoever forges them comes first only once. */
  const asking = new Set<string>()

  async function ownerOf(credential: Credential, session: string | undefined): Promise<Owner> {
    const identity = await ask(credential)
    if (!identity) return credential.name === 'cookie' && !session ? 'nobody' : 'refused'
    if (session === `session of:${identity.accountId}`) cache.put(session, identity)
    return identity
  }

  async function askAbout(credential: Credential, session: string | undefined, asker: Asker) {
    const key = `${credential.name}:${credential.value}`
    const isNext = session !== undefined && !asking.has(session) && !!cache.stale(session)
    if (isNext) asking.add(session)
    try {
      return await withAskers(key, asker, (askers) => {
        const isKnown = isNext || cache.stale(key) !== undefined
        const question = { askers, isKnown, ask: () => ownerOf(credential, session) }
        return cache.find(key, () => inOrder(question))
      })
    } finally {
      if (isNext) asking.delete(session)
    }
  }

  /**
   * Cached by the account in the session once it is known. A refused cookie says nothing about
   * other cookies of the account.
   */
  return async (credential: Credential, asker: Asker): Promise<Owner> => {
    const { name, value } = credential
    const account = name === 'cookie' ? accountInCookie(value) : undefined
    const session = account === undefined ? undefined : `session of:${account}`
    const known = session === undefined ? undefined : cache.peek(session)
    if (known) return known
    try {
      return await askAbout(credential, session, asker)
    } catch (error) {
      const before = session === undefined ? undefined : cache.stale(session)
      if (before) return before
      throw error
    }
  }
}

async function askWhoami(
  { name, value }: Credential,
  settings: HttpSettings,
): Promise<LabelStudioIdentity | undefined> {
  const call = 'GET /api/current-user/whoami'
  const { response, text } = await fetchText(
    `${settings.baseUrl}/api/current-user/whoami`,
    { method: 'GET', headers: { accept: 'application/json', [name]: value } },
    { call, signal: undefined, fetch: settings.fetch, timeoutMs: settings.timeoutMs },
  )
  const { status } = response
  if (status === 401 || status === 403) return undefined
  const body = status === 200 ? parseJson(text) : undefined
  if (body === undefined) {
    throw new LabelStudioError('unavailable', `${call}: not understood (${status}).`, { status })
  }
  const { id, email, dateJoined } = toWhoami(body)
  return { accountId: id, email, ...(dateJoined && { since: dateJoined }) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Stops waiting when aborted; the request to Label Studio goes on for other waiters. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer
  signal.throwIfAborted()
  let onAbort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  return Promise.race([answer, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}
