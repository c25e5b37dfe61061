import { emailOf, emptyRecord } from '../../lib/access/index.js'
import type { Access, AccountReference, AppliedAccess, Grant } from '../../lib/mapping/index.js'
import type { AccessStore } from '../../lib/stores/access-store.js'
import { storeErrorKind, UniquenessError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { DeprovisionReason, UserStore } from '../../lib/stores/user-store.js'
import { type Accounts, accountsOf } from './accounts.js'
import type { LabelStudioAdmin, LabelStudioApi } from './api/index.js'
import { communityTarget } from './community.js'
import { communityDirectory, enterpriseDirectory } from './directory.js'
import type { EditionTarget } from './edition.js'
import { enterpriseTarget } from './enterprise.js'
import { translated } from './failures.js'
import type { InstallationSource } from './installation.js'
import type { LabelStudioSettings } from './options.js'

/** What a user store needs beyond storage, with every method. */
export type LabelStudioTarget = Required<
  Pick<
    UserStore,
    'deprovision' | 'applyAccess' | 'protection' | 'currentAccess' | 'seats' | 'setPassword'
  >
> & {
  /**
   * Refuses somebody who would need a seat that is not there. What cannot be asked now is left to the reconciler.
   * @throws RefusedError 409
   */
  admit(scope: Scope, access: Access | undefined): Promise<void>
}

/** The parts of one Label Studio. */
export interface TargetParts {
  readonly api: LabelStudioApi
  readonly admin: LabelStudioAdmin | undefined
  readonly installation: InstallationSource
  readonly settings: LabelStudioSettings
}

/**
 * Access in one Label Studio. Which edition it is, is found out at the first use; until then every method that needs
 * Label Studio throws UnavailableError when it cannot be reached.
 */
export function labelStudioTarget(parts: TargetParts): LabelStudioTarget {
  const { installation, settings } = parts
  const { access } = settings.storage
  const edition = editionOf(parts)

  const note = noteIn(access)

  return {
    deprovision: (scope: Scope, user: User, reason: DeprovisionReason) =>
      translated(edition(scope).then((target) => target.deprovision(scope, user, reason))),

    async applyAccess(scope: Scope, user: User, wanted: Access): Promise<AppliedAccess> {
      const record = await access.record(scope, user.id)
      const ledger = record?.applied ?? []
      if (record?.account?.origin === 'imported') {
        return { applied: ledger, notes: ['Not managed through SCIM yet.'] }
      }
      const target = await translated(edition(scope))
      return translated(
        target.apply(scope, user, wanted, {
          ledger,
          note: (entries, account) => note(scope, user, { ledger: entries, account }),
        }),
      )
    },

    async protection(scope: Scope, user: User) {
      const { ownId, ownerEmail } = await installation.remembered(scope)
      const record = await access.record(scope, user.id)
      const isOwn = record?.account?.id === String(ownId)
      const isOwner = ownerEmail !== '' && emailOf(user) === ownerEmail
      return isOwn || isOwner
        ? 'This is the owner of the organization in Label Studio, or the account of the adapter.'
        : undefined
    },

    async setPassword(scope: Scope, user: User, password: string) {
      const target = await translated(edition(scope))
      const account = await translated(target.setPassword(scope, user, password))
      if (!account) return
      const holder = await access.recordByAccount(scope, account.reference.id)
      if (holder && holder.userId !== user.id) throw new UniquenessError('emails.value')
      await note(scope, user, { account: account.reference })
    },

    async admit(scope: Scope, wanted: Access | undefined) {
      try {
        await translated(edition(scope).then((target) => target.admit(scope, wanted)))
      } catch (error) {
        if (storeErrorKind(error) !== 'unavailable') throw error
      }
    },

    async seats(scope: Scope) {
      const target = await translated(edition(scope))
      return translated(target.seats(scope))
    },

    async currentAccess(scope: Scope, user: User) {
      const target = await translated(edition(scope))
      return translated(target.current(scope, user))
    },
  }
}

/** Keeps what is about to be ours, so that it is known even if the process ends now. */
function noteIn(access: AccessStore) {
  return async (
    scope: Scope,
    user: User,
    { ledger, account }: { readonly ledger?: readonly Grant[]; readonly account: AccountReference },
  ): Promise<void> => {
    const record = (await access.record(scope, user.id)) ?? emptyRecord(user.id, new Date())
    const email = emailOf(user)
    await access.saveRecord(scope, {
      ...record,
      account,
      ...(email !== undefined && { email }),
      ...(ledger && { applied: ledger }),
    })
  }
}

/** The target of the edition that runs behind the URL, found out once. */
function editionOf(parts: TargetParts): (scope: Scope) => Promise<EditionTarget> {
  const { api, admin, installation, settings } = parts
  let known: EditionTarget | undefined
  return async () => {
    if (known) return known
    const { edition, organization, ownId } = await installation.get()
    const isCommunity = edition === 'community'
    const directory = isCommunity ? communityDirectory(api) : enterpriseDirectory(api, organization)
    const { access, users } = settings.storage
    const accounts: Accounts = accountsOf({
      api,
      access,
      users,
      directory,
      settings,
      ownId,
      recover: recoverThrough(parts, organization),
    })
    known ??= isCommunity
      ? communityTarget({ api, admin, accounts, organization, settings })
      : enterpriseTarget({ api, accounts, organization, settings })
    return known
  }
}

/**
 * Label Studio creates an account before its membership; where it ended in between, only the admin still sees the
 * account. An account that was removed from the organization comes back the same way.
 */
function recoverThrough({ api, admin }: TargetParts, organization: number) {
  return async (email: string, signal?: AbortSignal) => {
    const account = await admin?.find(email, signal)
    if (!account) return undefined
    await admin?.ensureMember(account.id, organization, signal)
    return api.users.get(account.id, signal)
  }
}
