import { type AccessRecord, emailOf, type User } from '../../../lib/adapter/index.js'
import { changedNames, namesOf } from '../accounts/names.js'
import { normalizeEmail } from '../api/index.js'
import { isOthersSource, toRoleCode } from '../editions/enterprise/organization-roles.js'
import type { LabelStudioSettings } from '../options.js'
import type { AccountSnapshot } from './account-snapshots.js'

/** A person managed through SCIM, as in SCIM and as in Label Studio. */
export interface Compared {
  readonly record: AccessRecord
  /** `undefined` if deleted in SCIM. */
  readonly user: User | undefined
  readonly snapshot: AccountSnapshot
}

/** Whether Label Studio differs from what it should be, as far as a list of people shows. */
export function isDrifted(compared: Compared, settings: LabelStudioSettings): boolean {
  const { record, user, snapshot } = compared
  if (!user?.active || record.enforced === 'deprovisioned') return isInAgain(compared, settings)
  const names = changedNames(namesOf(user), snapshot.user)
  const email = emailOf(user)
  return (
    Object.keys(names).length > 0 ||
    (email !== undefined && email !== normalizeEmail(snapshot.user.email)) ||
    isShutOut(snapshot, settings) ||
    hasLostRole(compared) ||
    isReadyForMore(compared)
  )
}

/** Whether a person without access was let in again in Label Studio. */
function isInAgain(
  { snapshot: { role, isActive } }: Compared,
  { deprovisioning }: LabelStudioSettings,
): boolean {
  if (role !== undefined) return role !== 'DI'
  return deprovisioning === 'soft-delete' || (deprovisioning === 'admin' && isActive === true)
}

function isShutOut(
  { role, isActive }: AccountSnapshot,
  { deprovisioning }: LabelStudioSettings,
): boolean {
  return isActive === false && (role !== undefined || deprovisioning === 'admin')
}

/** Whether the role that a rule gave is gone, and no other source set another one. */
function hasLostRole({ record, snapshot: { role, roleSource } }: Compared): boolean {
  const given = record.applied.find((grant) => grant.kind === 'role')
  if (given?.kind !== 'role' || role === undefined) return false
  return role !== toRoleCode(given.role) && !isOthersSource(roleSource)
}

/** Whether the person was activated, so that deferred grants can be made. */
function isReadyForMore({ record, snapshot: { role } }: Compared): boolean {
  return record.deferred.length > 0 && role !== undefined && role !== 'NO'
}
