import createDebug from 'debug'
import { type AccessStore, type Scope, UnavailableError } from '../../lib/adapter/index.js'
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
   * when it cannot tell
   */
  get(): Promise<Installation>
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
/** Hints within this time count once. */
const leastMs = 5_000

/** Finds out the facts about the Label Studio behind `api`, and stores them in `access`. */
export function installationSource(
  api: LabelStudioApi,
  access: AccessStore,
  clock: () => number = Date.now,
): InstallationSource {
  let known: Installation | undefined
  let asking: Promise<Installation> | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const askNow = (): Promise<Installation> => {
    askedAt = clock()
    asking ??= ask(api)
      .then((found) => {
        // The same object while nothing changes, so that everything derived from it can be reused.
        if (JSON.stringify(found) !== JSON.stringify(known)) known = found
        return known ?? found
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }
  const askInBackground = (afterMs: number) => {
    if (clock() - askedAt < afterMs) return
    askNow().catch((error: unknown) => debug('what is known of Label Studio is old: %O', error))
  }
  const get = async () => {
    if (known === undefined) return askNow()
    askInBackground(freshMs)
    return known
  }
  return {
    get,
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
      const before = await access.getValue(scope, rememberedAs)
      if (before !== undefined) return JSON.parse(before) as Installation
      if (isLabelStudioError(error, 'unauthorized', 'forbidden')) throw storeErrorFrom(error)
      throw new UnavailableError('Label Studio was never reached.', { cause: error })
    }
  }
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
