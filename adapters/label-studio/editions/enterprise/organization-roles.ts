import {
  type Access,
  type AccessStore,
  type Grant,
  type OrganizationRole,
  RefusedError,
  type Scope,
  UnavailableError,
} from '../../../../lib/adapter/index.js'
import type { Account } from '../../accounts/accounts.js'
import type { OrganizationMembers, ShownAccount } from '../../accounts/directory.js'
import {
  type AssignableRoleCode,
  type LabelStudioApi,
  type LabelStudioUser,
  type OrganizationMember,
  type RoleCode,
  roleNames,
} from '../../api/index.js'
import { recent } from '../../api/together.js'
import { explained } from './manual-flags.js'
import { type TakeSeat, takesSeat } from './seats.js'

/** Organization roles of Enterprise. */
export interface OrganizationRoles {
  /** The account's membership, as read with it or now; `undefined` if it has none. */
  memberOf(scope: Scope, account: ShownAccount): Promise<OrganizationMember | undefined>
  /**
   * Deactivates, and stores a role that no rule gave, for `apply` to restore.
   * @throws RefusedError for the owner
   */
  deactivate(scope: Scope, account: ShownAccount, ledger: readonly Grant[]): Promise<void>
  /**
   * Sets an active person's role as desired.
   * @throws RefusedError for the owner, and for an account that was removed from the organization
   */
  apply(scope: Scope, account: Account, wanted: DesiredAccess): Promise<AppliedRole>
  /** The role of new members, as set in the organization some seconds ago. */
  defaultRole(signal?: AbortSignal): Promise<RoleCode | undefined>
}

/** The desired access, and the grants made before. */
export interface DesiredAccess {
  readonly access: Access
  readonly ledger: readonly Grant[]
}

/** The role in force, and a note about it. */
export interface AppliedRole {
  readonly role: RoleCode | undefined
  readonly notes: readonly string[]
}

interface RoleParts {
  readonly api: LabelStudioApi
  readonly access: AccessStore
  readonly organization: number
  readonly everybody: OrganizationMembers
  readonly takeSeat: TakeSeat
}

/**
 * Role sources other than this adapter. The source that the API sets is not documented, so `api`
 * never counts as another.
 */
const others = new Set(['manual', 'saml', 'scim', 'ldap', 'billing'])
/** How old the default role may be by which a request is refused for want of a seat. */
const defaultRoleMs = 5_000
const roleBefore = (accountId: number) => `labelStudio.roleBefore:${accountId}`

/** Organization roles through the REST API. */
export function organizationRoles(parts: RoleParts): OrganizationRoles {
  const { api, access, organization } = parts
  const members = api.members(organization)

  const memberOf = memberReader(parts)
  const set = (scope: Scope, id: number, role: AssignableRoleCode) =>
    explained(api, 'role', () => members.setRole(id, role, scope.signal))

  const requireSeat = seatRequirer(parts)
  const defaultRole = recent(
    async () => (await api.organization(organization)).defaultRole,
    defaultRoleMs,
  )

  /** The role of a new account, which has the default one: nobody has changed it yet. */
  async function first(scope: Scope, id: number, role: OrganizationRole): Promise<AppliedRole> {
    const next = toRoleCode(role)
    if (takesSeat(next)) await requireSeat(scope, await defaultRole(scope.signal), next)
    const after = await set(scope, id, next)
    return { role: after.role ?? next, notes: [] }
  }

  return {
    memberOf,
    defaultRole,

    async deactivate(scope, account, ledger) {
      const member = await memberOf(scope, account)
      if (member?.role === 'OW') throw ownerError()
      if (!member || member.role === 'DI') return
      const byHand = roleIn(ledger) ? '' : (member.role ?? '')
      await access.setValue(scope, roleBefore(account.user.id), byHand)
      const after = await set(scope, account.user.id, 'DI')
      if (after.role !== 'DI') throw new UnavailableError('Label Studio did not deactivate.')
    },

    async apply(scope, account, wanted) {
      const { user, isNew } = account
      if (isNew && givesNothing(wanted)) return { role: undefined, notes: [] }
      if (isNew && wanted.access.role !== null) return first(scope, user.id, wanted.access.role)
      const member = user.masked ? undefined : await memberOf(scope, account)
      if (!member) throw removedError()
      const { role } = member
      if (role === 'OW') throw ownerError()
      if (isOthers(member, wanted)) return { role, notes: [othersNote(member)] }
      const next = await nextRole(parts, scope, { member, wanted })
      if (next === undefined || next === role) return { role, notes: [] }
      // Flex seats are counted apart, and Label Studio itself says when they are taken.
      if (member.userType !== 'flex') await requireSeat(scope, role, next)
      const after = await set(scope, user.id, next)
      // Used, or superseded by a rule: a later reactivation must not find it.
      if (role === 'DI') await access.setValue(scope, roleBefore(user.id), '')
      return { role: after.role ?? next, notes: [] }
    },
  }
}

