import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import createDebug from 'debug'
import { ConfigurationError } from '../errors.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import type { AccessAdapters } from './adapters.js'
import { type ReconcilerOptions, type ResolvedOptions, reconcilerOptions } from './options.js'
import { createRetention } from './retention.js'
import { createWorker, type Worker } from './worker.js'

const debug = createDebug('label-studio-scim:reconciler')
const fanOutMs = 250

/** Carries out pending changes: enforces the access of everybody marked pending. */
export interface Reconciler {
  /**
   * Starts to work in the background, continuing where any instance left off. A second call changes
   * nothing. During a `stop`, it starts again when that has ended.
   */
  start(): void
  /** Takes no new work, waits for work in progress, and returns its leases. */
  stop(): Promise<void>
  /**
   * Works until nothing is due: resolves when every mark that was due has been carried out, put
   * off, or has failed. Works without `start`; `stop` ends it early.
   */
  drain(): Promise<void>
  /**
   * A hint that somebody was marked, so that work starts at once instead of at the next poll. With
   * `anew`, a host whose calls are suspended because it did not answer is called again.
   */
  wake(options?: { readonly anew?: boolean }): void
  /** Whether it works in the background, i.e. between `start` and `stop`. */
  isRunning(): boolean
}

/**
 * Makes a reconciler for these adapters. Several instances may each run one on the same database:
 * leases distribute the work and keep two of them from working on the same person. Failed entries
 * are retried with full jitter, without limit while the host is unavailable. An entry that keeps
 * failing for another reason counts as failed after `maxAttempts`; the settings API reports it, and
 * it is never dropped.
 *
 * @throws ConfigurationError `ERR_SCIM_RECONCILER` when the adapters keep no pending work, or an
 *   option is wrong
 */
export function createReconciler(adapters: Adapters, options: ReconcilerOptions = {}): Reconciler {
  checkAdapters('createReconciler', adapters)
  const { access, users } = adapters
  if (!access) {
    throw new ConfigurationError(
      'ERR_SCIM_RECONCILER',
      'createReconciler needs adapters with an `access` store; ' +
        'the adapters shipped with this package have one.',
    )
  }
  const asTarget = users.peopleAtOnce ? { concurrency: users.peopleAtOnce } : {}
  return new LeasingReconciler(
    { ...adapters, access },
    reconcilerOptions({ ...asTarget, ...options }),
  )
}

class LeasingReconciler implements Reconciler {
  readonly #adapters: AccessAdapters
  readonly #options: ResolvedOptions
  readonly #owner = randomUUID()
  readonly #worker: Worker
  readonly #retention: ReturnType<typeof createRetention>
  readonly #underWay = new Set<Promise<void>>()
  readonly #drains = new Set<Promise<void>>()
  #loop: Promise<void> | undefined
  /** Ends when a stop that is under way has ended. */
  #stop: Promise<void> | undefined
  #isStopping = false
  /** Whether `start` was called since the last `stop`. */
  #isStarted = false
  /** How often it was stopped. */
  #stops = 0
  #wake: () => void = () => {}
  #isKicked = false
  /** Whether more people were due than could be worked on. */
  #areMany = false

  constructor(adapters: AccessAdapters, options: ResolvedOptions) {
    this.#adapters = adapters
    this.#options = options
    this.#worker = createWorker(adapters, this.#owner, options)
    this.#retention = createRetention(adapters, options)
  }

