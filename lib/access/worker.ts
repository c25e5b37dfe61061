import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import { auditEntry } from '../events/audit-entry.js'
import type { AuditEntry } from '../events/catalogue.js'
import { tell } from '../events/emitter.js'
import type { PendingOutcome, PendingUser } from '../stores/access-store.js'
import { storeErrorKind } from '../stores/errors.js'
import { grouped } from '../stores/grouped.js'
import { readMany } from '../stores/read-many.js'
import { omitGroups } from '../stores/reads.js'
import type { Scope } from '../stores/scope.js'
import type { AccessAdapters } from './adapters.js'
import { createBreaker } from './breaker.js'
import { type EnforceContext, enforceIn } from './enforce.js'
import { describeFailure, isOutageText, pausedText } from './failure.js'
import { finishTogether } from './finish.js'
import { underLease } from './lease.js'
import type { ResolvedOptions } from './options.js'
import { pauseOf } from './pause.js'
import { prepareSituations, type Situation } from './situation.js'

const debug = createDebug('label-studio-scim:reconciler')
/** After this many consecutive failures, calls to a host are suspended for a while. */
const outageThreshold = 3
/** How long a person waits before the reconciler checks whether it is still paused. */
const pausedMs = 5_000

/** Carries out claimed entries. */
export interface Worker {
  /**
   * Enforces the access of these people and ends the claims: a promise for each person, which never
   * rejects. A claim that cannot be ended expires.
   */
  work(entries: readonly PendingUser[]): readonly Promise<void>[]
  /** Resumes calls to a host that were suspended because it did not answer. */
  askAgain(): void
}

/** A claimed person's situation, or that they have to wait because of a pause. */
type Prepared = (scope: Scope, entry: PendingUser) => Promise<Situation | 'paused'>

/** A worker whose claims belong to `owner`. */
export function createWorker(
  adapters: AccessAdapters,
  owner: string,
  options: ResolvedOptions,
): Worker {
  const { clock, leaseMs, attemptMs } = options
  const { access } = adapters
  const breaker = createBreaker(outageThreshold, () => clock().getTime())
  const emit = emitterOf(options)
  const context: EnforceContext = { adapters, clock, finish: finishTogether(adapters), emit }

  /** Returns the failure, or `undefined` on success. */
  async function attempt(
    entry: PendingUser,
    prepared: Prepared,
  ): Promise<PendingOutcome | undefined> {
    const scope = scopeOf(entry, attemptMs)
    try {
      const lease = { owner, entry, leaseMs, attemptMs }
      const enforced = await underLease(access, scope, lease, async (leased) => {
        const situation = await prepared(leased, entry)
        if (situation === 'paused') return situation
        return enforceIn(context, leased, { owner, entry }, situation)
      })
      if (enforced === 'paused') return pausedOutcome
      breaker.answered(entry.tenant)
      return undefined
    } catch (error) {
      debug('%s of tenant %s failed: %O', entry.userId, entry.tenant, error)
      const outcome = outcomeOf(entry, error, options)
      if (storeErrorKind(error) !== 'unavailable') breaker.answered(entry.tenant)
      else if (outcome.kind === 'retry') breaker.failed(entry.tenant, outcome.afterMs)
      await report(context, scope, entry, outcome)
      return outcome
    }
  }

  async function end(entry: PendingUser, outcome: PendingOutcome | undefined): Promise<void> {
    if (outcome === undefined) return
    await access.settle(owner, entry, outcome).catch((error: unknown) => {
      debug('the claim of %s could not be ended: %O', entry.userId, error)
    })
  }

  return {
    askAgain: () => breaker.close(),
    work: (claimed) =>
      [...grouped(claimed, ({ tenant }) => tenant)].flatMap(([tenant, entries]) => {
        const openMs = breaker.openFor(tenant)
        if (openMs !== undefined) {
          return entries.map((entry) => end(entry, putOff(entry, openMs, options)))
        }
        const prepared = prepareTogether(adapters, entries, attemptMs)
        return entries.map(async (entry) => end(entry, await attempt(entry, prepared)))
      }),
  }
}

/**
 * Reads the situations of all these people of a tenant at once. If that fails, each person's is
 * read alone, so that a problem with one does not stop the others.
 */
