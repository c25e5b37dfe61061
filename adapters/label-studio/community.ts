import { emailOf } from '../../lib/access/index.js'
import {
  type Access,
  type AppliedAccess,
  describeGrant,
  type Grant,
  membershipsOf,
} from '../../lib/mapping/index.js'
import { RefusedError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { DeprovisionReason } from '../../lib/stores/user-store.js'
import { type Accounts, requiredEmail } from './accounts.js'
import type { LabelStudioAdmin, LabelStudioApi, LabelStudioUser } from './api/index.js'
import type { EditionTarget } from './edition.js'
import { changedNames, namesOf } from './names.js'
import type { LabelStudioSettings } from './options.js'

interface Parts {
  readonly api: LabelStudioApi
  readonly admin: LabelStudioAdmin | undefined
  readonly accounts: Accounts
  readonly organization: number
  readonly settings: LabelStudioSettings
}

/**
 * Community: accounts, names and, through the admin, addresses, passwords and real deactivation. It has no roles,
 * workspaces or project members, so those are recorded and reported, not enforced.
 */
export function communityTarget(parts: Parts): EditionTarget {
  const { api, admin, accounts, settings } = parts
  return {
    async deprovision(scope, user, reason) {
      for (const account of await accounts.findAll(scope, user)) {
        await endAccount(parts, account, { reason, signal: scope.signal })
      }
    },
    async apply(scope, user, access) {
      const found = await accounts.find(scope, user)
      if (!found && settings.firstSignIn === 'invite') return waitingForSignUp(access)
      const account = found ?? (await accounts.create(user, undefined, scope.signal))
      const notes = await bringUpToDate(parts, scope, user, account.user)
      return {
        applied: [],
        account: account.reference,
        notes: [...notes, ...notEnforceable(access)],
      }
    },
    admit: () => Promise.resolve(),
    seats: () => Promise.resolve(undefined),
    async setPassword(scope, user, password) {
      if (!admin || settings.firstSignIn !== 'password') return undefined
      const account =
        (await accounts.find(scope, user)) ?? (await accounts.create(user, undefined, scope.signal))
      await admin.setPassword(account.user.id, password, scope.signal)
      return account
    },
    async current(scope, user) {
      const account = await accounts.find(scope, user)
      if (!account) return undefined
      const seen = await admin?.get(account.user.id, scope.signal)
      const notes = [
        ...(account.user.masked ? ['The account was removed from the organization.'] : []),
        ...(seen && !seen.isActive ? ['The account is deactivated.'] : []),
        ...differences(user, seen ?? account.user),
      ]
      return { applied: [], account: account.reference, notes }
    },
  }

  async function endAccount(
    { organization }: Parts,
    account: LabelStudioUser,
    { reason, signal }: { reason: DeprovisionReason; signal: AbortSignal },
  ): Promise<void> {
    switch (settings.deprovisioning) {
      case 'admin':
        await admin?.change(account.id, { isActive: false }, signal)
        return
      case 'soft-delete':
        await api.members(organization).remove(account.id, signal)
        return
      case 'hard-delete':
        if (reason === 'deleted') await api.users.delete(account.id, signal)
        return
      default:
    }
  }
}

async function bringUpToDate(
  parts: Parts,
  scope: Scope,
  user: User,
  account: LabelStudioUser,
): Promise<string[]> {
  const { api, admin, settings } = parts
  const shown = account.masked ? await unremove(parts, scope, account) : account
  const email = requiredEmail(user)
  const names = changedNames(namesOf(user), shown)
  if (Object.keys(names).length > 0) await api.users.changeNames(account.id, names, scope.signal)
  if (admin) {
    const isActive = settings.deprovisioning === 'admin' ? { isActive: true } : {}
    await admin.change(account.id, { email, ...isActive }, scope.signal)
    return []
  }
  return shown.email === email
    ? []
    : [
        `The account keeps the address ${shown.email}: without the owner’s sign-in Label Studio Community cannot change it.`,
      ]
}

/** Brings a removed account back into the organization, which only the admin can. */
async function unremove(
  { api, admin, organization }: Parts,
  { signal }: Scope,
  { id }: LabelStudioUser,
): Promise<LabelStudioUser> {
  await admin?.ensureMember(id, organization, signal)
  const account = await api.users.get(id, signal)
  if (account && !account.masked) return account
  throw new RefusedError(
    'The account was removed from the organization in Label Studio. Without the owner’s sign-in nothing can bring it back.',
    409,
  )
}

function waitingForSignUp(access: Access): AppliedAccess {
  return {
    applied: [],
    notes: [
      'There is no account yet: the person signs up with the organization’s invite link.',
      ...notEnforceable(access),
    ],
  }
}

function notEnforceable(access: Access): string[] {
  const role: readonly Grant[] = access.role ? [{ kind: 'role', role: access.role }] : []
  const grants = [...role, ...membershipsOf(access)]
  if (grants.length === 0) return []
  return [
    `Recorded, but Label Studio Community has nothing to enforce it: ${grants.map(describeGrant).join(', ')}.`,
  ]
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
