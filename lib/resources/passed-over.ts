import { stopwatch } from '../clock.js'
import { auditEntry } from '../events/audit-entry.js'
import type { AuditEntry } from '../events/catalogue.js'
import type { PassedOver } from '../stores/passed-over.js'
import type { Scope } from '../stores/scope.js'
import type { ServiceContext } from './options.js'
import { appendAudit } from './outbox.js'

/** Counts what was dropped from requests; no request waits for this or fails because of it. */
export type PassedOverNotes = (scope: Scope, passedOver: readonly PassedOver[]) => void

/** Counts attributes that a request sent and that are not stored. */
export function notePassedOver(
  { onPassedOver }: Pick<ServiceContext, 'onPassedOver'>,
  scope: Scope,
  names: readonly string[],
): void {
  if (names.length === 0) return
  onPassedOver?.(
    scope,
    names.map((name) => ({ kind: 'attribute', name })),
  )
}

interface Note extends PassedOver {
  count: number
  at: Date
  /** Milliseconds since it was written. */
  sinceWritten: () => number
}

/** The counts of one tenant, and the scope in which they are written. */
interface Notes {
  caller: Omit<Scope, 'signal'>
  readonly byName: Map<string, Note>
  timer?: NodeJS.Timeout | undefined
}

const everyMs = 300_000
const gatherMs = 500
const maxNames = 500
const maxTenants = 1_000
const longestName = 200
const writeTimeoutMs = 10_000

/**
 * Counts dropped names and stores the counts half a second later, together with all that came in
 * between. Each name is stored at most every five minutes; later counts wait for the next time.
 */
export function createPassedOverNotes(context: ServiceContext): PassedOverNotes {
  const tenants = new Map<string, Notes>()
  if (!context.adapters.access?.countPassedOver) return () => {}
  return ({ tenant, actor, requestId }, passedOver) => {
    if (passedOver.length === 0) return
    if (tenants.size >= maxTenants && !tenants.has(tenant)) tenants.clear()
    const notes: Notes = tenants.get(tenant) ?? {
      caller: { tenant, actor, requestId },
      byName: new Map(),
    }
    tenants.set(tenant, notes)
    notes.caller = { tenant, actor, requestId }
    const now = context.clock()
    for (const each of passedOver) count(notes, each, now)
    const isAnyDue = [...notes.byName.values()].some(isDue)
    if (isAnyDue) notes.timer ??= setTimeout(() => write(context, notes), gatherMs).unref()
  }
}

function count({ byName }: Notes, { kind, name: sent }: PassedOver, at: Date): void {
  const name = sent.slice(0, longestName)
  const key = `${kind} ${name}`
  const note = byName.get(key)
  if (note) {
    note.count += 1
    note.at = at
  } else if (byName.size < maxNames) {
    byName.set(key, { kind, name, count: 1, at, sinceWritten: () => everyMs })
  }
}

function isDue({ count, sinceWritten }: Note): boolean {
  return count > 0 && sinceWritten() >= everyMs
}

async function write(context: ServiceContext, notes: Notes): Promise<void> {
  notes.timer = undefined
  const now = context.clock()
  const due = [...notes.byName.values()].filter(isDue)
  const counts = due.map(({ kind, name, count: times, at }) => ({
    ...{ kind, name, count: times },
    at: at.toISOString(),
  }))
  for (const note of due) {
    note.count = 0
    note.sinceWritten = stopwatch(() => context.clock().getTime())
  }
  // Names that are not sent any more make room for new ones.
  if (notes.byName.size >= maxNames) notes.byName.clear()
  const scope = { ...notes.caller, signal: AbortSignal.timeout(writeTimeoutMs) }
  try {
    const fresh = await context.adapters.access?.countPassedOver?.(scope, counts)
    const entries = (fresh ?? []).map((each) => entryOf(scope, now, each))
    await appendAudit({ services: context, scope }, entries)
    for (const entry of entries) context.emit(entry)
  } catch {
    // The counts are for information only; the next attempt includes later ones.
  }
}

function entryOf(scope: Scope, at: Date, { kind, name }: PassedOver): AuditEntry {
  const detail = 'Sent, and not kept here. Logged at most once a day.'
  return auditEntry(
    scope,
    at,
    kind === 'attribute'
      ? { event: 'attribute.passedOver', attributes: [name], detail }
      : { event: 'member.passedOver', members: [name], detail },
  )
}
