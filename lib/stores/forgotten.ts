import type { AccessRecord } from './access-store.js'

/**
 * What stays of the record of somebody who was deleted long ago: that their account is shut.
 * `undefined` when no account is known, and nothing need stay.
 */
export function withoutPerson(record: AccessRecord): AccessRecord | undefined {
  const { userId, account, enforced, hadRole, at } = record
  if (!account) return undefined
  const { email: _, ...anonymous } = account
  return {
    userId,
    applied: [],
    deferred: [],
    notes: [],
    account: anonymous,
    enforced,
    hadRole,
    at,
  }
}
