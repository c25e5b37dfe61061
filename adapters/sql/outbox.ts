import type { Outbox, Scope } from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import type { Database, Session } from './database.js'
import { fewUsersIn, groupsAmong, markAll } from './marks.js'
import { isStorable } from './text.js'

/** A write that is under way in its transaction. */
export interface Write {
  readonly session: Session
  /** Which of the ids to be marked named groups before the write. */
  readonly markedGroups: readonly string[]
  /** Takes who is to be marked beside those that were asked for. */
  readonly toMark: { readonly users: string[]; readonly groups: string[] }
}

/** What belongs to a write. */
export interface WriteOptions<T> {
  readonly scope: Scope
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
 * who leave a group that is marked (`markedGroups`) are no longer found in it; the write names them
 * (`toMark`).
 */
export async function writeOutbox<T>(
  database: Database,
  { scope, outbox = {}, hasChanged = () => true }: WriteOptions<T>,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  const { pending = [], audit = [] } = outbox
  return database.transaction(async (session) => {
    const markedGroups = await groupsAmong(session, scope.tenant, pending)
    const toMark: Write['toMark'] = { users: [], groups: [] }
    const result = await change({ session, markedGroups, toMark })
    // There was nothing to write to (M1).
    if (result === undefined || result === false) return result
    await markPending(session, scope.tenant, {
      ids: [...pending, ...toMark.groups],
      notUsers: markedGroups,
      users: toMark.users,
    })
    if (hasChanged(result)) await appendAudit(session, scope.tenant, audit)
    return result
  }, scope)
}

/** Whom to mark. */
interface Marks {
  /** Users, and groups with everybody in them. */
  readonly ids: readonly string[]
  /** Which of these named groups until now, and therefore no users. */
  readonly notUsers?: readonly string[]
  readonly users?: readonly string[]
}

/** Marks users, and for groups everybody in them; the last thing a transaction does. */
export async function markPending(
  session: Session,
  tenant: string,
  { ids, notUsers = [], users = [] }: Marks,
): Promise<void> {
  const groups = await groupsAmong(session, tenant, ids)
  const inGroups = await fewUsersIn(session, tenant, groups)
  const others = new Set([...groups, ...notUsers])
  const named = ids.filter((id) => !others.has(id) && isStorable(id))
  await markAll(session, tenant, [...named, ...users, ...inGroups])
}
