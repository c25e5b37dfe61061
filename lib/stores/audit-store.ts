import type { AuditEntry, EventName } from '../events/catalogue.js'
import type { Scope } from './scope.js'

/** A query of the audit log. */
export interface AuditQuery {
  readonly event?: EventName
  readonly actor?: string
  /** Id of the resource. */
  readonly target?: string
  readonly outcome?: 'succeeded' | 'refused' | 'failed'
  /** RFC 3339; inclusive. */
  readonly from?: string
  /** RFC 3339; exclusive. */
  readonly until?: string
  /** Only entries with a smaller sequence number; used to get the next page. */
  readonly before?: number
  readonly limit: number
}

/** An entry as stored. */
export type StoredAuditEntry = AuditEntry & { readonly sequence: number }

/** The audit log: append-only, newest first when read. */
export interface AuditStore {
  /** **Required.** Stores entries with all their fields, in this order. */
  append(scope: Scope, entries: readonly AuditEntry[]): Promise<void>
  /** **Required.** The entries found, the last appended first, at most `limit`. */
  query(scope: Scope, query: AuditQuery): Promise<readonly StoredAuditEntry[]>
  /**
   * **Optional.** Removes at most `limit` of the oldest entries of all tenants that are older than
   * `before` (RFC 3339); returns how many. It may stop at the first that is newer. Without it, the
   * log is kept forever.
   */
  purge?(options: { readonly before: string; readonly limit: number }): Promise<number>
}
