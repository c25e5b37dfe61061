import type { Outbox, Scope } from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import type { Database, Session } from './database.js'
import { fewUsersIn, groupsAmong, markAll } from './marks.js'
import type { MemberId } from './members.js'
import { isStorable } from './text.js'

/** What a write is about. */
export interface Written {
  readonly type: string
  readonly id: string
}

/** A write that is under way in its transaction. */
export interface Write {
  readonly session: Session
  /** Whether what is written is to be marked: of a group, everybody in it. */
  readonly isMarked: boolean
  /** Takes who is to be marked beside those that were asked for. */
  readonly toMark: MemberId[]
  /** Takes what the write has learnt of ids, so that nobody looks it up again. */
  readonly known: Map<string, MemberId>
}

/** What belongs to a write. */
export interface WriteOptions<T> {
  readonly scope: Scope
  readonly written: Written
  readonly outbox?: Outbox | undefined
  /**
   * Whether the write changed something; nothing is put in the log for one that did not. Default:
   * always.
   */
  readonly hasChanged?: (result: T) => boolean
}

/**
 * Carries out a write together with what must become durable with it, in one transaction. A write
 * that answers `undefined` or `false` found nothing to change, and nothing becomes durable with it.
 *
 * Everybody is marked after the write and at once, in order of id: in every transaction, marks are
 * the last rows that are locked, so that two of them never wait for each other in a circle. Those
 * who leave a group that is marked are no longer found in it; the write names them (`toMark`).
 */
export async function writeOutbox<T>(
  database: Database,
  { scope, written, outbox = {}, hasChanged = () => true }: WriteOptions<T>,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  const { pending = [], audit = [] } = outbox
  const { tenant } = scope
  return database.transaction(async (session) => {
    const toMark: MemberId[] = []
    const known = new Map<string, MemberId>(knownOf(written))
    const isMarked = pending.includes(written.id)
    const result = await change({ session, isMarked, toMark, known })
    // There was nothing to write to (M1).
    if (result === undefined || result === false) return result
    await markPending(session, tenant, { ids: pending, known, toMark })
    if (hasChanged(result)) await appendAudit(session, tenant, audit)
    return result
  }, scope)
}

/** A host's own types have nobody in them and nothing to mark. */
function knownOf({ type, id }: Written): [string, MemberId][] {
  if (type !== 'User' && type !== 'Group') return []
  return [[id, { id, nested: Number(type === 'Group') }]]
}

/** Whom to mark. */
interface Marks {
  /** Users, and groups with everybody in them. */
  readonly ids: readonly string[]
  /** What is known of them. */
  readonly known?: ReadonlyMap<string, MemberId>
  /** Others. */
  readonly toMark?: readonly MemberId[]
}

/** Marks users, and for groups everybody in them; the last thing a transaction does. */
export async function markPending(
  session: Session,
  tenant: string,
  { ids, known = new Map(), toMark = [] }: Marks,
): Promise<void> {
  const unknown = ids.filter((id) => !known.has(id))
  const found = new Set(await groupsAmong(session, tenant, unknown.filter(isStorable)))
  const all = [
    ...ids.map((id) => known.get(id) ?? { id, nested: Number(found.has(id)) }),
    ...toMark,
  ]
  const groups = all.filter(({ nested }) => nested === 1)
  const users = all.filter(({ id, nested }) => nested === 0 && isStorable(id))
  const inGroups = await fewUsersIn(session, tenant, groups.map(idOf))
  await markAll(session, tenant, [...users.map(idOf), ...inGroups])
}

function idOf({ id }: MemberId): string {
  return id
}
