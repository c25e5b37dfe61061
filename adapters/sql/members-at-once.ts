import { sql } from 'kysely'
import type { MemberChange, Outbox, Scope } from '../../lib/adapter/index.js'
import { auditRows, insertEntries } from './audit-store.js'
import { type Database, type Statement, statement } from './database.js'
import { markUsers, maxMarksAtOnce } from './marks.js'
import { deleteMembers, insertMembers } from './members.js'
import { type ResourceKey, type ResourceRow, touchResource } from './rows.js'
import { isStorable } from './storable.js'

/** A change of a group's members. */
export interface ChangeAtOnce extends ResourceKey, MemberChange {
  readonly version: string
  readonly lastModified: number
  readonly outbox?: Outbox | undefined
}

/** Lists are JSON. */
interface Values extends ResourceKey {
  readonly version: string
  readonly lastModified: number
  readonly add: string
  readonly remove: string
  readonly pending: string
  readonly entries: string
  readonly added: number
  readonly removed: number
}

/**
 * The whole change. CASE looks at `touched` first, so that the group is locked before anything else
 * and the marks last, as in a transaction. If anybody cannot join or leave, the division fails, and
 * with it everything.
 */
const changeAtOnce = statement<Values, ResourceRow>((value, dialect) => {
  const part = <Arguments extends object>(
    { build }: Statement<Arguments>,
    names: Readonly<Record<string, keyof Values>> = {},
  ) => build((name) => value(names[name] ?? (name as unknown as keyof Values)), dialect)
  return sql`
    with touched as (
      ${part(touchResource)} returning id, version, created, last_modified, document),
    added as (${part(insertMembers, { groupId: 'id', ids: 'add' })}),
    removed as (${part(deleteMembers, { groupId: 'id', ids: 'remove' })}),
    marked as (${part(markUsers, { ids: 'pending' })}),
    logged as (${part(insertEntries, { rows: 'entries' })})
    select touched.*, 1 / (case when touched.id is null then 0
      when (select count(*) from added where nested = 0) <> ${value('added')} then 0
      when (select count(*) from removed where nested = 0) <> ${value('removed')} then 0
      else 1 end) as is_complete
    from (select 1) as always left join touched on true`
})

/** Division by zero. */
const incomplete = '22012'

/** The group, and who joined and left. */
export interface ChangedAtOnce {
  readonly row: ResourceRow
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Changes a group in one statement, so that its row is not locked while messages travel. Only where
 * a statement can make several changes, and only if all named are people who really join or leave.
 *
 * @returns `undefined` if nothing was changed
 */
export async function changeMembersAtOnce(
  database: Database,
  scope: Scope,
  { add, remove, outbox = {}, ...change }: ChangeAtOnce,
): Promise<ChangedAtOnce | undefined> {
  const { pending = [], audit = [] } = outbox
  const [added, removed] = [[...new Set(add)].sort(), [...new Set(remove)]]
  const ids = [...added, ...removed]
  const isPlain = new Set(ids).size === ids.length && pending.every((id) => ids.includes(id))
  const isFew = ids.length > 0 && ids.length <= maxMarksAtOnce && ids.every(isStorable)
  if (!database.dialect.changesTogether || !isFew || !isPlain) return undefined
  const lists = { add: JSON.stringify(added), remove: JSON.stringify(removed) }
  const marks = { pending: JSON.stringify(pending), entries: auditRows(audit) }
  const counts = { added: added.length, removed: removed.length }
  const values = { ...change, ...lists, ...marks, ...counts }
  try {
    const { rows } = await database.alone(changeAtOnce, values, { scope })
    return rows[0] && { row: rows[0], added, removed }
  } catch (error) {
    if ((error as { code?: unknown }).code === incomplete) return undefined
    throw error
  }
}
