import type { AccessRecord } from './access-store.js'

/**
 * The anonymous record of a person who was deleted long ago: it only keeps their account closed.
 * `undefined` if no account is known, so that the record can be deleted.
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
