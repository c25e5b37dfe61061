import { optionTable, type RowsFor, readOptions, whole } from '../../../../lib/adapter/index.js'
import { isOwner, whoami } from '../account.js'
import { isLabelStudioError } from '../errors.js'
import { httpClient } from '../http/client.js'
import { isTokenText, tokenForm } from '../http/token.js'
import { connectionRows, connectionSettings, type LabelStudioConnection } from '../options.js'
import { credentialCache } from './credential-cache.js'

/** Options of `ownerTokenVerifier`. */
export interface OwnerTokenOptions extends LabelStudioConnection {
  /** How long an owner's token is accepted without asking again, in milliseconds. Default 60000. */
  cacheMs?: number
  /** How long a refusal is cached, in milliseconds. Default 5000. */
  refusalCacheMs?: number
  /** Maximum number of cached tokens. Default 1000. */
  maxCached?: number
}

const longestMs = 86_400_000

/** The options of {@link ownerTokenVerifier}. */
export const ownerTokenRows = {
  ...connectionRows,
  retries: { ...connectionRows.retries, default: 1 },
  cacheMs: { type: whole(0, longestMs), default: 60_000 },
  refusalCacheMs: { type: whole(0, longestMs), default: 5_000 },
  maxCached: { type: whole(1, 10_000_000), default: 1_000 },
} as const satisfies RowsFor<OwnerTokenOptions>

const ownerTokenTable = optionTable<OwnerTokenOptions>()(
  'ownerTokenVerifier',
  'ERR_SCIM_LABEL_STUDIO_OPTION',
  ownerTokenRows,
)

/**
 * Whether a token belongs to the organization's owner, to another account, or is unknown to Label
 * Studio.
 */
export type OwnerTokenVerdict =
  | { outcome: 'owner'; accountId: number; organization: number | undefined }
  | { outcome: 'notOwner'; accountId: number; organization: number | undefined }
  | { outcome: 'refused' }

/**
 * Makes a function that asks Label Studio whether a bearer token is its owner's. It accepts legacy
 * tokens, personal access tokens and access tokens.
 *
 * The function throws LabelStudioError `unavailable` when Label Studio cannot be asked.
 *
 * @throws ConfigurationError when an option cannot work
 */
export function ownerTokenVerifier(
  given: OwnerTokenOptions,
): (token: string) => Promise<OwnerTokenVerdict> {
  const options = readOptions(ownerTokenTable, given)
  const settings = connectionSettings(options)
  const cache = credentialCache<OwnerTokenVerdict>({
    maxEntries: options.maxCached,
    clock: settings.clock,
    lifetime: ({ outcome }) =>
      outcome === 'owner'
        ? { freshMs: options.cacheMs }
        : { freshMs: options.refusalCacheMs, isAnybodys: true },
  })

  const ask = async (token: string): Promise<OwnerTokenVerdict> => {
    const http = httpClient({ ...settings, token })
    try {
      const account = await whoami(http)
      const outcome = (await isOwner(http, account)) ? 'owner' : 'notOwner'
      return { outcome, accountId: account.id, organization: account.activeOrganization }
    } catch (error) {
      if (isLabelStudioError(error, 'unauthorized', 'forbidden')) return { outcome: 'refused' }
      throw error
    }
  }

  return async (token) => {
    if (!isTokenText(token) || tokenForm(token) === 'truncated') return { outcome: 'refused' }
    return cache.find(token, () => ask(token))
  }
}
