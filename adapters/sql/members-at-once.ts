import type { MemberChange, Outbox, Scope } from '../../lib/adapter/index.js'
import { auditRows, insertEntries } from './audit-store.js'
import { type Database, inTime, type LoneStatement, type Statement, statement } from './database.js'
import { markUsers, maxMarksAtOnce } from './marks.js'
import { deleteMembers, insertMembers } from './members.js'
import { type ResourceKey, type ResourceRow, touchResource } from './rows.js'
import { isStorable, sql } from './sql.js'

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

/** Finds a row if everybody to add is a person who is no member, and everybody to remove is one. */
const allCanChange = statement<Values>(
  (value, { json, joinEach, isListed }) => sql`
    select 1 as found
    where ${value('added')} = (
      select count(*) from ${joinEach(
        sql`(${json.strings(value('add'))}) as listed`,
        'scim_resources as resource',
        sql`resource.tenant = ${value('tenant')} and resource.id = listed.value`,
      )}
      where resource.resource_type = 'User' and 0 = (
        select count(*) from scim_members as member
        where member.tenant = ${value('tenant')} and member.group_id = ${value('id')}
          and member.member_id = resource.id))
    and ${value('removed')} = (
      select count(*) from scim_members
      where ${isListed('scim_members', 'member_id', value('tenant'), value('remove'))}
        and group_id || '' = ${value('id')} and nested = 0)`,
)

/**
 * The whole change, or nothing. Every other part asks `touched` first, so that the group is locked
 * before anything else, as in a transaction. If somebody joined or left at the same moment, the
 * division fails, and with it everything. The time is looked at once the group is locked: nobody
 * can be told of another change of its members between then and the end of this one.
 */
const changeWhole = statement<Values, ResourceRow>((value, dialect) => {
  const part = <Arguments extends object>({ build }: Statement<Arguments>, ids?: keyof Values) =>
    build((name) => {
      if (name === 'ids' || name === 'rows') return ifTouched(value(ids ?? 'entries'))
      return value(name === 'groupId' ? 'id' : (name as unknown as keyof Values))
    }, dialect)
  const column = inTime(value, dialect)
  return sql`
    with can_change as (${part(allCanChange)}),
    touched as (${part(touchResource)} and exists (select 1 from can_change)
      returning id, version, created, last_modified, document
        ${column ? sql`, ${column} as in_time` : sql``}),
    added as (${part(insertMembers, 'add')}),
    removed as (${part(deleteMembers, 'remove')}),
    marked as (${part(markUsers, 'pending')}),
    logged as (${part(insertEntries)})
    select touched.*, 1 / (case
      when (select count(*) from added where nested = 0) <> ${value('added')} then 0
      when (select count(*) from removed where nested = 0) <> ${value('removed')} then 0
      else 1 end) as is_complete
    from touched`
})

const changeAtOnce: LoneStatement<Values, ResourceRow> = { ...changeWhole, isLone: true }

/** A list, empty if the group was not touched. */
function ifTouched(list: unknown) {
  return sql`case when exists (select 1 from touched) then cast(${list} as text) else '[]' end`
}

/** Division by zero. */
const incomplete = '22012'

