import type { AuditEntry } from '../events/catalogue.js'
import type { Json } from '../schema/types.js'

/** A key by which a resource is found with one indexed query. */
export interface LookupKey {
  /**
   * `userName`, `externalId`, `emails.value`, …; for an extension its URN, a colon and the
   * attribute.
   */
  readonly attribute: string
  /** The value in comparable form. */
  readonly key: string
  /** No other resource of this type and tenant may have the same key of this attribute. */
  readonly unique: boolean
}

/** What must become durable in the same step as a write, or not at all. */
export interface Outbox {
  /**
   * Users whose access must be made true again. An id may name a group: it stands for every user in
   * it, directly or through other groups, as it is before the write and after it.
   */
  readonly pending?: readonly string[] | undefined
  readonly audit?: readonly AuditEntry[] | undefined
}

/** What a store is given beside a resource to write. */
export interface Write {
  /**
   * Lookup keys of the resource. Uniqueness must be checked in the same atomic step as the write.
   */
  readonly keys: readonly LookupKey[]
  /** When a resource is replaced: those of the state that is expected to be stored. */
  readonly keysBefore?: () => readonly LookupKey[]
  /**
   * The resource with every value in comparable form, for pushing filters down; computed when
   * called.
   */
  readonly comparable: () => Json
  /** Only for stores that declare `supports.outbox`. */
  readonly outbox?: Outbox | undefined
}
