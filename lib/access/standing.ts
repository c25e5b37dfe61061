import { createHash } from 'node:crypto'
import type { Access } from '../mapping/types.js'
import type { AccessRecord, AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import { inSteps } from '../stores/in-steps.js'
import { omitGroups } from '../stores/reads.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { addressesOf, emailOf } from './email.js'
import { exemptionOf } from './exemption.js'

/**
 * The standing of a person who wants to come in. `unknown`: SCIM never had them, or only knows them
 * from an import and does not manage them.
 */
export type Standing = 'active' | 'deprovisioned' | 'unknown'

/** What has been read about a person already. */
export interface KnownPerson {
  readonly record?: AccessRecord
  readonly access?: Access
}

/**
 * The one place that decides a SCIM user's standing at sign-in and at the gate. An active person
 * also counts as deprovisioned when, by policy, no rule gives them a role any more. Rules and
 * groups have no effect on people who are not managed through SCIM: protected ones are let in, the
 * others are unknown.
 *
 * @param user `undefined`: deleted
 */
export async function standingOf(
  adapters: Adapters,
  scope: Scope,
  user: User | undefined,
  known: KnownPerson = {},
): Promise<Standing> {
  if (!user) return known.record && isHalfListed(known.record) ? 'unknown' : 'deprovisioned'
  const record = known.record ?? (await adapters.access?.getRecord(scope, user.id))
  const isOnlyListed = record?.account?.origin === 'imported'
  if (!isOnlyListed && user.active) {
    const { active } = known.access ?? (await adapters.groups.resolveAccess(scope, user))
    if (active) return 'active'
  }
  const exemption = await exemptionOf(adapters, scope, user, record)
  if (exemption?.kind === 'protected') return 'active'
  return isOnlyListed || exemption ? 'unknown' : 'deprovisioned'
}

/**
 * Whether an import has recorded the account but not yet stored its user, or is about to remove
 * both.
 */
export function isHalfListed({ account, enforced }: AccessRecord): boolean {
  return account?.origin === 'imported' && enforced === undefined
}

/**
 * Whether an address that no SCIM user has belonged to a deleted person whom SCIM managed, or to a
 * person who gave it up and has no access.
 */
export async function isFormerAddress(
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
  const user = await users.get(scope, userId, omitGroups)
  if (user)
    return (await standingOf(adapters, scope, user, record && { record })) === 'deprovisioned'
  return record?.email !== undefined
}

/**
 * Whether a person whom SCIM manages or managed has given up an address that nobody has now. An
 * account with it may be theirs, and must not pass for somebody's whom SCIM does not know.
 */
export async function isGivenUp(
  access: AccessStore,
  scope: Scope,
  address: string,
): Promise<boolean> {
  const records = await access.recordsByEmail(scope, address)
  if (records.some(({ account }) => account?.origin !== 'imported')) return true
  return (await access.getValue(scope, deletedName(address))) !== undefined
}

/**
 * Remembers the addresses that a person loses: an account may exist under any of them and must not
 * outlive their access. The address in their record is found anyway. They are kept, as digests,
 * until the record is made anonymous, which removes the values that are the person's id.
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
  const values = new Map<string, string>()
  await inSteps(lost, (address) => {
    if (address !== own || !isOwnFound) values.set(deletedName(address), before.id)
  })
  if (access.setValues) return access.setValues(scope, values)
  for (const [name, value] of values) await access.setValue(scope, name, value)
}

function deletedName(address: string): string {
  return `departed:${createHash('sha256').update(address).digest('base64url')}`
}

/**
 * The standing of several people with one address: the address is let in if any of them may come
 * in.
 */
export function strongest(standings: readonly Standing[]): Standing {
  if (standings.includes('active')) return 'active'
  return standings.includes('deprovisioned') ? 'deprovisioned' : 'unknown'
}
