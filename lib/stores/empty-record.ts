import type { AccessRecord } from './access-store.js'

/**
 * A record of somebody nothing is known of yet, with the members it will have: they are set in
 * copies of it.
 */
export function emptyRecord(userId: string, at: Date): AccessRecord {
  return {
    userId,
    email: undefined,
    applied: [],
    deferred: [],
    notes: [],
    enforced: undefined,
    hadRole: false,
    at: at.toISOString(),
  }
}
