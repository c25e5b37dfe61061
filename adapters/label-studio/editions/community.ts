import {
  type Access,
  type AppliedAccess,
  type DeprovisionReason,
  emailOf,
  type Grant,
  membershipsOf,
  RefusedError,
  type Scope,
  type User,
} from '../../../lib/adapter/index.js'
import { type Accounts, requiredEmail } from '../accounts/accounts.js'
import { type Directory, incompleteList } from '../accounts/directory.js'
import type { FormerCredentials } from '../accounts/former.js'
import { changedNames, namesOf } from '../accounts/names.js'
import { passwordNotes } from '../accounts/password-notes.js'
import { collect } from '../api/collect.js'
import { limiter } from '../api/http/limiter.js'
import {
  isLabelStudioError,
  type LabelStudioAdmin,
  type LabelStudioApi,
  type LabelStudioUser,
  normalizeEmail,
} from '../api/index.js'
import { fromList } from '../api/together.js'
import type { LabelStudioSettings } from '../options.js'
import type { EditionTarget } from './edition.js'
import type { InviteReset } from './invite-reset.js'

interface CommunityParts {
  readonly api: LabelStudioApi
  readonly admin: LabelStudioAdmin | undefined
  readonly accounts: Accounts
  readonly former: FormerCredentials | undefined
  readonly directory: Pick<Directory, 'forget'>
  readonly organization: number
  readonly invite: InviteReset
  readonly settings: LabelStudioSettings
}

/**
 * The target for Community: accounts, names and, through the admin, addresses, passwords and real
 * deactivation. Community has no roles, workspaces or project members, so those are recorded and
 * reported, but not enforced.
 */
export function communityTarget(parts: CommunityParts): EditionTarget {
  const { admin, accounts, settings } = parts
  const { access: records } = settings.storage
  const few = limiter(settings.maxConcurrent, Number.MAX_SAFE_INTEGER)
  const isInactive = inactiveIn(admin)
  const passwords = passwordNotes(records)
  return {
    canRename: admin !== undefined,
    async deprovision(scope, user, reason) {
      // From now on the account is known by its id, also to the gate, whatever its address.
      for await (const { user: account } of accounts.takeAll(scope, user)) {
        await endAccount(parts, account, { reason, signal: scope.signal })
      }
      const isRepeated = (await records.getRecord(scope, user.id))?.enforced === 'deprovisioned'
      if (!isRepeated) await parts.invite.ask(scope)
    },
    async apply(scope, user) {
      const found = await accounts.find(scope, user)
      if (!found && settings.firstSignIn === 'invite') return waitingForSignUp()
      // So that requests wait for few of them.
      const create = () => accounts.create(scope, user)
      const account = found ?? (await few.run(create, scope.signal))
      await accounts.link(scope, user, account)
      if (account.isNew) {
        await passwords.missing(scope, user.id)
        const notes = await passwords.notes(scope, user.id)
        return { applied: [], account: account.reference, notes }
      }
      const profile = { ...parts, isInactive }
      const { email, notes } = await applyProfile(profile, scope, user, account.user)
      return {
        applied: [],
        account: { ...account.reference, email },
        notes: [...notes, ...(await passwords.notes(scope, user.id))],
      }
    },
    admit: () => Promise.resolve(),
    seats: () => Promise.resolve(undefined),
    async setPassword(scope, user, password) {
      if (!admin || settings.firstSignIn !== 'password') return false
      const found = await accounts.find(scope, user)
      const account = found ?? (await accounts.create(scope, user, { isUrgent: true }))
      await accounts.succeed(scope, user, account)
      try {
        await admin.setPassword(account.user.id, password, scope.signal)
      } catch (error) {
        if (account.reference.origin === 'created' && !found) await unmake(parts, account.user)
        throw error
      }
      await accounts.link(scope, user, account)
      await passwords.given(scope, user.id)
      return true
    },
    current: (scope, user, { access }) => current(parts, scope, { user, access }),
  }
}

/**
 * Removes the account, so that a refused request leaves none behind. It has its own signal, because
 * the request's may be aborted.
 */
async function unmake({ api, directory }: CommunityParts, { id }: LabelStudioUser): Promise<void> {
  await api.users.delete(id).catch(() => undefined)
  directory.forget()
}

async function current(
  { admin, accounts, settings }: CommunityParts,
  scope: Scope,
  { user, access }: { readonly user: User; readonly access: Access },
): Promise<AppliedAccess | undefined> {
  const [shown] = await collect(accounts.findAll(scope, user))
  if (!shown) return undefined
  const account = shown.user
  const seen = await admin?.get(account.id, scope.signal)
  const isShut = account.masked || seen?.isActive === false
  const notes = [
    ...(account.masked ? ['The account was removed from the organization.'] : []),
    ...(seen && !seen.isActive ? ['The account is deactivated.'] : []),
    ...differences(user, seen ?? account),
  ]
  return { applied: isShut ? [] : enforceableIn(access, settings), notes }
}

interface Ending {
  readonly reason: DeprovisionReason
  readonly signal: AbortSignal
}

