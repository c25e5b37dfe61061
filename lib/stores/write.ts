import type { AuditEntry } from '../events/catalogue.js'
import type { Json } from '../schema/types.js'
import type { AccessRecord } from './access-store.js'

/** A key by which a resource is found with one indexed query. */
export interface LookupKey {
  /**
   * `userName`, `externalId`, `emails.value`, …; for an extension its URN, a colon and the
   * attribute.
   */
  readonly attribute: string
  /** The value in comparable form. */
  readonly key: string
  /** No other resource of this type and tenant may have the same key for this attribute. */
  readonly unique: boolean
}

/** What must become durable in the same step as a write, or not at all. */
export interface Outbox {
  /**
   * Users whose access must be enforced again. The id of a group stands for every user in it,
   * directly or through other groups, both before and after the write.
   */
  readonly pending?: readonly string[] | undefined
  readonly audit?: readonly AuditEntry[] | undefined
  /**
   * Ends the access of the written user in the same step, if it is only recorded. Stores may ignore
   * it, and must while another worker holds the person's lease: the user is then only marked.
   */
  readonly ledger?: LedgerChange | undefined
}

/** A change of the written user's record that makes their mark unnecessary. */
export interface LedgerChange {
  readonly userId: string
  /** The record to store, and the entries to append, for the stored record. */
  readonly next: (known: AccessRecord | undefined) => LedgerEntry
  /** Called when they are durable. */
  readonly done: (entry: LedgerEntry) => void
}

/** A record to store, unless it stays as it is, with audit entries. */
export interface LedgerEntry {
  readonly record?: AccessRecord
  readonly audit: readonly AuditEntry[]
}

/** Input of a write, besides the resource. */
export interface Write {
  /**
   * Lookup keys of the resource. Uniqueness must be checked in the same atomic step as the write.
   */
  readonly keys: readonly LookupKey[]
  /** When a resource is replaced: the lookup keys of the expected stored state. */
  readonly keysBefore?: () => readonly LookupKey[]
  /**
   * Computes the resource with every value in comparable form, for stores that evaluate filters.
   */
  readonly comparable: () => Json
  /** Only for stores that declare `supports.outbox`. */
  readonly outbox?: Outbox | undefined
}
