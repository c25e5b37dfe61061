import {
  type Access,
  type AccessStore,
  type AppliedAccess,
  type Grant,
  plan,
  RefusedError,
  type Scope,
  type User,
} from '../../../../lib/adapter/index.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { OrganizationMembers } from '../../accounts/directory.js'
import { changedNames, namesOf } from '../../accounts/names.js'
import { collect } from '../../api/collect.js'
import type { LabelStudioApi } from '../../api/index.js'
import type { LabelStudioSettings } from '../../options.js'
import type { EditionTarget, PriorGrants } from '../edition.js'
import { type Meetings, meetingPoint } from './meeting.js'
import { type Memberships, membershipsIn } from './memberships.js'
import {
  type OrganizationRoles,
  organizationRoles,
  toRoleCode,
  toRoleName,
} from './organization-roles.js'
import { freeSeats, takesSeat } from './seats.js'

/** How long people wait for others at each meeting, to share requests about memberships. */
const longestWaitMs = 3_000

interface EnterpriseParts {
  readonly api: LabelStudioApi
  readonly access: AccessStore
  readonly accounts: Accounts
  readonly organization: number
  readonly everybody: OrganizationMembers
  readonly settings: LabelStudioSettings
}

/**
 * The target for Enterprise: organization roles (Deactivated ends access and sessions), workspaces,
 * project members and project roles, through its REST API. It follows the published API reference
 * and was not tested against a running Enterprise.
 */
export function enterpriseTarget(parts: EnterpriseParts): EditionTarget {
  const { api, accounts, settings } = parts
  const takeSeat = freeSeats(api)
  const roles = organizationRoles({ ...parts, takeSeat })
  const memberships = membershipsIn(api, settings)
  const meetToRead = meetingPoint(longestWaitMs)
  const meetToGive = meetingPoint(longestWaitMs)
  const tools = { api, accounts, roles, memberships }

  return {
    canRename: false,

    async deprovision(scope, user) {
      const ledger = (await parts.access.getRecord(scope, user.id))?.applied ?? []
      for await (const account of accounts.takeAll(scope, user)) {
        await roles.deactivate(scope, account, ledger)
      }
    },

    apply: (scope, user, access, before) =>
      meetToRead((toRead) =>
        meetToGive((toGive) => apply(tools, scope, user, { access, before, toRead, toGive })),
      ),

    async admit(scope, access) {
      const { signal } = scope
      const role = access?.role ? toRoleCode(access.role) : await roles.defaultRole(signal)
      if (!takesSeat(role)) return
      const complaint = await takeSeat(signal)
      if (complaint !== undefined) throw new RefusedError(complaint, 409)
    },

    async seats(scope) {
      const seats = (await api.settings.billing(scope.signal))?.seats
      return (
        seats && { used: seats.count, ...(seats.limit !== undefined && { limit: seats.limit }) }
      )
    },

    async setPassword(scope, user, password) {
      if (await accounts.find(scope, user)) return false
      const created = await accounts.create(scope, user, { password, isUrgent: true })
      await accounts.link(scope, user, created)
      return true
    },

    async current(scope, user, { projectIds }) {
      const [account] = await collect(accounts.findAll(scope, user))
      if (!account) return undefined
      const role = (await roles.memberOf(scope, account))?.role
      const isShut = role === 'DI' || role === undefined
      if (isShut) return { applied: [] }
      const there = await memberships.current(scope, account.user.id, projectIds)
      return { applied: [{ kind: 'role', role: toRoleName(role) }, ...there] }
    },
  }
}

interface Tools extends Pick<EnterpriseParts, 'api' | 'accounts'> {
  readonly roles: OrganizationRoles
  readonly memberships: Memberships
}

interface Application extends Meetings {
  readonly access: Access
  readonly before: PriorGrants
}

async function apply(
  { api, accounts, roles, memberships }: Tools,
  scope: Scope,
  user: User,
  { access, before, ...meetings }: Application,
): Promise<AppliedAccess> {
  const account = (await accounts.find(scope, user)) ?? (await accounts.create(scope, user))
  const { id } = account.user
  const inherited = await accounts.link(scope, user, account)
  const ledger = [...inherited, ...before.ledger]
  await noteRole(access, ledger, (entries) => before.note(entries, account.reference))
  const applied = await roles.apply(scope, account, { access, ledger })
  const names = changedNames(namesOf(user), account.user)
  if (Object.keys(names).length > 0) await api.users.changeNames(id, names, scope.signal)
  const isPending = applied.role === 'NO'
  const planned = plan(ledger, isPending ? { ...access, role: 'Not Activated' } : access, {
    hasSignedIn: isPending && (await before.hasSignedIn()),
  })
  const note = (entries: readonly Grant[]) =>
    before.note([...roleGrant(access), ...entries], account.reference)
  const receiver = { id, isNew: account.isNew ?? false }
  const work = { ledger, planned, note, ...meetings }
  const reached = await memberships.carryOut(scope, receiver, work)
  return {
    applied: [...roleGrant(access), ...reached.applied],
    deferred: [...planned.deferred, ...reached.deferred],
    notes: [...applied.notes, ...reached.notes],
    account: account.reference,
  }
}

/**
 * Notes a role before it is given, so that the next attempt knows that a rule gave it, whatever
 * fails in between.
 */
async function noteRole(
  access: Access,
  ledger: readonly Grant[],
  note: (entries: readonly Grant[]) => Promise<void>,
): Promise<void> {
  const others = ledger.filter((each) => each.kind !== 'role')
  for (const grant of roleGrant(access)) {
    const isKnown = ledger.some((each) => each.kind === 'role' && each.role === access.role)
    if (!isKnown) await note([{ ...grant, unconfirmed: true }, ...others])
  }
}

function roleGrant({ role }: Access): readonly Grant[] {
  return role === null ? [] : [{ kind: 'role', role }]
}
