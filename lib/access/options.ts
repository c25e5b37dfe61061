import { callback, optionTable, type Resolved, whole } from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import type { AuditEntry } from '../events/catalogue.js'
import { longestAttemptMs, shortLeaseMs } from './lease.js'

/** Options of `createReconciler`; times in milliseconds. */
export interface ReconcilerOptions {
  /**
   * People worked on at once. Integer, 1 to 1000. Default 8, or as many as the target asks for
   * (`peopleAtOnce`; 32 with Label Studio).
   */
  readonly concurrency?: number
  /**
   * How long after an instance has died another may take over its work. The lease is renewed while
   * work goes on. At least 1000. Default 8 000.
   */
  readonly leaseMs?: number
  /** How long one attempt at a person may take. At least 1000. Default 60 000. */
  readonly attemptMs?: number
  /**
   * First bound of the back-off after a failure, doubled with each further failure. Default 1 000.
   */
  readonly backoffMs?: number
  /** Longest back-off. Default 300 000. */
  readonly maxBackoffMs?: number
  /** How often a change is attempted that fails although the host is available. Default 10. */
  readonly maxAttempts?: number
  /** How often to look for people marked by other instances. Default 1 000. */
  readonly pollMs?: number
  /** How many people are marked per step while a change of rules is carried out. Default 2000. */
  readonly batch?: number
  /** The longest wait taken from a host's `Retry-After`. Default 300 000. */
  readonly maxRetryAfterMs?: number
  /** Days after which entries of the audit log are removed. 1 to 36 500. Default 730. */
  readonly auditRetentionDays?: number
  /**
   * Days after which names and addresses of deleted people are forgotten. 1 to 36 500. Default 365.
   */
  readonly deletedRetentionDays?: number
  /** Called with each event after its effect is recorded. */
  readonly onEvent?: (event: AuditEntry) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
  /** At least 0, less than 1. Default `Math.random`. */
  readonly random?: () => number
}

const longest = 86_400_000

/** The options of `createReconciler`. */
export const reconcilerTable = optionTable<ReconcilerOptions>()(
  'createReconciler',
  'ERR_SCIM_RECONCILER',
  {
    concurrency: { type: whole(1, 1_000), default: 8 },
    leaseMs: { type: whole(1_000, longest), default: shortLeaseMs },
    attemptMs: { type: whole(1_000, longest), default: longestAttemptMs },
    backoffMs: { type: whole(1, longest), default: 1_000 },
    maxBackoffMs: { type: whole(1, longest), default: 300_000 },
    maxAttempts: { type: whole(1, 1_000_000), default: 10 },
    pollMs: { type: whole(10, longest), default: 1_000 },
    batch: { type: whole(1, 100_000), default: 2_000 },
    maxRetryAfterMs: { type: whole(0, longest), default: 300_000 },
    auditRetentionDays: { type: whole(1, 36_500), default: 730 },
    deletedRetentionDays: { type: whole(1, 36_500), default: 365 },
    onEvent: { type: callback<(event: AuditEntry) => void>(), default: () => {}, shown: 'none' },
    clock: { type: callback<() => Date>(), default: () => new Date(), shown: 'system' },
    random: { type: callback<() => number>(), default: Math.random, shown: '`Math.random`' },
  },
)

/** Options with every default filled in. */
export type ResolvedOptions = Resolved<ReconcilerOptions, typeof reconcilerTable.rows>

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_RECONCILER` naming the option, the value and the fix
 */
export function reconcilerOptions(given: ReconcilerOptions): ResolvedOptions {
  return readOptions(reconcilerTable, given)
}
