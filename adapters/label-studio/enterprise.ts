import { type Access, type Grant, type OrganizationRole, plan } from '../../lib/mapping/index.js'
import { RefusedError, UnavailableError } from '../../lib/stores/errors.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { Accounts } from './accounts.js'
import {
  type AssignableRoleCode,
  type LabelStudioApi,
  type LabelStudioUser,
  type RoleCode,
  roleNames,
} from './api/index.js'
import type { EditionTarget } from './edition.js'
import { membershipsIn } from './memberships.js'
import { changedNames, namesOf } from './names.js'
import type { LabelStudioSettings } from './options.js'

interface Parts {
  readonly api: LabelStudioApi
  readonly accounts: Accounts
  readonly organization: number
  readonly settings: LabelStudioSettings
}

/** Members without access, who take no seat. */
const withoutSeat: readonly (RoleCode | undefined)[] = ['DI', 'NO', undefined]

/**
 * Enterprise: organization roles (Deactivated ends access and sessions), workspaces, project members and project roles,
 * through its REST API. Not confirmed on a running Enterprise: it follows the published API reference.
 */
export function enterpriseTarget(parts: Parts): EditionTarget {
  const { api, accounts, organization, settings } = parts
  const members = api.members(organization)
  const memberships = membershipsIn(api, settings)

  return {
    async deprovision(scope, user) {
      for (const account of await accounts.findAll(scope, user)) {
        const role = await roleOf(parts, scope, account)
        if (role === 'OW') throw ownerError()
        if (role !== undefined && role !== 'DI') {
          await members.setRole(account.id, 'DI', scope.signal)
        }
      }
    },

    async apply(scope, user, access, { ledger, note }) {
      const account =
        (await accounts.find(scope, user)) ?? (await accounts.create(user, undefined, scope.signal))
      const names = changedNames(namesOf(user), account.user)
      if (Object.keys(names).length > 0) {
        await api.users.changeNames(account.user.id, names, scope.signal)
      }
      const inherited = [...account.inherited, ...ledger]
      const role = await bringRole(parts, scope, account.user, { access, ledger: inherited })
      const isWaiting = role === 'NO'
      const planned = plan(inherited, isWaiting ? { ...access, role: 'Not Activated' } : access)
      const reached = await memberships.carryOut(scope, account.user.id, {
        ledger: inherited,
        planned,
        note: (entries) => note(entries, account.reference),
      })
      return {
        applied: [...roleGrant(access), ...reached.applied],
        deferred: [...planned.deferred, ...reached.deferred],
        notes: reached.notes,
        account: account.reference,
      }
    },

    async admit(scope, access) {
      const role = access?.role ? codeOf(access.role) : await defaultRole(parts, scope)
      if (withoutSeat.includes(role)) return
      const complaint = await seatComplaint(parts, scope)
      if (complaint !== undefined) throw new RefusedError(complaint, 409)
    },

    async seats(scope) {
      const seats = (await api.settings.billing(scope.signal))?.seats
      return (
        seats && { used: seats.count, ...(seats.limit !== undefined && { limit: seats.limit }) }
      )
    },

    async setPassword(scope, user, password) {
      const found = await accounts.find(scope, user)
      if (!found) return accounts.create(user, password, scope.signal)
      return undefined
    },

    async current(scope, user) {
      const account = await accounts.find(scope, user)
      if (!account) return undefined
      const role = await roleOf(parts, scope, account.user)
      const there = await memberships.current(scope, account.user.id)
      return {
        applied: [...(role ? [{ kind: 'role', role: wordOf(role) } as const] : []), ...there],
        account: account.reference,
      }
    },
  }
}

/** Brings the organization role to what is desired; returns the role in force. */
async function bringRole(
  parts: Parts,
  scope: Scope,
  account: LabelStudioUser,
  { access, ledger }: { readonly access: Access; readonly ledger: readonly Grant[] },
): Promise<RoleCode | undefined> {
  const now = await roleOf(parts, scope, account)
  if (now === 'OW') throw ownerError()
  const wanted =
    access.role === null ? await roleToRestore(parts, scope, { now, ledger }) : codeOf(access.role)
  if (wanted === undefined || wanted === now) return now
  if (withoutSeat.includes(now) && !withoutSeat.includes(wanted)) await takeSeat(parts, scope)
  const member = await parts.api
    .members(parts.organization)
    .setRole(account.id, wanted, scope.signal)
  return member.role ?? wanted
}

/** Nobody's role is touched without a rule, except that an active person must not stay deactivated. */
async function roleToRestore(
  parts: Parts,
  scope: Scope,
  { now, ledger }: { readonly now: RoleCode | undefined; readonly ledger: readonly Grant[] },
): Promise<AssignableRoleCode | undefined> {
  if (now !== 'DI') return undefined
  const before = ledger.find((grant) => grant.kind === 'role')
  if (before?.kind === 'role') return codeOf(before.role)
  const role = await defaultRole(parts, scope)
  return role === undefined || ['OW', 'VO', 'DI'].includes(role)
    ? 'NO'
    : (role as AssignableRoleCode)
}

/** The role of people who join, set in the organization. */
async function defaultRole({ api, organization }: Parts, { signal }: Scope) {
  return (await api.organization(organization, signal)).defaultRole
}

async function takeSeat(parts: Parts, scope: Scope): Promise<void> {
  const complaint = await seatComplaint(parts, scope)
  if (complaint !== undefined) throw new UnavailableError(complaint, { retryAfterSeconds: 300 })
}

/** A sentence when every seat is taken. */
async function seatComplaint({ api }: Parts, scope: Scope): Promise<string | undefined> {
  const seats = (await api.settings.billing(scope.signal))?.seats
  if (!seats?.reached) return undefined
  const limit = seats.limit === undefined ? '' : ` of ${seats.limit}`
  return `No seat is left in Label Studio: ${seats.count}${limit} are taken. Free one, or buy more.`
}

async function roleOf(
  { api, organization }: Parts,
  scope: Scope,
  account: LabelStudioUser,
): Promise<RoleCode | undefined> {
  const query = account.email === '' ? {} : { search: account.email }
  for await (const member of api.members(organization).list(query, scope.signal)) {
    if (member.userId === account.id) return member.role
  }
  return undefined
}

function roleGrant({ role }: Access): readonly Grant[] {
  return role === null ? [] : [{ kind: 'role', role }]
}

function codeOf(role: OrganizationRole): AssignableRoleCode {
  const found = Object.entries(roleNames).find(([, name]) => name === role)
  return (found?.[0] ?? 'NO') as AssignableRoleCode
}

/** Roles that no rule can give read as Administrator (Owner) and Annotator (View Only) in reports. */
function wordOf(role: RoleCode): OrganizationRole {
  if (role === 'OW') return 'Administrator'
  return role === 'VO' ? 'Annotator' : roleNames[role]
}

function ownerError(): RefusedError {
  return new RefusedError('This is the owner of the organization in Label Studio.')
}