async function endAccount(
  { api, admin, directory, organization, settings }: CommunityParts,
  account: LabelStudioUser,
  { reason, signal }: Ending,
): Promise<void> {
  switch (settings.deprovisioning) {
    case 'admin':
      await admin?.change(account.id, { isActive: false }, signal)
      return
    case 'soft-delete':
      await api.members(organization).remove(account.id, signal)
      return
    case 'hard-delete':
      if (reason !== 'deleted') return
      await api.users.delete(account.id, signal)
      directory.forget()
      return
    default:
  }
}

/** The resulting address of the account, and a note about it. */
interface UpToDate {
  readonly email: string
  readonly notes: readonly string[]
}

/** Whether an account is deactivated; `undefined` if that has to be asked for it alone. */
type IsInactive = (id: number, signal: AbortSignal) => Promise<boolean | undefined>

/** When many ask at the same time, one list of the deactivated accounts answers them. */
function inactiveIn(admin: LabelStudioAdmin | undefined): IsInactive {
  return fromList({
    itemsPerRequest: 50,
    async list() {
      const ids = (await admin?.inactiveIds()) ?? new Set()
      return { size: ids.size, get: (id: number) => ids.has(id) }
    },
  })
}

async function applyProfile(
  parts: CommunityParts & { readonly isInactive: IsInactive },
  scope: Scope,
  user: User,
  account: LabelStudioUser,
): Promise<UpToDate> {
  const { api, admin, settings } = parts
  const shown = account.masked ? await restoreMembership(parts, scope, account) : account
  const names = changedNames(namesOf(user), shown)
  if (Object.keys(names).length > 0) await api.users.changeNames(account.id, names, scope.signal)
  if (admin && settings.deprovisioning === 'admin') {
    const isActive = (await parts.isInactive(account.id, scope.signal)) === false
    if (!isActive) await open({ ...parts, admin }, scope, account)
  }
  return applyAddress(parts, scope, { email: requiredEmail(user), shown })
}

async function open(
  { admin, former }: Pick<CommunityParts, 'former'> & { readonly admin: LabelStudioAdmin },
  scope: Scope,
  { id }: LabelStudioUser,
): Promise<void> {
  await former?.mayOpen(scope, id)
  await admin.change(id, { isActive: true }, scope.signal)
}

interface ShownAddress {
  readonly email: string
  readonly shown: LabelStudioUser
}

async function applyAddress(
  { admin }: CommunityParts,
  { signal }: Scope,
  { email, shown }: ShownAddress,
): Promise<UpToDate> {
  if (shown.email === email) return { email, notes: [] }
  const isSpelling = normalizeEmail(shown.email) === email
  if (!admin) return { email: normalizeEmail(shown.email), notes: [keptAddress(shown, isSpelling)] }
  try {
    await admin.change(shown.id, { email }, signal)
    return { email, notes: [] }
  } catch (error) {
    if (!isSpelling || !isLabelStudioError(error, 'duplicateEmail')) throw error
    return {
      email,
      notes: [`Another account has the address ${email}; this one keeps ${shown.email}.`],
    }
  }
}

function keptAddress({ email }: LabelStudioUser, isSpelling: boolean): string {
  const because = 'without the owner’s sign-in Label Studio Community cannot change it'
  return isSpelling
    ? `The account keeps the address ${email}, with which nobody can sign in (capitals): ` +
        `${because}.`
    : `The account keeps the address ${email}: ${because}.`
}

/** Restores a removed account's membership in the organization, which only the admin can. */
async function restoreMembership(
  { api, admin, organization }: CommunityParts,
  { signal }: Scope,
  { id }: LabelStudioUser,
): Promise<LabelStudioUser> {
  await admin?.ensureMember(id, organization, signal)
  const account = await api.users.get(id, signal)
  if (account && !account.masked) return account
  // It has just been restored, so it will be shown.
  if (admin) throw incompleteList()
  throw new RefusedError(
    'The account was removed from the organization in Label Studio. ' +
      'Without the owner’s sign-in nothing can bring it back.',
    409,
  )
}

/**
 * Community enforces none of what rules give, so all of it counts as present. A person without
 * access whom the strategy excludes in Label Studio itself, and who can still enter, has
 * everybody's rights: all.
 */
function enforceableIn(access: Access, { deprovisioning }: LabelStudioSettings): readonly Grant[] {
  const role: readonly Grant[] = access.role ? [{ kind: 'role', role: access.role }] : []
  if (access.active) return [...role, ...membershipsOf(access)]
  const isShutThere = deprovisioning === 'admin' || deprovisioning === 'soft-delete'
  return isShutThere ? [{ kind: 'role', role: 'Administrator' }] : []
}

function waitingForSignUp(): AppliedAccess {
  return {
    applied: [],
    notes: ['There is no account yet: the person signs up with a link of their own.'],
  }
}

function differences(
  user: User,
  account: Pick<LabelStudioUser, 'email' | 'firstName' | 'lastName'>,
): string[] {
  const names = changedNames(namesOf(user), account as LabelStudioUser)
  const email = emailOf(user)
  return [
    ...(email !== undefined && email !== account.email ? ['The e-mail address differs.'] : []),
    ...(Object.keys(names).length > 0 ? ['The name differs.'] : []),
  ]
}
