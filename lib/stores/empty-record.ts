import type { AccessRecord } from './access-store.js'

/** The record of a person about whom nothing is known yet. */
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
