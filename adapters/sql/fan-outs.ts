import type { MappingPolicy } from '../../lib/adapter/index.js'
import { atMost, type Database, type Session, statement } from './database.js'
import { type FanOutState, groupsNamed, markAll, nextUsersIn } from './marks.js'
import { isInListing } from './rows.js'
import { sql } from './sql.js'

interface FanOutRow {
  readonly tenant: string
  readonly id: string
  readonly state: string
  readonly remaining: number
}

const anyFanOut = statement<Record<never, never>, { id: string }>(
  () => sql`select id from scim_sweeps limit 1`,
)

const takeFanOut = statement<Record<never, never>, FanOutRow>(
  (_value, { skipLocked }) => sql`
    select tenant, id, state, remaining from scim_sweeps
    order by created, id limit 1 ${skipLocked}`,
)

const updateFanOut = statement<FanOutRow>(
  (value) => sql`
    update scim_sweeps set state = ${value('state')}, remaining = ${value('remaining')}
    where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const deleteFanOut = statement<{ tenant: string; id: string }>(
  (value) => sql`
    delete from scim_sweeps where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const everybodyAfter = statement<
  { tenant: string; created: number; after: string; limit: number },
  { id: string; created: number }
>(
  (value, dialect) => sql`
    select id, created from scim_resources as resource
    where tenant = ${value('tenant')} and resource_type = 'User' and ${isInListing(dialect)}
      and (created, id) > (${value('created')}, ${value('after')})
    order by created, id ${atMost(value('limit'))}`,
)

/**
 * Sets the next marks of the oldest fan-out that is not being worked on, and stores its progress
 * with them.
 */
export async function fanOut(
  database: Database,
  policy: MappingPolicy,
  limit: number,
): Promise<number> {
  // Usually there is none, and checking needs no lock.
  if ((await database.prepared(anyFanOut, {})).length === 0) return 0
  // Groups may have lost their users meanwhile: a step then marks nobody, and the next one is due.
  for (;;) {
    const marked = await database.transaction((session) => step(session, policy, limit))
    if (marked !== 0) return marked ?? 0
  }
}

/** Marks at most `limit` users of one fan-out; `undefined` if there is none. */
async function step(
  session: Session,
  policy: MappingPolicy,
  limit: number,
): Promise<number | undefined> {
  const [fanOut] = await session.prepared(takeFanOut, {})
  if (fanOut === undefined) return undefined
  const { tenant, id } = fanOut
  const state = await begun(session, fanOut, policy)
  const { userIds, next } = await nextOf(session, tenant, { state, limit })
  await markAll(session, tenant, userIds)
  if (next === undefined) await session.change(deleteFanOut, { tenant, id })
  else {
    const remaining = Math.max(fanOut.remaining - userIds.length, 1)
    await session.change(updateFanOut, { tenant, id, state: JSON.stringify(next), remaining })
  }
  return userIds.length
}

/**
 * Finds the groups of a new fan-out. Not earlier, because until now a group could get one of the
 * names under the old rules.
 */
async function begun(
  session: Session,
  { tenant, state }: FanOutRow,
  policy: MappingPolicy,
): Promise<BegunFanOut> {
  const stored = JSON.parse(state) as FanOutState
  if (stored.kind !== 'named') return stored
  const { names } = stored
  return {
    kind: 'groups',
    groupIds: await groupsNamed(session, tenant, { names, policy }),
    after: '',
  }
}

type BegunFanOut = Exclude<FanOutState, { readonly kind: 'named' }>

interface Step {
  readonly userIds: readonly string[]
  /** Where it continues; absent if it is complete. */
  readonly next?: FanOutState
}

interface FanOutStep {
  readonly state: BegunFanOut
  readonly limit: number
}

async function nextOf(
  session: Session,
  tenant: string,
  { state, limit }: FanOutStep,
): Promise<Step> {
  if (state.kind === 'everybody') {
    const { created, after } = state
    const rows = await session.prepared(everybodyAfter, { tenant, created, after, limit })
    const last = rows.at(-1)
    const userIds = rows.map((row) => row.id)
    if (rows.length < limit || last === undefined) return { userIds }
    return { userIds, next: { ...state, created: last.created, after: last.id } }
  }
  const [groupId, ...later] = state.groupIds
  if (groupId === undefined) return { userIds: [] }
  const userIds = await nextUsersIn(session, tenant, { groupId, after: state.after, limit })
  if (userIds.length === limit) return { userIds, next: { ...state, after: userIds.at(-1) ?? '' } }
  if (later.length === 0) return { userIds }
  return { userIds, next: { kind: 'groups', groupIds: later, after: '' } }
}
