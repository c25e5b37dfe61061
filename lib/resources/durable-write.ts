import { unavailable } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'
import type { Adapters } from '../stores/adapters.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { Scope } from '../stores/scope.js'
import type { Alongside } from '../stores/write.js'
import type { ServiceOptions } from './context.js'

/** What a write brings with it. */
export interface Effects {
  /** Ids of users, or of groups for all their users, whose access must be made true again. */
  readonly pending: readonly string[]
  readonly audit: readonly AuditEntry[]
}

/** What writing durably needs. */
export interface DurableContext {
  readonly adapters: Adapters
  readonly options: Pick<ServiceOptions, 'audit' | 'retryAfterSeconds'>
}

/**
 * Carries out a write together with its pending marks and audit entries: in one step where the store can, otherwise
 * the marks before and after the write (a mark too many costs a look, one too few costs somebody their access, or
 * lets them keep it), and the entries before it when the host demands them, else after it.
 *
 * @throws ScimError 503 when entries are demanded and cannot be stored; nothing was written then
 */
export function writeDurably<T>(
  services: DurableContext,
  { scope, store, effects }: { scope: Scope; store: ResourceStore; effects: Effects },
  write: (alongside: Alongside | undefined) => Promise<T>,
): Promise<T> {
  return store.supports?.alongside
    ? write(alongsideOf(services.adapters, effects))
    : writeInSteps(services, { scope, effects }, () => write(undefined))
}

/** {@link writeDurably} for a write that takes nothing along. */
export async function writeInSteps<T>(
  services: DurableContext,
  { scope, effects }: { scope: Scope; effects: Effects },
  write: () => Promise<T>,
): Promise<T> {
  const isDemanded = services.options.audit === 'required'
  if (isDemanded) await demandAudit(services, scope, effects.audit)
  await markPending(services, scope, effects.pending)
  const result = await write().catch(async (error: unknown) => {
    if (isDemanded) await appendAudit(services, scope, effects.audit.map(asFailed))
    throw error
  })
  await markPending(services, scope, effects.pending)
  if (!isDemanded) await appendAudit(services, scope, effects.audit)
  return result
}

/** Marks people pending; does nothing where no access is kept. */
export async function markPending(
  services: DurableContext,
  scope: Scope,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await services.adapters.access?.mark(scope, ids)
}

/** Appends entries about what has happened already; a log that cannot be written does not undo it. */
export async function appendAudit(
  { adapters }: Pick<DurableContext, 'adapters'>,
  scope: Scope,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return
  try {
    await adapters.audit?.append(scope, entries)
  } catch {
    // The entries are still emitted; a host that cannot do without them sets `audit: 'required'`.
  }
}

async function demandAudit(
  services: DurableContext,
  scope: Scope,
  entries: readonly AuditEntry[],
): Promise<void> {
  try {
    await services.adapters.audit?.append(scope, entries)
  } catch (cause) {
    throw unavailable(
      `The audit log cannot be written. Nothing was changed (${cause instanceof Error ? cause.name : 'error'}).`,
      services.options.retryAfterSeconds,
    )
  }
}

function alongsideOf({ access, audit: log }: Adapters, { pending, audit }: Effects): Alongside {
  return { pending: access && pending, audit: log && audit }
}

function asFailed(entry: AuditEntry): AuditEntry {
  return { ...entry, outcome: 'failed' }
}
