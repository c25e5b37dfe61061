import { unavailable } from '../errors.js'
import type { AuditEntry } from '../events/catalogue.js'
import type { Adapters } from '../stores/adapters.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { Scope } from '../stores/scope.js'
import type { LedgerChange, Outbox } from '../stores/write.js'
import type { ServiceOptions } from './options.js'

/** The marks and audit entries of a write. */
export interface Effects {
  /** Ids of users, or of groups for all their users, whose access must be made true again. */
  readonly pending: readonly string[]
  readonly audit: readonly AuditEntry[]
  readonly ledger?: LedgerChange | undefined
}

/** The parts of a call that an outbox write needs. */
export interface OutboxCall {
  readonly services: {
    readonly adapters: Adapters
    readonly options: Pick<ServiceOptions, 'audit' | 'retryAfterSeconds'>
  }
  readonly scope: Scope
}

/**
 * Carries out a write together with its pending marks and audit entries: in one step if the store
 * supports it. Otherwise the marks are set both before and after the write (an extra mark is
 * harmless, a missing one would leave access wrong), and the entries are stored before the write if
 * the host requires them, else after it.
 *
 * @throws ScimError 503 when required entries cannot be stored; then nothing was written
 */
export function writeDurably<T>(
  call: OutboxCall & { readonly store: Pick<ResourceStore, 'supports'> },
  effects: Effects,
  write: (outbox: Outbox | undefined) => Promise<T>,
): Promise<T> {
  return call.store.supports?.outbox
    ? write(outboxOf(call.services.adapters, effects))
    : writeInSteps(call, effects, () => write(undefined))
}

/**
 * {@link writeDurably} for a store without an outbox. `isDone` tells from the result whether what
 * the entries say was done.
 */
export async function writeInSteps<T>(
  call: OutboxCall,
  effects: Effects,
  write: () => Promise<T>,
  isDone: (result: T) => boolean = () => true,
): Promise<T> {
  const isDemanded = call.services.options.audit === 'required'
  if (isDemanded) await demandAudit(call, effects.audit)
  await markPending(call, effects.pending)
  const result = await write().catch(async (error: unknown) => {
    if (isDemanded) await appendAudit(call, effects.audit.map(asFailed))
    throw error
  })
  await markPending(call, effects.pending)
  const isTrue = isDone(result)
  if (isDemanded && !isTrue) await appendAudit(call, effects.audit.map(asFailed))
  if (!isDemanded && isTrue) await appendAudit(call, effects.audit)
  return result
}

/** The parts of a call that marks and entries need. */
interface AuditCall {
  readonly services: Pick<OutboxCall['services'], 'adapters'>
  readonly scope: Scope
}

/** Marks people pending; does nothing without an access store. */
export async function markPending(
  { services, scope }: AuditCall,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await services.adapters.access?.mark(scope, ids)
}

/**
 * Appends entries about something that has already happened; a failure of the log does not undo it.
 */
export async function appendAudit(
  { services, scope }: AuditCall,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return
  try {
    await services.adapters.audit?.append(scope, entries)
  } catch {
    // The entries are still emitted as events; a host that needs them stored sets `audit:
    // 'required'`.
  }
}

async function demandAudit(
  { services, scope }: OutboxCall,
  entries: readonly AuditEntry[],
): Promise<void> {
  try {
    await services.adapters.audit?.append(scope, entries)
  } catch (cause) {
    throw unavailable(
      'The audit log cannot be written. Nothing was changed ' +
        `(${cause instanceof Error ? cause.name : 'error'}).`,
      services.options.retryAfterSeconds,
    )
  }
}

function outboxOf({ access, audit: log }: Adapters, { pending, audit, ledger }: Effects): Outbox {
  return { pending: access && pending, audit: log && audit, ledger: access && log && ledger }
}

function asFailed(entry: AuditEntry): AuditEntry {
  return { ...entry, outcome: 'failed' }
}
