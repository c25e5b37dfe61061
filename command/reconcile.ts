import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createReconciler,
  type PendingSummary,
  type Reconciler,
  type Scope,
} from 'label-studio-scim'
import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import type { CommandCall } from './command.js'
import { databaseUrl, openExisting } from './database.js'
import { type LabelStudioEnvironment, requireLabelStudio } from './label-studio.js'
import { progressPrinter } from './progress.js'

const everyMs = 1_000
const lookAgainMs = 500
/** Several times as long as the leases of a host. */
const othersMs = 60_000

/**
 * Enforces everybody's access again, whatever was changed in Label Studio. Returns 1 if work is
 * left.
 */
export async function reconcile(call: CommandCall): Promise<number> {
  const labelStudio = requireLabelStudio(call.environment)
  const storage = await openExisting(databaseUrl(call.environment))
  try {
    return await reconcileAll(storage, labelStudio, call)
  } finally {
    await storage.close()
  }
}

async function reconcileAll(
  storage: SqlAdapters,
  labelStudio: LabelStudioEnvironment,
  { words, tell }: CommandCall,
): Promise<number> {
  const adapters = labelStudioAdapters({ ...labelStudio, storage })
  const { signal } = new AbortController()
  const scope = { tenant: 'default', actor: 'reconcile', requestId: randomUUID(), signal }
  if (words.length > 0) await storage.access.mark(scope, words)
  else await markEverybody(storage, scope)
  const stopTelling = tellProgress(storage, scope)
  await drain(createReconciler(adapters), storage, scope).finally(stopTelling)
  const { pending, failed, lastError } = await storage.access.summary(scope)
  const result = { pending, failed, ...(lastError && { lastError }) }
  tell(resultText(result), result)
  return pending + failed === 0 ? 0 : 1
}

/**
 * Works until nothing is left, or only what failed and waits for its next attempt. A running host
 * may have claimed some people: it finishes them, or its leases expire.
 */
async function drain(reconciler: Reconciler, storage: SqlAdapters, scope: Scope): Promise<void> {
  const until = performance.now() + othersMs
  do {
    await reconciler.drain()
    if (!(await areOthersAtWork(storage, scope))) return
    await delay(lookAgainMs)
  } while (performance.now() < until)
}

async function areOthersAtWork({ access }: SqlAdapters, scope: Scope): Promise<boolean> {
  const pending = await access.listPending(scope, { offset: 0, limit: 1_000, failed: false })
  return pending.some(({ attempts }) => attempts === 0)
}

function resultText({ pending, failed, lastError }: Omit<PendingSummary, 'fanningOut'>): string {
  if (pending + failed === 0) return 'All people have the access that the rules give.'
  if (lastError === undefined) {
    return `Nothing has failed. A running host is still at work on ${countOf(pending)}.`
  }
  const parts = [
    ...(failed > 0 ? [`${countOf(failed)} failed for good`] : []),
    ...(pending > 0 ? [`${countOf(pending)} will be tried again by a running host`] : []),
  ]
  return `Left to do: ${parts.join(', ')}. Last failure: ${lastError.message}`
}

function countOf(people: number): string {
  return people === 1 ? '1 person' : `${people} people`
}

/** Prints how many people are done, until it is stopped. */
function tellProgress({ access }: SqlAdapters, scope: Scope): () => void {
  const tell = progressPrinter('People')
  const startedAt = Date.now()
  let total = 0
  const look = async () => {
    const { pending, fanningOut } = await access.summary(scope)
    const left = pending + fanningOut
    total = Math.max(total, left)
    tell({ done: total - left, total, startedAt })
  }
  const timer = setInterval(() => void look().catch(() => {}), everyMs)
  return () => clearInterval(timer)
}

/**
 * Saves the rules unchanged, which marks everybody in steps; after a crash, a running host
 * continues. If there never was a rule, that stays so.
 */
export async function markEverybody(
  { access }: Pick<SqlAdapters, 'access'>,
  scope: Scope,
): Promise<void> {
  const { rules, version } = await access.rules(scope)
  await access.saveRules(scope, rules, { expectedVersion: version, affects: 'everybody' })
}
