import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FinishedClaim } from '../stores/access-store.js'
import { storeErrorKind } from '../stores/errors.js'
import { grouped } from '../stores/grouped.js'
import type { Scope } from '../stores/scope.js'
import type { AccessAdapters } from './adapters.js'

/** Stores what was enforced for one person, and ends the claim. */
export type Finish = (scope: Scope, finished: FinishedClaim) => Promise<void>

/** In one step if the stores support it. */
export function finishAlone({ access, audit: log, users }: AccessAdapters): Finish {
  if (access.finish && users.supports?.outbox) {
    return async (scope, finished) => {
      try {
        await access.finish?.(scope, [finished])
      } catch (error) {
        // What we did in the host may have come after what the new owner of the lease did.
        const isLost = storeErrorKind(error) === 'versionMismatch'
        if (isLost) await access.mark(scope, [finished.entry.userId])
        throw error
      }
    }
  }
  return async (scope, { owner, entry, record, audit }) => {
    if (record) await access.saveRecord(scope, record)
    if (audit.length > 0) await log?.append(scope, audit)
    await access.settle(owner, entry, { kind: 'done' })
  }
}

/** A claim to finish, and the promise for it. */
interface Waiting {
  readonly scope: Scope
  readonly finished: FinishedClaim
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * Finishes together whatever comes in the same turn, and what comes while others are written. If
 * the store refuses them together, they are finished one by one, so that each has its own outcome.
 */
export function finishTogether(adapters: AccessAdapters): Finish {
  const { access, users } = adapters
  const alone = finishAlone(adapters)
  if (!access.finish || !users.supports?.outbox) return alone
  let waiting: Waiting[] = []
  let isBusy = false

  const run = async () => {
    isBusy = true
    await nextTurn()
    while (waiting.length > 0) {
      const all = waiting
      waiting = []
      const tenants = grouped(all, ({ scope }) => scope.tenant)
      for (const ofTenant of tenants.values()) await store(ofTenant)
    }
    isBusy = false
  }
  const store = async (all: readonly Waiting[]) => {
    const held = all.filter(({ scope, reject }) => {
      if (scope.signal.aborted) reject(scope.signal.reason)
      return !scope.signal.aborted
    })
    const claims = held.map(({ finished }) => finished)
    const [first, second] = held
    if (first && second) {
      try {
        await access.finish?.(first.scope, claims)
        for (const { resolve } of held) resolve()
        return
      } catch {
        // One of them is refused.
      }
    }
    for (const { scope, finished, resolve, reject } of held) {
      await alone(scope, finished).then(resolve, reject)
    }
  }
  return (scope, finished) =>
    new Promise((resolve, reject) => {
      waiting.push({ scope, finished, resolve, reject })
      if (!isBusy) void run()
    })
}
