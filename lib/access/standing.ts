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
  const record = known ?? (await adapters.access?.record(scope, user.id))
  const isOnlyListed = record?.account?.origin === 'imported'
  if (!isOnlyListed && user.active) {
    const { active } = await adapters.groups.resolveAccess(scope, user)
    if (active) return 'active'
  }
  const exemption = await exemptionOf(adapters, scope, user)
  if (exemption?.kind === 'protected') return 'active'
  return isOnlyListed || exemption ? 'unknown' : 'deprovisioned'
}

/**
 * Whether an import has noted the account and not stored its user yet, or is about to remove both.
 */
export function isHalfListed({ account, enforced }: AccessRecord): boolean {
  return account?.origin === 'imported' && enforced === undefined
}

/** Whether an address, which no SCIM user has, was that of somebody deleted whom SCIM managed. */
export async function isDeletedAddress(
  { access }: Adapters,
  scope: Scope,
  address: string,
): Promise<boolean> {
  const records = (await access?.recordsByEmail(scope, address)) ?? []
  if (records.some(({ account }) => account?.origin !== 'imported')) return true
  const userId = await access?.getValue(scope, deletedName(address))
  const record = userId === undefined ? undefined : await access?.record(scope, userId)
  return record?.email !== undefined
}

/**
 * Remembers the addresses of somebody who is deleted, beside the one in their record: an account
 * may stand under any of them. They count until the record is made anonymous, and are kept as
 * digests, since nothing finds them by the person.
 */
export async function rememberAddresses(
  { access }: Adapters,
  scope: Scope,
  user: User,
): Promise<void> {
  const own = emailOf(user)
  for (const address of addressesOf(user)) {
    if (address !== own) await access?.setValue(scope, deletedName(address), user.id)
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
