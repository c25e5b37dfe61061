import { ConfigurationError } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'

/** Options of `createReconciler`; times in milliseconds. */
export interface ReconcilerOptions {
  /** People worked on at once. Integer, 1 to 1000. Default 8. */
  readonly concurrency?: number
  /** How long a host may work on one person before another may take over. At least 1000. Default 60 000. */
  readonly leaseMs?: number
  /** First bound of the back-off after a failure; doubled with each. Default 1 000. */
  readonly backoffMs?: number
  /** Longest back-off. Default 300 000. */
  readonly maxBackoffMs?: number
  /** Attempts at a person who fails for another reason than an unavailable host, before parking. Default 10. */
  readonly maxAttempts?: number
  /** How often to look for what other hosts marked. Default 1 000. */
  readonly pollMs?: number
  /** Marks made in one step while a change of rules is carried out. Default 2000. */
  readonly batch?: number
  /** Longest wait that a host's `Retry-After` can demand. Default 300 000. */
  readonly maxRetryAfterMs?: number
  /** Days after which entries of the audit log are removed. 1 to 36 500. Default 730. */
  readonly auditRetentionDays?: number
  /** Days after which names and addresses of deleted people are forgotten. 1 to 36 500. Default 365. */
  readonly deletedRetentionDays?: number
  /** Called with each event after its effect is recorded. */
  readonly onEvent?: (event: AuditEntry) => void
  /** Default: the system's clock. */
  readonly clock?: () => Date
  /** At least 0, less than 1. Default `Math.random`. */
  readonly random?: () => number
}

/** Options with every default filled in. */
export type ResolvedOptions = Required<ReconcilerOptions>

const defaults: ResolvedOptions = {
  concurrency: 8,
  leaseMs: 60_000,
  backoffMs: 1_000,
  maxBackoffMs: 300_000,
  maxAttempts: 10,
  pollMs: 1_000,
  batch: 2_000,
  maxRetryAfterMs: 300_000,
  auditRetentionDays: 730,
  deletedRetentionDays: 365,
  onEvent: () => {},
  clock: () => new Date(),
  random: Math.random,
}

/** Least and most each number can be. */
const ranges = {
  concurrency: [1, 1_000],
  leaseMs: [1_000, 86_400_000],
  backoffMs: [1, 86_400_000],
  maxBackoffMs: [1, 86_400_000],
  maxAttempts: [1, 1_000_000],
  pollMs: [10, 86_400_000],
  batch: [1, 100_000],
  maxRetryAfterMs: [0, 86_400_000],
  auditRetentionDays: [1, 36_500],
  deletedRetentionDays: [1, 36_500],
} as const

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_RECONCILER` naming the option, the value and the fix
 */
export function reconcilerOptions(given: ReconcilerOptions): ResolvedOptions {
  const options = { ...defaults, ...given }
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges]
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new ConfigurationError(
        'ERR_SCIM_RECONCILER',
        `createReconciler: ${name} is ${String(value)}; give a whole number from ${least} to ${most}.`,
      )
    }
  }
  return options
}
