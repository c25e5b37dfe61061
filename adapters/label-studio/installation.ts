import type { AccessStore } from '../../lib/stores/access-store.js'
import { UnavailableError } from '../../lib/stores/errors.js'
import type { Scope } from '../../lib/stores/scope.js'
import { type Edition, type LabelStudioApi, normalizeEmail } from './api/index.js'

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

/** Asks once; after a failure, again at the next call. */
export interface InstallationSource {
  get(signal?: AbortSignal): Promise<Installation>
  /** As `get`, but what was last known when Label Studio cannot be asked, so that owners stay protected. */
  remembered(scope: Scope): Promise<Installation>
}

const rememberedAs = 'labelStudio.installation'

/** Finds out about the Label Studio behind `api`, and remembers it in `access`. */
export function installationSource(api: LabelStudioApi, access: AccessStore): InstallationSource {
  let known: Promise<Installation> | undefined
  const get = (signal?: AbortSignal): Promise<Installation> => {
    known ??= ask(api, signal).catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
  const noted = new Set<string>()
  return {
    get,
    async remembered(scope) {
      try {
        const installation = await get(scope.signal)
        if (!noted.has(scope.tenant)) {
          await access.setValue(scope, rememberedAs, JSON.stringify(installation))
          noted.add(scope.tenant)
        }
        return installation
      } catch (error) {
        const before = await access.getValue(scope, rememberedAs)
        if (before !== undefined) return JSON.parse(before) as Installation
        throw new UnavailableError('Label Studio was never reached.', { cause: error })
      }
    },
  }
}

async function ask(api: LabelStudioApi, signal?: AbortSignal): Promise<Installation> {
  const { edition, release } = await api.version(signal)
  const me = await api.whoami(signal)
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
