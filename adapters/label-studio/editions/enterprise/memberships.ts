import { type Grant, type Plan, placeOf, type Scope } from '../../../../lib/adapter/index.js'
import type { LabelStudioApi } from '../../api/index.js'
import type { LabelStudioSettings } from '../../options.js'
import type { Meetings } from './meeting.js'
import type { Holder, Impossible, Prepared } from './prepared-grant.js'
import { projectGrants } from './project-grants.js'
import { workspaceGrants } from './workspace-grants.js'

/** The result of a plan. */
export interface PlanResult {
  readonly applied: readonly Grant[]
  readonly deferred: readonly Grant[]
  readonly notes: readonly string[]
}

/** The plan to carry out, together with others, so that the requests for all can be combined. */
export interface Work extends Meetings {
  readonly ledger: readonly Grant[]
  readonly planned: Plan
  /** Stores a ledger. */
  readonly note: (ledger: readonly Grant[]) => Promise<void>
}

/** The account that receives grants. */
export interface Receiver extends Pick<Holder, 'isNew'> {
  readonly id: number
}

/** Memberships in workspaces and projects of Enterprise. */
export interface Memberships {
  /**
   * Revokes and grants. Grants are recorded first, so that a crash in between leaves no unrecorded
   * grant.
   */
  carryOut(scope: Scope, account: Receiver, work: Work): Promise<PlanResult>
  /** The account's workspaces, and its memberships in these projects. */
  current(scope: Scope, accountId: number, projectIds: readonly number[]): Promise<readonly Grant[]>
}

/**
 * Memberships through the REST API. A membership that existed before a rule gave it is never
 * revoked.
 */
export function membershipsIn(api: LabelStudioApi, settings: LabelStudioSettings): Memberships {
  const workspaces = workspaceGrants(api, settings)
  const projects = projectGrants(api)

  function prepare(grant: Grant, holder: Holder): Promise<Prepared | Impossible | undefined> {
    if (grant.kind === 'workspace') return workspaces.prepare(grant, holder)
    if (grant.kind === 'project') return projects.prepare(grant, holder)
    return Promise.resolve(undefined)
  }

  return {
    async carryOut({ signal }, { id: accountId, isNew }, { ledger, planned, note, ...meetings }) {
      for (const each of planned.revocations) {
        if (each.kind === 'workspace') await workspaces.revoke(each, accountId, signal)
        if (each.kind === 'project') await projects.revoke(each, accountId, signal)
      }
      if (planned.grants.length > 0) await meetings.toRead()
      // The lease may have been lost meanwhile.
      signal.throwIfAborted()
      const entries = membershipsLeft(ledger, planned)
      const found = await all(planned.grants, (grant) =>
        prepare(grant, { accountId, isNew, signal, had: entries.get(placeOf(grant)) }),
      )
      const prepared = found.filter(
        (each): each is Prepared => each !== undefined && 'give' in each,
      )
      for (const { grant, entry } of prepared) {
        if (entry) entries.set(placeOf(entry), { ...entry, unconfirmed: true })
        else entries.delete(placeOf(grant))
      }
      if (prepared.length > 0) {
        await note([...entries.values()])
        await meetings.toGive()
        signal.throwIfAborted()
      }
      const deferred = await giveAll(prepared, entries)
      const notes = found.flatMap((each) => (each && 'note' in each ? [each.note] : []))
      return { applied: [...entries.values()], deferred, notes }
    },
    async current({ signal }, accountId, projectIds) {
      const there = await projects.current(accountId, projectIds, signal)
      return [...(await workspaces.current(accountId, signal)), ...there]
    },
  }
}

function membershipsLeft(ledger: readonly Grant[], planned: Plan): Map<string, Grant> {
  const revoked = new Set(planned.revocations.map(placeOf))
  return new Map(
    ledger
      .filter((each) => each.kind !== 'role' && !revoked.has(placeOf(each)))
      .map((each) => [placeOf(each), each]),
  )
}

/** Makes each grant and updates its entry in the ledger. Returns the deferred grants. */
async function giveAll(
  prepared: readonly Prepared[],
  entries: Map<string, Grant>,
): Promise<readonly Grant[]> {
  const outcomes = await all(prepared, ({ give }) => give())
  return prepared.flatMap(({ grant, entry }, index) => {
    if (outcomes[index] === 'later') {
      entries.delete(placeOf(grant))
      return grant
    }
    if (entry) entries.set(placeOf(entry), entry)
    return []
  })
}

/**
 * Works on all at the same time, so that the requests for many people can be combined. If some
 * fail, the others still end first: nothing may be under way when the lease is returned.
 */
async function all<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const outcomes = await Promise.allSettled(items.map(work))
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
