import {
  type AccessRecord,
  type AccountReference,
  type Exemption,
  emailOf,
  type Scope,
  type User,
} from '../../../lib/adapter/index.js'
import type { Installation } from '../installation.js'
import type { LabelStudioSettings } from '../options.js'
import type { TargetParts } from '../target-parts.js'
import { mayAdopt } from './adoption.js'

interface People {
  readonly users: readonly User[]
  /** Their records, if they were read already. */
  readonly records?: readonly AccessRecord[] | undefined
}

/**
 * The one place that decides which accounts are not managed through SCIM: those of other tenants'
 * people, the owner, the adapter itself, superusers, and imported people who must not be taken
 * over. It needs one query of the stored data.
 */
export async function exemptionsIn(
  { installation, settings }: TargetParts,
  scope: Scope,
  { users, records: given }: People,
): Promise<readonly (Exemption | undefined)[]> {
  if (scope.tenant !== settings.tenant) return users.map(() => ofAnotherTenant)
  const known = await installation.remembered(scope)
  const ids = [...new Set(users.map(({ id }) => id))]
  const records = given ?? (await settings.storage.access.getRecords(scope, ids))
  const accounts = new Map(records.map(({ userId, account }) => [userId, account]))
  return users.map((user) => exemptionIn(known, settings, { user, account: accounts.get(user.id) }))
}

interface LinkedPerson {
  readonly user: User
  readonly account: AccountReference | undefined
}

function exemptionIn(
  { ownId, ownEmail, ownerEmail }: Installation,
  settings: LabelStudioSettings,
  { user, account }: LinkedPerson,
): Exemption | undefined {
  const email = emailOf(user)
  const isOwner = email !== undefined && [ownEmail, ownerEmail].includes(email)
  if (isOwner || account?.id === String(ownId)) return owner
  if (account?.isProtected) return superuser
  const isListed = account?.origin === 'imported'
  return isListed && !mayAdopt(settings, account.email ?? '') ? notToBeTakenOver : undefined
}

const owner: Exemption = {
  kind: 'protected',
  reason: 'This is the owner of the organization in Label Studio, or the account of the adapter.',
}

const superuser: Exemption = {
  kind: 'protected',
  reason: 'This is a superuser of Label Studio, who cannot be changed from outside.',
}

const ofAnotherTenant: Exemption = {
  kind: 'protected',
  reason: 'This Label Studio belongs to another tenant (option "tenant" of labelStudioAdapters).',
}

const notToBeTakenOver: Exemption = {
  kind: 'unmanaged',
  reason: 'This account existed in Label Studio before, and must not be taken over through SCIM.',
}
