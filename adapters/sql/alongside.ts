import type { Alongside, Scope } from '../../lib/stores/index.js'
import { appendAudit } from './audit-store.js'
import type { Database, Session } from './database.js'
import { groupsAmong, markAll, markGroups } from './marks.js'
import { isStorable } from './text.js'

/** A write that is under way in its transaction. */
export interface Write {
  readonly session: Session
  /** Which of the ids to be marked named groups before the write. */
  readonly markedGroups: readonly string[]
}

/** What belongs to a write. */
export interface WriteOptions<T> {
  readonly scope: Scope
  readonly alongside?: Alongside | undefined
  /** Whether the write changed something; nothing is put in the log for one that did not. Default: always. */
  readonly hasChanged?: (result: T) => boolean
}

/**
 * Carries out a write together with what must become durable with it, in one transaction.
 *
 * Marks are made after the write. Those who leave a group by it must be marked by the write itself (`markedGroups`).
 */
export async function writeAlongside<T>(
  database: Database,
  { scope, alongside = {}, hasChanged = () => true }: WriteOptions<T>,
  change: (write: Write) => Promise<T>,
): Promise<T> {
  const { pending = [], audit = [] } = alongside
  return database.transaction(async (session) => {
    const markedGroups = await groupsAmong(session, scope.tenant, pending)
    const result = await change({ session, markedGroups })
    await markPending(session, scope.tenant, pending, markedGroups)
    if (hasChanged(result)) await appendAudit(session, scope.tenant, audit)
    return result
  }, scope)
}

/**
 * Marks users, and for groups everybody in them.
 *
 * @param knownGroups ids that name groups, or did until now, and therefore no users
 */
export async function markPending(
  session: Session,
  tenant: string,
  ids: readonly string[],
  knownGroups: readonly string[] = [],
): Promise<void> {
  if (ids.length === 0) return
  const groups = await groupsAmong(session, tenant, ids)
  await markGroups(session, tenant, groups)
  const notUsers = new Set([...groups, ...knownGroups])
  const users = ids.filter((id) => !notUsers.has(id) && isStorable(id))
  await markAll(session, tenant, users)
}