function prepareTogether(
  adapters: AccessAdapters,
  entries: readonly PendingUser[],
  attemptMs: number,
): Prepared {
  const [first] = entries
  const ids = entries.map(({ userId }) => userId)
  const read = (scope: Scope, userIds: readonly string[]) => withPause(adapters, scope, userIds)
  const together = first && read(scopeOf(first, attemptMs), ids)
  return async (scope, entry) => {
    const situations = await together?.catch((error: unknown) => {
      if (entries.length === 1) throw error
      return read(scope, [entry.userId])
    })
    return situations?.get(entry.userId) ?? {}
  }
}

/**
 * During a pause nothing is granted or revoked, except that deactivated and deleted people lose
 * their access.
 */
async function withPause(
  adapters: AccessAdapters,
  scope: Scope,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Situation | 'paused'>> {
  if (!(await pauseOf(adapters.access, scope))) {
    return prepareSituations(adapters, scope, userIds)
  }
  const people = await readMany(adapters.users, scope, userIds, omitGroups)
  const waiting = people.filter(({ active }) => active === true).map(({ id }) => id)
  const others = userIds.filter((id) => !waiting.includes(id))
  const situations = await prepareSituations(adapters, scope, others)
  return new Map<string, Situation | 'paused'>([
    ...situations,
    ...waiting.map((id) => [id, 'paused'] as const),
  ])
}

function outcomeOf(
  entry: PendingUser,
  error: unknown,
  options: ResolvedOptions,
): Exclude<PendingOutcome, { kind: 'done' }> {
  const message = describeFailure(error)
  const kind = storeErrorKind(error)
  // Attempts during an outage say nothing about this person, so the first failure after an outage
  // never counts as the last attempt.
  const isPoison =
    kind !== 'unavailable' &&
    entry.attempts + 1 >= options.maxAttempts &&
    !isOutageText(entry.lastError)
  if (kind === 'refused' || isPoison) return { kind: 'failed', error: message }
  return { kind: 'retry', afterMs: backoffMs(entry.attempts, error, options), error: message }
}

/**
 * Full jitter: a random time up to the exponential bound, but never before the host's own
 * `Retry-After`.
 */
function backoffMs(attempts: number, error: unknown, options: ResolvedOptions): number {
  const asked =
    storeErrorKind(error) === 'unavailable' && error instanceof Error
      ? Number((error as { retryAfterSeconds?: unknown }).retryAfterSeconds ?? 0) * 1000
      : 0
  const least = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), options.maxRetryAfterMs) : 0
  return least + jitter(attempts, options)
}

function jitter(attempts: number, options: ResolvedOptions): number {
  const { backoffMs: first, maxBackoffMs, random } = options
  return Math.round(random() * Math.min(maxBackoffMs, first * 2 ** Math.min(attempts, 30)))
}

/** Retries soon, so that work resumes within seconds after the pause ends. */
const pausedOutcome: PendingOutcome = { kind: 'retry', afterMs: pausedMs, error: pausedText }

/**
 * Puts the person off without calling the host, which is known not to answer. Random delays keep
 * everybody from coming back at once.
 */
function putOff(entry: PendingUser, openMs: number, options: ResolvedOptions): PendingOutcome {
  const afterMs = openMs + jitter(entry.attempts, options)
  // An earlier failure of this person would make the next one look like one of many.
  const known = isOutageText(entry.lastError) ? entry.lastError : undefined
  return { kind: 'retry', afterMs, error: known ?? describeFailure('outage') }
}

/** Reports the first failure and the last one, but not the retries in between. */
async function report(
  { adapters, clock, emit }: EnforceContext,
  scope: Scope,
  entry: PendingUser,
  outcome: Exclude<PendingOutcome, { kind: 'done' }>,
): Promise<void> {
  const event = auditEntry(scope, clock(), {
    event: outcome.kind === 'failed' ? 'access.failed' : 'access.retrying',
    outcome: 'failed',
    target: { resourceType: 'User', id: entry.userId },
    detail: outcome.error,
  })
  if (outcome.kind === 'failed' || entry.attempts === 0) {
    await adapters.audit?.append(scope, [event]).catch((error: unknown) => {
      debug('the audit log cannot be reached: %O', error)
    })
  }
  emit(event)
}

function scopeOf(entry: PendingUser, attemptMs: number): Scope {
  return {
    tenant: entry.tenant,
    actor: 'reconciler',
    requestId: randomUUID(),
    signal: AbortSignal.timeout(attemptMs),
  }
}

function emitterOf({ onEvent }: ResolvedOptions): (event: AuditEntry) => void {
  return (event) => tell(onEvent, [event], (error) => debug('onEvent failed: %O', error))
}
