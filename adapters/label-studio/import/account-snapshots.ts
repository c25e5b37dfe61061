import type { Scope } from '../../../lib/adapter/index.js'
import { incompleteList } from '../accounts/directory.js'
import type { LabelStudioUser, RoleCode } from '../api/index.js'
import type { TargetParts } from '../target-parts.js'

/** An account in Label Studio, as far as the edition shows it. */
export interface AccountSnapshot {
  readonly user: LabelStudioUser
  /** Enterprise. */
  readonly role: RoleCode | undefined
  readonly roleSource: string | undefined
  /**
   * Whether Label Studio itself lets the person in; `undefined` if unknown (Community without its
   * admin).
   */
  readonly isActive: boolean | undefined
  /** Community with its admin. */
  readonly isSuperuser: boolean
}

/**
 * Everybody in the organization, with lower-case spellings of an address first. Removed people, who
 * are masked, are omitted.
 *
 * @throws UnavailableError for a list without the token's own account, which cannot be relied on
 */
export async function listAccounts(
  parts: TargetParts,
  scope: Scope,
): Promise<readonly AccountSnapshot[]> {
  const { edition, ownId } = await parts.installation.get()
  const all =
    edition === 'community' ? await inCommunity(parts, scope) : await inEnterprise(parts, scope)
  if (!all.some(({ user }) => user.id === ownId)) {
    throw incompleteList()
  }
  const isCapital = ({ user }: AccountSnapshot) => Number(user.email !== user.email.toLowerCase())
  return all
    .filter(({ user }) => !user.masked && user.email !== '')
    .sort((a, b) => isCapital(a) - isCapital(b) || a.user.id - b.user.id)
}

async function inCommunity(
  { api, admin }: TargetParts,
  { signal }: Scope,
): Promise<AccountSnapshot[]> {
  const users = await api.users.list(signal)
  const inactive = await admin?.inactiveIds(signal)
  const superusers = await admin?.superuserIds(signal)
  return users.map((user) => ({
    user,
    role: undefined,
    roleSource: undefined,
    isActive: inactive && !inactive.has(user.id),
    isSuperuser: superusers?.has(user.id) ?? false,
  }))
}

async function inEnterprise(
  { api, installation }: TargetParts,
  { signal }: Scope,
): Promise<AccountSnapshot[]> {
  const { organization } = await installation.get()
  const all: AccountSnapshot[] = []
  for await (const { user, role, roleSource } of api.members(organization).list({}, signal)) {
    all.push({ user, role, roleSource, isActive: role !== 'DI', isSuperuser: false })
  }
  return all
}