/** The group, and who joined and left. */
export interface ChangedAtOnce {
  readonly row: ResourceRow
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** @returns `undefined` if nothing was changed */
export type ChangeMembersAtOnce = (
  scope: Scope,
  change: ChangeAtOnce,
) => Promise<ChangedAtOnce | undefined>

interface Asked {
  readonly scope: Scope
  readonly change: ChangeAtOnce
}

interface Waiting extends Asked {
  readonly resolve: (changed: ChangedAtOnce | undefined) => void
  readonly reject: (reason: unknown) => void
}

/** How many changes are made as one. A failure repeats all of them. */
const mostTogether = 16

/**
 * Changes a group in one statement, so that its row is not locked while messages travel. Only where
 * a statement can make several changes, and only if all named are people who really join or leave.
 * The row is locked until the change is on disk, so changes of the same group that arrive meanwhile
 * would reach the disk one after the other; they are made as one instead.
 */
export function membersAtOnce(database: Database): ChangeMembersAtOnce {
  if (!database.dialect.changesTogether) return async () => undefined
  /** Those that wait, for each group that is being changed. */
  const groups = new Map<string, Waiting[]>()
  const makeEach = async (all: readonly Waiting[]) => {
    const answered = await Promise.all(all.map((each) => makeAlone(database, each)))
    return answered.every(Boolean)
  }
  const goOn = async (key: string, waiting: Waiting[], isAnswered: boolean) => {
    let isWell = isAnswered
    while (isWell && waiting.length > 0) {
      const some = waiting.splice(0, mostTogether)
      const left = await makeTogether(database, some)
      if (left === undefined) waiting.unshift(...some)
      isWell = left !== undefined && (await makeEach(left))
    }
    groups.delete(key)
    // While the database does not answer, nobody waits for the time limits of others.
    await makeEach(waiting)
  }
  return (scope, change) =>
    new Promise((resolve, reject) => {
      const each = { scope, change, resolve, reject }
      const key = JSON.stringify([change.tenant, change.id])
      const waiting = groups.get(key)
      if (waiting) {
        waiting.push(each)
        return
      }
      const later: Waiting[] = []
      groups.set(key, later)
      void makeAlone(database, each).then((isAnswered) => goOn(key, later, isAnswered))
    })
}

/** @returns those to be made by themselves; `undefined`: all, because the database failed */
async function makeTogether(
  database: Database,
  all: readonly Waiting[],
): Promise<readonly Waiting[] | undefined> {
  const wanted = all.filter(({ scope }) => !scope.signal.aborted)
  const whole = asOne(wanted)
  if (whole === undefined) return all
  try {
    const changed = await carryOut(database, whole)
    if (changed === undefined) return all
    for (const { change, resolve } of wanted) resolve(resultOf(change, changed))
    // Those that were given up learn the reason from their own.
    return all.filter((each) => !wanted.includes(each))
  } catch {
    return whole.scope.signal.aborted ? all : undefined
  }
}

/** Whether the database answered. */
function makeAlone(database: Database, { resolve, reject, ...asked }: Waiting): Promise<boolean> {
  const { scope, change } = asked
  return carryOut(database, asked).then(
    (row) => {
      resolve(row && resultOf(change, row))
      return true
    },
    (error: unknown) => {
      reject(error)
      return scope.signal.aborted
    },
  )
}

/**
 * The changes of one group as one change, unless two of them name the same person. It is given up
 * as soon as one of them is, which must not be made then.
 */
function asOne(all: readonly Asked[]): Asked | undefined {
  const [first, second] = all
  const changes = all.map(({ change }) => change)
  const named = changes.flatMap(({ add, remove }) => [...new Set([...add, ...remove])])
  if (!first || !second || new Set(named).size < named.length) return undefined
  const signal = AbortSignal.any(all.map(({ scope }) => scope.signal))
  const change = {
    ...first.change,
    add: changes.flatMap(({ add }) => add),
    remove: changes.flatMap(({ remove }) => remove),
    lastModified: Math.max(...changes.map(({ lastModified }) => lastModified)),
    outbox: {
      pending: changes.flatMap(({ outbox }) => outbox?.pending ?? []),
      audit: changes.flatMap(({ outbox }) => outbox?.audit ?? []),
    },
  }
  return { scope: { ...first.scope, signal }, change }
}

function resultOf({ add, remove }: ChangeAtOnce, row: ResourceRow): ChangedAtOnce {
  return { row, added: [...new Set(add)].sort(), removed: [...new Set(remove)] }
}

async function carryOut(
  database: Database,
  { scope, change: { add, remove, outbox = {}, ...change } }: Asked,
): Promise<ResourceRow | undefined> {
  const { pending = [], audit = [] } = outbox
  if (add.length + remove.length > maxMarksAtOnce) return undefined
  const [added, removed] = [[...new Set(add)].sort(), [...new Set(remove)]]
  const ids = new Set([...added, ...removed])
  const isPlain = ids.size === added.length + removed.length && pending.every((id) => ids.has(id))
  if (ids.size === 0 || !isPlain || ![...ids].every(isStorable)) return undefined
  const lists = { add: JSON.stringify(added), remove: JSON.stringify(removed) }
  const marks = { pending: JSON.stringify(pending), entries: auditRows(audit) }
  const counts = { added: added.length, removed: removed.length }
  const values = { ...change, ...lists, ...marks, ...counts }
  try {
    const { rows } = await database.alone(changeAtOnce, values, { scope })
    return rows[0]
  } catch (error) {
    if ((error as { code?: unknown }).code === incomplete) return undefined
    throw error
  }
}
