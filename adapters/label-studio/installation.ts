import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import {
  type AccessStore,
  type Scope,
  stopwatch,
  UnavailableError,
} from '../../lib/adapter/index.js'
import {
  type Edition,
  isLabelStudioError,
  type LabelStudioApi,
  normalizeEmail,
} from './api/index.js'
import { storeErrorFrom } from './failures.js'

const debug = createDebug('label-studio-scim:label-studio')

/** The facts about a Label Studio that are needed before anything is done in it. */
export interface Installation {
  readonly edition: Edition
  readonly release: string
  readonly organization: number
  /** The token's own account. */
  readonly ownId: number
  /** E-mail of that account, lower-cased. */
  readonly ownEmail: string
  /** Lower-cased; '' if unknown. */
  readonly ownerEmail: string
}

/** The known facts about a Label Studio, kept up to date in the background. */
export interface InstallationSource {
  /**
   * Returns the last known facts; asks Label Studio only if nothing is known. @throws as the API,
   * when it cannot tell; UnavailableError while the account of the token is in another organization
   */
  get(): Promise<Installation>
  /** Like `get`, but the facts are at most five seconds old. */
  recent(): Promise<Installation>
  /**
   * Like `get`, but falls back to stored facts if Label Studio cannot be reached, so that owners
   * stay protected.
   * @throws UnavailableError when nothing was ever known
   */
  remembered(scope: Scope): Promise<Installation>
  /** Asks again, because an unexpected refusal may mean that the owner has changed. */
  askAgain(): void
}

const rememberedAs = 'labelStudio.installation'
/**
 * The facts are read again after this time, so that a new owner is protected by address within a
 * minute.
 */
const freshMs = 60_000
const storedMs = 10_000
/** Hints within this time count once. */
const leastMs = 5_000

interface SourceParts {
  readonly api: LabelStudioApi
  readonly access: AccessStore
  readonly tenant: string
  readonly clock?: (() => number) | undefined
}

/** Finds out the facts about the Label Studio behind `api`, and stores them in `access`. */
export function installationSource(parts: SourceParts): InstallationSource {
  const { api, access, clock = Date.now } = parts
  let known: Installation | undefined
  let isElsewhere = false
  let asking: Promise<Installation> | undefined
  let sinceAsked = () => Number.POSITIVE_INFINITY
  /** Since the question began whose answer is known. */
  let sinceKnown = () => Number.POSITIVE_INFINITY

  const askOnce = async () => {
    const sinceBegin = stopwatch(clock)
    const found = await ask(api)
    const before = known ?? (await storedIn(access, scopeOf(parts)))
    isElsewhere = isOther(before, found)
    if (before && isElsewhere) throw elsewhere(before, found)
    // The same object while nothing changes, so that everything derived from it can be reused.
    if (JSON.stringify(found) !== JSON.stringify(known)) known = found
    sinceKnown = sinceBegin
    return known ?? found
  }
  const askNow = (): Promise<Installation> => {
    sinceAsked = stopwatch(clock)
    asking ??= askOnce().finally(() => {
      asking = undefined
    })
    return asking
  }
  const askInBackground = (afterMs: number) => {
    if (sinceAsked() < afterMs) return
    askNow().catch((error: unknown) => debug('what is known of Label Studio is old: %O', error))
  }
  const get = async () => {
    if (known === undefined || isElsewhere) return askNow()
    askInBackground(freshMs)
    return known
  }
  const recent = async () => {
    const isRecent = !isElsewhere && sinceKnown() < leastMs
    return known !== undefined && isRecent ? known : askNow()
  }
  return {
    get,
    recent,
    remembered: rememberedIn(access, get),
    askAgain: () => askInBackground(leastMs),
  }
}

/**
 * Also keeps the facts in the store, and answers from there while Label Studio cannot be reached.
 */
function rememberedIn(
  access: AccessStore,
  get: InstallationSource['get'],
): InstallationSource['remembered'] {
  const noted = new Map<string, Installation>()
  return async (scope) => {
    try {
      const installation = await get()
      if (noted.get(scope.tenant) !== installation) {
        await access.setValue(scope, rememberedAs, JSON.stringify(installation))
        noted.set(scope.tenant, installation)
      }
      return installation
    } catch (error) {
      const before = await storedIn(access, scope)
      if (before) return before
      if (isLabelStudioError(error, 'unauthorized', 'forbidden')) throw storeErrorFrom(error)
      throw new UnavailableError('Label Studio was never reached.', { cause: error })
    }
  }
}

async function storedIn(access: AccessStore, scope: Scope): Promise<Installation | undefined> {
  const text = await access.getValue(scope, rememberedAs)
  return text === undefined ? undefined : (JSON.parse(text) as Installation)
}

function scopeOf({ tenant }: SourceParts): Scope {
  const signal = AbortSignal.timeout(storedMs)
  return { tenant, actor: 'installation', requestId: randomUUID(), signal }
}

/**
 * An account of Enterprise can be in several organizations, and its API works in the active one,
 * which its owner can change in Label Studio at any time.
 */
function isOther(before: Installation | undefined, found: Installation): boolean {
  const isEnterprise = before?.edition === 'enterprise' && found.edition === 'enterprise'
  return isEnterprise && before.organization !== found.organization
}

function elsewhere(before: Installation, found: Installation): UnavailableError {
  const message =
    `The account of the token has changed to organization ${found.organization} of Label ` +
    `Studio. Nothing is done there: this database is of organization ${before.organization}. ` +
    'Change back, or start with an empty database.'
  return new UnavailableError(message, { needsAttention: true, retryAfterSeconds: 60 })
}

async function ask(api: LabelStudioApi): Promise<Installation> {
  const { edition, release } = await api.version()
  const me = await api.whoami()
  if (me.activeOrganization === undefined) {
    throw new UnavailableError('The account of the token is in no organization.')
  }
  return {
    edition,
    release,
    organization: me.activeOrganization,
    ownId: me.id,
    ownEmail: normalizeEmail(me.email),
    ownerEmail: normalizeEmail(me.organizationOwnerEmail),
  }
}
