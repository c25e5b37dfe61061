import { type Accounts, accountsOf, type HiddenAccounts } from '../accounts/accounts.js'
import { adoptionOf } from '../accounts/adoption.js'
import {
  communityDirectory,
  type Directory,
  enterpriseDirectory,
  organizationMembers,
} from '../accounts/directory.js'
import { formerCredentials } from '../accounts/former.js'
import type { LabelStudioApi } from '../api/index.js'
import { shared } from '../api/together.js'
import type { Installation } from '../installation.js'
import type { TargetParts } from '../target-parts.js'
import { communityTarget } from './community.js'
import type { EditionTarget } from './edition.js'
import { enterpriseTarget } from './enterprise/enterprise.js'

/** The tools for the edition behind the URL. */
export interface KnownEdition {
  readonly target: EditionTarget
  readonly accounts: Accounts
  readonly directory: Directory
}

/** Detects the edition, and caches it while Label Studio stays the same. */
export type Edition = () => Promise<KnownEdition>

/** The edition behind the URL, detected at the first use. */
export function editionOf(parts: TargetParts): Edition {
  let known: { readonly installed: Installation; readonly edition: KnownEdition } | undefined
  return async () => {
    const installed = await parts.installation.get()
    if (known?.installed !== installed) known = { installed, edition: make(parts, installed) }
    return known.edition
  }
}

/** How long an account that was created waits for others to be confirmed with it. */
const creatorMs = 250

function make(parts: TargetParts, installed: Installation): KnownEdition {
  const { api, admin, invite, settings } = parts
  const { edition, organization, ownId } = installed
  const { access, users: stored } = settings.storage
  const isCommunity = edition === 'community'
  const everybody = organizationMembers(api.members(organization))
  const directory = isCommunity
    ? communityDirectory(api, ownId)
    : enterpriseDirectory(api, installed, everybody)
  const former = isCommunity && admin ? formerCredentials({ api, admin, settings }) : undefined
  const canRename = isCommunity && admin !== undefined
  const adoption = adoptionOf({ access, users: stored, settings, ownId, canRename, former })
  const hidden = hiddenAccounts(parts, organization)
  const creator = () => api.users.get(ownId)
  const creators = { atOnce: shared(creator), together: shared(creator, creatorMs) }
  const users = isCommunity ? api.users : creatingHere(parts)
  const accountApi = { ...api, users }
  const accounts = accountsOf({ api: accountApi, settings, directory, adoption, hidden, creators })
  const common = { api, accounts, organization, settings }
  const target = isCommunity
    ? communityTarget({ ...common, admin, former, directory, invite })
    : enterpriseTarget({ ...common, access, everybody })
  return { target, accounts, directory }
}

/** Enterprise creates accounts in whatever organization the account of the token is active in. */
function creatingHere({ api, installation }: TargetParts): LabelStudioApi['users'] {
  return {
    ...api.users,
    async create(person, signal) {
      await installation.recent()
      return api.users.create(person, signal)
    },
  }
}

/**
 * Label Studio creates an account before its membership. If it stops in between, only the admin
 * shows the account. A removed account is restored in the same way.
 */
function hiddenAccounts(
  { api, admin }: TargetParts,
  organization: number,
): HiddenAccounts | undefined {
  return (
    admin && {
      get: (id, signal) => admin.get(id, signal),
      find: (email, signal) => admin.find(email, signal),
      async restore(id, signal) {
        await admin.ensureMember(id, organization, signal)
        return api.users.get(id, signal)
      },
    }
  )
}
