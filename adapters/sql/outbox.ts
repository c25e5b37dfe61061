import {
  type AuditEntry,
  inSteps,
  type LedgerChange,
  type LedgerEntry,
  type Outbox,
  type Scope,
} from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import type { Database, Session } from './database.js'
import { groupsAmong, markAll, markPeople, unmark } from './marks.js'
import type { MemberId } from './member-rows.js'
import { recordWithLease, saveRecords } from './records.js'
import { isStorable } from './sql.js'

/** The subject of a write. */
export interface WriteSubject {
  readonly type: string
  readonly id: string
}

/** A write in progress, within its transaction. */
export interface Write {
  readonly session: Session
  /** Whether the written resource is to be marked; for a group, everybody in it. */
  readonly isMarked: boolean
  /** Adds people to mark, besides the requested ones. */
  readonly toMark: MemberId[]
  /** Passes on what the write has learnt about ids, so that they need not be looked up again. */
  readonly known: Map<string, MemberId>
}

/** Options of a write. */
export interface WriteOptions<T> {
  readonly scope: Scope
  readonly written: WriteSubject
  readonly outbox?: Outbox | undefined
  /** The entries to log for a result, made of those in the outbox. Default: all. */
  readonly auditOf?: (audit: readonly AuditEntry[], result: T) => readonly AuditEntry[]
  /** How many lookup keys or members it stores or removes. Default: many. */
  readonly rows?: number
}

/** What is stored in a moment, so that others may wait for it. */
const fewRows = 20

/**
 * Carries out a write together with its outbox, in one transaction. If the write returns
 * `undefined` or `false`, there was nothing to change, and the outbox is not stored.
 *
 * All marks are set together after the write, in order of id: in every transaction, marks are the
 * last rows to be locked, so that transactions never deadlock. People who leave a marked group are
 * no longer found in it, so the write names them (`toMark`).
 */
export async function writeOutbox<T>(
  database: Database,
  {
    scope,
    written,
    outbox = {},
    auditOf = (audit) => audit,
    rows = Number.POSITIVE_INFINITY,
  }: WriteOptions<T>,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  const { pending = [], audit = [], ledger } = outbox
  const { tenant } = scope
  let entry: LedgerEntry | undefined
  const run = rows <= fewRows ? database.shortTransaction : database.transaction
  const stored = await run(async (session) => {
    const toMark: MemberId[] = []
    const known = new Map<string, MemberId>(knownOf(written))
    const isMarked = pending.includes(written.id)
    const result = await change({ session, isMarked, toMark, known })
    // The resource does not exist (M1).
    if (result === undefined || result === false) return result
    entry = ledger && (await keepLedger(session, tenant, ledger))
    const ids = pending.filter((id) => id !== ledger?.userId)
    await markPending(session, tenant, { ids, known, toMark })
    await appendAudit(session, tenant, [...auditOf(audit, result), ...(entry?.audit ?? [])])
    return result
  }, scope)
  if (entry) ledger?.done(entry)
  return stored
}

/**
 * Changes a person's record instead of marking them; marks them while a worker holds their lease,
 * who would store another record later.
 */
async function keepLedger(
  session: Session,
  tenant: string,
  { userId, next }: LedgerChange,
): Promise<LedgerEntry | undefined> {
  const { writersTakeTurns } = session.dialect
  // Locks the mark, so that nobody can take the lease until the transaction ends.
  if (!writersTakeTurns) await markAll(session, tenant, [userId])
  const { record, isLeased } = await recordWithLease(session, { tenant, userId })
  if (isLeased) {
    if (writersTakeTurns) await markAll(session, tenant, [userId])
    return undefined
  }
  const entry = next(record)
  await unmark(session, tenant, userId)
  await saveRecords(session, tenant, entry.record ? [entry.record] : [])
  return entry
}

/** A host's own types have no members and nothing to mark. */
function knownOf({ type, id }: WriteSubject): [string, MemberId][] {
  if (type !== 'User' && type !== 'Group') return []
  return [[id, { id, nested: Number(type === 'Group') }]]
}

/** The people to mark. */
interface Marks {
  /** Ids of users, and of groups that stand for everybody in them. */
  readonly ids: readonly string[]
  /** What is known about these ids. */
  readonly known?: ReadonlyMap<string, MemberId>
  /** Further ids. */
  readonly toMark?: readonly MemberId[]
}

/** Marks users, and for groups everybody in them; the last step of a transaction. */
export async function markPending(
  session: Session,
  tenant: string,
  { ids, known = new Map(), toMark = [] }: Marks,
): Promise<void> {
  if (ids.length + toMark.length === 0) return
  const userIds: string[] = []
  const groupIds: string[] = []
  const unknown: string[] = []
  const add = ({ id, nested }: MemberId) => (nested === 1 ? groupIds : userIds).push(id)
  await inSteps(ids, (id) => {
    const member = known.get(id)
    if (member) add(member)
    else if (isStorable(id)) unknown.push(id)
  })
  const found = new Set(await groupsAmong(session, tenant, unknown))
  for (const id of unknown) add({ id, nested: Number(found.has(id)) })
  await inSteps(toMark, add)
  await markPeople(session, tenant, { userIds, groupIds })
}
