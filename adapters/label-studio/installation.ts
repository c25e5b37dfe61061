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

/** What must be known of a Label Studio before anything is done in it. */
export interface Installation {
  readonly edition: Edition
  readonly release: string
  readonly organization: number
  /** The token's own account. */
  readonly ownId: number
  /** Of that account, lower-cased. */
  readonly ownEmail: string
  /** Lower-cased; '' when Label Studio does not say. */
  readonly ownerEmail: string
}

/** What is known of a Label Studio, brought up to date in the background. */
export interface InstallationSource {
  /**
   * What was found out last; asks only when nothing is known. @throws as the API, when it cannot
   * tell
   */
  get(): Promise<Installation>
  /**
   * As `get`, but what was last known when Label Studio cannot be asked, so that owners stay
   * protected.
   * @throws UnavailableError when nothing was ever known
   */
  remembered(scope: Scope): Promise<Installation>
  /** Something was refused that was not refused before: another owner may be the cause. */
  askAgain(): void
}

const rememberedAs = 'labelStudio.installation'
/**
 * What is known is looked at again after this time: a new owner is protected by address within a
 * minute.
 */
const freshMs = 60_000
/** Hints that come in a row count once. */
const leastMs = 5_000

/** Finds out about the Label Studio behind `api`, and remembers it in `access`. */
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
        // The same object while nothing changes, so that what depends on it need not be made anew.
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
 * Keeps what is known in the store as well, and answers from there while Label Studio cannot be
 * asked.
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
