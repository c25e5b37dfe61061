import { createHash } from 'node:crypto'
import type { AccessRecord } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { addressesOf, emailOf } from './email.js'
import { exemptionOf } from './exemption.js'

/**
 * What SCIM says of somebody who wants to come in. `unknown`: SCIM never had them, or only knows
 * them from an import and was never told to manage them.
 */
export type Standing = 'active' | 'deprovisioned' | 'unknown'

/**
 * The one place that says what a SCIM user is at the door. Access also ended for somebody active to
 * whom, by policy, no rule gives a role any more. What rules and groups say has no effect on people
 * who are not ours to manage: protected ones are let in, the others are unknown.
 *
 * @param user `undefined`: deleted
 * @param known their access record, where it has been read already
 */
export async function standingOf(
  adapters: Adapters,
  scope: Scope,
  user: User | undefined,
  known?: AccessRecord,
): Promise<Standing> {
  if (!user) return known && isHalfListed(known) ? 'unknown' : 'deprovisioned'
  const record = known ?? (await adapters.access?.getRecord(scope, user.id))
  const isOnlyListed = record?.account?.origin === 'imported'
  if (!isOnlyListed && user.active) {
    const { active } = await adapters.groups.resolveAccess(scope, user)
    if (active) return 'active'
  }
  const exemption = await exemptionOf(adapters, scope, user, record)
  if (exemption?.kind === 'protected') return 'active'
  return isOnlyListed || exemption ? 'unknown' : 'deprovisioned'
}

/**
 * Whether an import has noted the account and not stored its user yet, or is about to remove both.
 */
export function isHalfListed({ account, enforced }: AccessRecord): boolean {
  return account?.origin === 'imported' && enforced === undefined
}

/**
 * Whether an address, which no SCIM user has, was that of somebody deleted whom SCIM managed, or of
 * somebody who has lost it and has no access.
 */
export async function isDepartedAddress(
  adapters: Adapters,
  scope: Scope,
  address: string,
): Promise<boolean> {
  const { access, users } = adapters
  const records = (await access?.recordsByEmail(scope, address)) ?? []
  if (records.some(({ account }) => account?.origin !== 'imported')) return true
  const userId = await access?.getValue(scope, deletedName(address))
  if (userId === undefined) return false
  const record = await access?.getRecord(scope, userId)
  const user = await users.get(scope, userId, { omit: new Set(['groups']) })
  if (user) return (await standingOf(adapters, scope, user, record)) === 'deprovisioned'
  return record?.email !== undefined
}

/**
 * Remembers addresses that somebody loses: an account may stand under any of them, and must not
 * outlive their access. The one in their record is found without. They count until the record is
 * made anonymous, and are kept as digests, since nothing finds them by the person.
 *
 * @param after absent: the person is deleted
 */
export async function rememberAddresses(
  { access }: Adapters,
  scope: Scope,
  before: User,
  after?: User,
): Promise<void> {
  if (!access) return
  const kept = new Set(after && addressesOf(after))
  const lost = addressesOf(before).filter((address) => !kept.has(address))
  if (lost.length === 0) return
  const own = emailOf(before)
  const isOwnFound = !after || (await access.getRecord(scope, before.id))?.account !== undefined
  for (const address of lost) {
    if (address === own && isOwnFound) continue
    await access.setValue(scope, deletedName(address), before.id)
  }
}

function deletedName(address: string): string {
  return `departed:${createHash('sha256').update(address).digest('base64url')}`
}

/** What to make of several people with one address: it opens when one of them may come in. */
export function strongest(standings: readonly Standing[]): Standing {
  if (standings.includes('active')) return 'active'
  return standings.includes('deprovisioned') ? 'deprovisioned' : 'unknown'
}