/** Finds memberships. A list may have people who were removed, who have none. */
function memberReader({ api, organization, everybody }: RoleParts) {
  const members = api.members(organization)

  async function lookUp({ signal }: Scope, { id, email, masked }: LabelStudioUser) {
    const listed = await everybody.find(id, signal)
    if (listed) return listed
    if (email !== '' && !masked) {
      for await (const member of members.list({ search: email }, signal)) {
        if (member.userId === id) return member
      }
    }
    // The search is quick, but a person it misses is looked up in the list, because ending access
    // must miss nobody.
    return (await everybody.list(signal)).get(id)
  }
  return async (scope: Scope, account: ShownAccount): Promise<OrganizationMember | undefined> => {
    const member = account.member ?? (await lookUp(scope, account.user))
    return member?.user.masked ? undefined : member
  }
}

/** Refuses, as unavailable, a role for which no seat is left, unless the one before takes one too. */
function seatRequirer({ takeSeat }: RoleParts) {
  return async ({ signal }: Scope, role: RoleCode | undefined, next: RoleCode): Promise<void> => {
    const complaint = !takesSeat(role) && takesSeat(next) ? await takeSeat(signal) : undefined
    if (complaint) throw new UnavailableError(complaint, { retryAfterSeconds: 300 })
  }
}

/** A new account keeps the role that Label Studio gave it. */
function givesNothing({ access: { role, workspaces, projects } }: DesiredAccess): boolean {
  return role === null && workspaces.length + projects.length === 0
}

interface RoleChange {
  readonly member: OrganizationMember
  readonly wanted: DesiredAccess
}

/**
 * The role by a rule; without a rule it stays as it is, except that an active person must not stay
 * deactivated.
 */
async function nextRole(
  parts: RoleParts,
  scope: Scope,
  { member, wanted: { access } }: RoleChange,
): Promise<AssignableRoleCode | undefined> {
  if (access.role !== null) return toRoleCode(access.role)
  if (member.role !== 'DI') return undefined
  const candidates = [
    await parts.access.getValue(scope, roleBefore(member.userId)),
    (await parts.api.organization(parts.organization, scope.signal)).defaultRole,
  ]
  return candidates.find(isWorkingRole) ?? 'NO'
}

/**
 * Whether another source set the role after a rule gave one. Such a role stays until the rules give
 * this person a different one. Deactivated and Not Activated do not count, because the IdP decides
 * whether a person is active.
 */
function isOthers(
  { role, roleSource }: OrganizationMember,
  { access, ledger }: DesiredAccess,
): boolean {
  if (access.role === null || role === 'DI' || role === 'NO') return false
  const given = roleIn(ledger)
  const isUnchanged = given?.role === access.role && !given.unconfirmed
  return isUnchanged && role !== toRoleCode(access.role) && isOthersSource(roleSource)
}

function roleIn(ledger: readonly Grant[]) {
  return ledger.find((grant) => grant.kind === 'role')
}

/** Whether a `role_source` is other than this adapter. */
export function isOthersSource(roleSource: string | undefined): boolean {
  return roleSource !== undefined && others.has(roleSource)
}

function othersNote({ role, roleSource }: OrganizationMember): string {
  const by = roleSource === 'manual' ? 'by hand' : `by ${roleSource}`
  return (
    `The organization role ${role ? toRoleName(role) : ''} was set ${by} in Label Studio, and ` +
    'stays until the rules give another one.'
  )
}

/** Label Studio's code for a role that rules can give. */
export function toRoleCode(role: OrganizationRole): AssignableRoleCode {
  const found = Object.entries(roleNames).find(([, name]) => name === role)
  return (found?.[0] ?? 'NO') as AssignableRoleCode
}

/**
 * In reports, roles that no rule can give are shown as Administrator (Owner) and Annotator (View
 * Only).
 */
export function toRoleName(role: RoleCode): OrganizationRole {
  if (role === 'OW') return 'Administrator'
  return role === 'VO' ? 'Annotator' : roleNames[role]
}

function isWorkingRole(role: string | undefined): role is AssignableRoleCode {
  return role !== undefined && ['AD', 'MA', 'RE', 'AN', 'NO'].includes(role)
}

function ownerError(): RefusedError {
  return new RefusedError('This is the owner of the organization in Label Studio.')
}

function removedError(): RefusedError {
  return new RefusedError(
    'The account was removed from the organization in Label Studio, and its API cannot ' +
      'bring it back. Invite the person there again, then repeat.',
    409,
  )
}
