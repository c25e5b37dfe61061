import { randomUUID } from 'node:crypto'
import { createReconciler, type Scope } from 'label-studio-scim'
import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import type { SqlAdapters } from 'label-studio-scim/adapters/sql'
import type { CommandCall } from './command.js'
import { databaseUrl, openExisting } from './database.js'
import { type LabelStudioEnvironment, requireLabelStudio } from './label-studio.js'
import { progressPrinter } from './progress.js'

const everyMs = 1_000

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
  await createReconciler(adapters).drain().finally(stopTelling)
  const { pending, failed, lastError } = await storage.access.summary(scope)
  const left = pending + failed
  const text =
    left === 0
      ? 'All people have the access that the rules give.'
      : `Left to do: a running host retries ${pending} people, ${failed} have failed.` +
        (lastError ? ` Last failure: ${lastError.message}` : '')
  tell(text, { pending, failed, ...(lastError && { lastError }) })
  return left === 0 ? 0 : 1
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
