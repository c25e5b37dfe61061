import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import { ConfigurationError } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'
import type { PendingOutcome, PendingUser } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import { storeErrorKind } from '../stores/errors.js'
import type { Scope } from '../stores/scope.js'
import {
  type AccessAdapters,
  describeFailure,
  type EnforceContext,
  enforceAccess,
} from './enforce.js'
import { type ReconcilerOptions, type ResolvedOptions, reconcilerOptions } from './options.js'

const debug = createDebug('label-studio-scim:reconciler')

/** Works off the list of people whose access must be made true. */
export interface Reconciler {
  /** Begins to work in the background, continuing where any host left off. Calling it again changes nothing. */
  start(): void
  /** Takes no new work, waits for what is under way, and returns its leases. */
  stop(): Promise<void>
  /**
   * Works until nothing is due: resolves when every mark that was due has been carried out, put off or parked.
   * Useful in tests and one-off jobs; works without `start`.
   */
  drain(): Promise<void>
  /** A hint that something was marked, so that it starts at once instead of at the next look. */
  kick(): void
}

/**
 * A reconciler over these adapters. Several hosts may run one each on one database: leases share the work and keep two of
 * them off one person. Entries that fail are tried again with full jitter, without end while the host is unavailable;
 * what fails otherwise is parked after `maxAttempts`, reported by the settings API, and never dropped.
 *
 * @throws ConfigurationError `ERR_SCIM_RECONCILER` when the adapters keep no pending work, or an option is wrong
 */
export function createReconciler(adapters: Adapters, options: ReconcilerOptions = {}): Reconciler {
  const { access } = adapters
  if (!access) {
    throw new ConfigurationError(
      'ERR_SCIM_RECONCILER',
      'createReconciler needs adapters with an `access` store; the adapters shipped with this package have one.',
    )
  }
  return new LeasingReconciler({ ...adapters, access }, reconcilerOptions(options))
}

class LeasingReconciler implements Reconciler {
  readonly #context: EnforceContext
  readonly #options: ResolvedOptions
  readonly #owner = randomUUID()
  readonly #abort = new AbortController()
  #loop: Promise<void> | undefined
  #stopping = false
  #wake: () => void = () => {}
  #kicked = false

  constructor(adapters: AccessAdapters, options: ResolvedOptions) {
    this.#options = options
    this.#context = { adapters, clock: options.clock, emit: (event) => this.#emit(event) }
  }

  start(): void {
    this.#stopping = false
    this.#loop ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#loop
    this.#loop = undefined
  }

  async drain(): Promise<void> {
    while ((await this.#step()) > 0);
  }

  kick(): void {
    this.#kicked = true
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#kicked = false
      const worked = await this.#step().catch((error: unknown) => {
        debug('the store of pending work cannot be reached: %O', error)
        return 0
      })
      if (worked === 0) await this.#pause()
    }
  }

  /** One round; returns how much was done. */
  async #step(): Promise<number> {
    const { access } = this.#context.adapters
    const { batch, concurrency, leaseMs } = this.#options
    const swept = await access.expandSweeps(batch)
    const claimed = await access.claim({
      owner: this.#owner,
      limit: concurrency,
      leaseMs,
      now: this.#now().toISOString(),
    })
    await Promise.all(claimed.map((entry) => this.#work(entry)))
    return swept + claimed.length
  }

  async #work(entry: PendingUser): Promise<void> {
    const scope = this.#scopeOf(entry)
    const outcome = await enforceAccess(this.#context, scope, entry.userId).then(
      (): PendingOutcome => ({ kind: 'done' }),
      (error: unknown) => this.#failed(scope, entry, error),
    )
    await this.#context.adapters.access.settle(this.#owner, entry, outcome)
  }

  #failed(scope: Scope, entry: PendingUser, error: unknown): PendingOutcome {
    debug('%s of tenant %s failed: %O', entry.userId, entry.tenant, error)
    const outcome = this.#outcomeOf(entry, error)
    this.#emit({
      at: this.#now().toISOString(),
      event: outcome.kind === 'parked' ? 'access.parked' : 'access.failed',
      tenant: scope.tenant,
      actor: scope.actor,
      requestId: scope.requestId,
      outcome: 'failed',
      target: { resourceType: 'User', id: entry.userId },
      detail: outcome.error,
    })
    return outcome
  }

  #outcomeOf(entry: PendingUser, error: unknown): Exclude<PendingOutcome, { kind: 'done' }> {
    const message = describeFailure(error)
    const kind = storeErrorKind(error)
    const isPoison = kind !== 'unavailable' && entry.attempts + 1 >= this.#options.maxAttempts
    if (kind === 'refused' || isPoison) return { kind: 'parked', error: message }
    const at = this.#now().getTime() + this.#backoffMs(entry.attempts, error)
    return { kind: 'retry', at: new Date(at).toISOString(), error: message }
  }

  /** Full jitter: anything up to the exponential bound, but never before the host said it would be back. */
  #backoffMs(attempts: number, error: unknown): number {
    const { backoffMs, maxBackoffMs, random } = this.#options
    const bound = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(attempts, 30))
    const asked =
      error instanceof Error && 'retryAfterSeconds' in error ? Number(error.retryAfterSeconds) : 0
    const least = storeErrorKind(error) === 'unavailable' ? Math.min(asked * 1000, maxBackoffMs) : 0
    return Math.max(random() * bound, Math.min(least, this.#options.maxRetryAfterMs))
  }

  /** Until the next entry is due, a kick, `stop`, or the time to look for marks of other hosts. */
  async #pause(): Promise<void> {
    const due = await this.#context.adapters.access.nextDue().catch(() => undefined)
    const untilDue =
      due === undefined ? Number.POSITIVE_INFINITY : Date.parse(due) - this.#now().getTime()
    const delay = Math.min(Math.max(untilDue, 10), this.#options.pollMs)
    if (this.#stopping || this.#kicked) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #scopeOf(entry: PendingUser): Scope {
    return {
      tenant: entry.tenant,
      actor: 'reconciler',
      requestId: randomUUID(),
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#options.leaseMs)]),
    }
  }

  #emit(event: AuditEntry): void {
    try {
      this.#options.onEvent(event)
    } catch (error) {
      debug('onEvent threw: %O', error)
    }
  }

  #now(): Date {
    return this.#options.clock()
  }
}