  start(): void {
    this.#isStarted = true
    // A stop under way starts it again when the work in progress has ended.
    if (!this.#stop) this.#loop ??= this.#run()
  }

  stop(): Promise<void> {
    this.#isStarted = false
    this.#stop ??= this.#end()
    return this.#stop
  }

  async drain(): Promise<void> {
    const draining = this.#drain()
    this.#drains.add(draining)
    await draining.finally(() => this.#drains.delete(draining))
  }

  wake({ anew = false }: { readonly anew?: boolean } = {}): void {
    if (anew) this.#worker.askAgain()
    this.#isKicked = true
    this.#wake()
  }

  isRunning(): boolean {
    return this.#isStarted
  }

  async #end(): Promise<void> {
    this.#isStopping = true
    this.#stops += 1
    this.#wake()
    await this.#loop
    await Promise.allSettled(this.#drains)
    await Promise.all(this.#underWay)
    this.#isStopping = false
    this.#stop = undefined
    this.#loop = this.#isStarted ? this.#run() : undefined
  }

  async #drain(): Promise<void> {
    const stops = this.#stops
    while ((await this.#begin()) > 0 || this.#underWay.size > 0) {
      await this.#someEnd()
      if (this.#stops !== stops) break
    }
  }

  async #run(): Promise<void> {
    let tending = Promise.resolve()
    while (!this.#isStopping) {
      this.#isKicked = false
      tending = tending.then(() => this.#tend())
      const begun = await this.#begin().catch((error: unknown) => {
        debug('the store of pending work cannot be reached: %O', error)
        return 0
      })
      if (this.#underWay.size >= this.#options.concurrency) await this.#someEnd()
      else if (begun === 0) await this.#pause()
    }
    await Promise.all([...this.#underWay, tending])
  }

  /** Removes data past its retention time; a failed removal is tried again the next day. */
  async #tend(): Promise<void> {
    await this.#retention
      .tend(() => this.#isStopping)
      .catch((error: unknown) => debug('what is too old could not be removed: %O', error))
  }

  /**
   * Claims as much work as it has free slots and starts it without waiting; returns how much work
   * it found.
   */
  async #begin(): Promise<number> {
    const fannedOut = await this.#fanOut()
    const { concurrency, leaseMs } = this.#options
    const limit = concurrency - this.#underWay.size
    if (limit <= 0 || this.#isStopping) return fannedOut
    const { access, users } = this.#adapters
    const alike = this.#areMany && users.peopleAtOnce !== undefined
    const of = users.tenant === undefined ? {} : { tenant: users.tenant }
    const claimed = await access.claim({ owner: this.#owner, limit, leaseMs, alike, ...of })
    this.#areMany = claimed.length === limit || (alike && claimed.length > 0)
    for (const ended of this.#worker.work(claimed)) {
      const work: Promise<void> = ended.finally(() => {
        this.#underWay.delete(work)
        this.#wake()
      })
      this.#underWay.add(work)
    }
    return fannedOut + claimed.length
  }

  /**
   * Marks the people affected by changed rules, in small steps that let requests run in between.
   */
  async #fanOut(): Promise<number> {
    const until = performance.now() + fanOutMs
    let marked = 0
    do {
      const step = await this.#adapters.access.fanOut(this.#options.batch)
      if (step === 0) break
      marked += step
      await nextTurn()
    } while (performance.now() < until && !this.#isStopping)
    return marked
  }

  /**
   * Waits until some work ends, including all work that ends in the same tick, so that one claim
   * fills all free slots.
   */
  async #someEnd(): Promise<void> {
    if (this.#underWay.size > 0) await Promise.race(this.#underWay)
    await nextTurn()
  }

  /**
   * Waits until work ends, the next entry is due, `wake` or `stop` is called, or it is time to poll
   * for marks of other instances.
   */
  async #pause(): Promise<void> {
    const before = this.#underWay.size
    const { pollMs } = this.#options
    const untilDue = await this.#adapters.access.nextDue().catch(() => undefined)
    // What is due and was not claimed is another tenant's.
    const isElsewhere = this.#adapters.users.tenant !== undefined && (untilDue ?? 0) <= 0
    const delay = isElsewhere ? pollMs : Math.min(Math.max(untilDue ?? pollMs, 10), pollMs)
    if (this.#isStopping || this.#isKicked || this.#underWay.size < before) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
