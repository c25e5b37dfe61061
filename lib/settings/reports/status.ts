import {
  type ImportState,
  lastImport,
  lastMassLoss,
  type MassLoss,
  massLossAllowedUntil,
  type Pause,
  pauseOf,
} from '../../access/index.js'
import { isRecent } from '../../clock.js'
import type { EventName } from '../../events/catalogue.js'
import type { PendingSummary, PendingUser } from '../../stores/access-store.js'
import type { StoredAuditEntry } from '../../stores/audit-store.js'
import type { PassedOverCount } from '../../stores/passed-over.js'
import { omitGroups } from '../../stores/reads.js'
import type { Scope } from '../../stores/scope.js'
import type { Seats } from '../../stores/user-store.js'
import type { SettingsContext } from '../options.js'
import { type LastRequests, readLastRequests } from './last-requests.js'
import { estimateProgress, type Progress } from './progress.js'

/** A person whose change failed or is being retried, with their name if they still exist. */
export type PendingPerson = Pick<
  PendingUser,
  'userId' | 'since' | 'attempts' | 'lastError' | 'nextAt' | 'failed'
> & { readonly userName?: string }

/** The last recorded import of the host's accounts. */
export interface ImportStatus
  extends Omit<ImportState, 'outcome'>,
    Pick<Partial<Progress>, 'secondsLeft'> {
  /** `interrupted`: its process ended or cannot reach the database. */
  readonly state: 'running' | 'succeeded' | 'failed' | 'interrupted'
}

/** A person who still has access, although the identity provider may believe that it ended. */
export interface StillIn {
  readonly userId: string
  readonly userName: string
  /** RFC 3339. */
  readonly at: string
  /** The request and its answer. */
  readonly detail: string
}

/** The status of provisioning. */
export interface Status extends PendingSummary, LastRequests {
  /** Version of the saved rules. */
  readonly rulesVersion: string
  /** The reconciler of this host. `notHere`: it may run in another process. */
  readonly reconciler: 'running' | 'stopped' | 'notHere'
  /** Set while an administrator has paused the reconcilers. */
  readonly paused?: Pause
  /** The last change that took, or would have taken, access from many people. */
  readonly massLoss?: MassLoss
  /** RFC 3339; until then no change is refused as a mass loss. */
  readonly massLossAllowedUntil?: string
  /** The first failed people. */
  readonly failedPeople: readonly PendingPerson[]
  /** The first people whose changes wait for a retry after a failure. */
  readonly waitingPeople: readonly PendingPerson[]
  /**
   * People who still have access although a request in the last week would have ended it. The
   * newest come first.
   */
  readonly stillIn: readonly StillIn[]
  /** Progress of the current updates. Absent: nobody is waiting. */
  readonly progress?: Progress
  /** Absent: nothing was imported here. */
  readonly import?: ImportStatus
  /** The last people and requests that failed, newest first; at most ten. */
  readonly lastFailures: readonly StoredAuditEntry[]
  /** Attributes and members that clients sent and that were ignored, the latest first. */
  readonly passedOver: readonly PassedOverCount[]
}

const maxListed = 50
const maxFailures = 10
const shownForMs = 7 * 86_400_000

/** Reads the status of provisioning for a tenant. */
export async function readStatus(context: SettingsContext, scope: Scope): Promise<Status> {
  const { access } = context.adapters
  const [
    summary,
    { version },
    lastRequests,
    failed,
    passedOver,
    paused,
    massLoss,
    allowedUntil,
    imported,
    failures,
    left,
  ] = await Promise.all([
    access.summary(scope),
    access.rules(scope),
    readLastRequests(context, scope),
    access.listPending(scope, { offset: 0, limit: maxListed, failed: true }),
    access.listPassedOver?.(scope) ?? [],
    pauseOf(access, scope),
    lastMassLoss(access, scope),
    massLossAllowedUntil(access, scope, context.clock()),
    lastImport(access, scope),
    failuresOf(context, scope),
    stillIn(context, scope),
  ])
  const { reconciler } = context
  const progress = context.progress(scope, summary)
  return {
    ...summary,
    rulesVersion: version,
    ...lastRequests,
    reconciler: reconciler ? (reconciler.isRunning() ? 'running' : 'stopped') : 'notHere',
    ...(progress && { progress }),
    ...(imported && { import: importStatus(imported, context.clock().getTime()) }),
    ...(paused && { paused }),
    ...(massLoss && isShown(context, massLoss) && { massLoss }),
    ...(allowedUntil !== undefined && { massLossAllowedUntil: allowedUntil }),
    failedPeople: await withNames(context, scope, failed),
    passedOver,
    ...failures,
    stillIn: left,
  }
}

const silentMs = 60_000

function importStatus({ outcome, ...state }: ImportState, now: number): ImportStatus {
  const isSilent = Math.abs(now - Date.parse(state.at)) > silentMs
  if (outcome || isSilent) return { ...state, state: outcome ?? 'interrupted' }
  const { startedAt, done, total } = state
  if (total === undefined) return { ...state, state: 'running' }
  const run = { startedAt: Date.parse(startedAt), total }
  return { ...state, state: 'running', ...estimateProgress(run, done, now) }
}

/** The failures to show: people whose changes are retried, and people and requests that failed. */
async function failuresOf(
  context: SettingsContext,
  scope: Scope,
): Promise<Pick<Status, 'waitingPeople' | 'lastFailures'>> {
  const { access, audit } = context.adapters
  // Queried by event, because each has an index: rare events are found without reading the whole
  // log.
  const newest = async (event: EventName) =>
    (await audit?.query(scope, { event, limit: maxFailures })) ?? []
  const [waiting, failed, retrying, givenUp] = await Promise.all([
    access.listPending(scope, { offset: 0, limit: maxListed, failed: false }),
    newest('request.failed'),
    newest('access.retrying'),
    newest('access.failed'),
  ])
  const failing = waiting.filter(({ lastError }) => lastError !== undefined)
  return {
    waitingPeople: await withNames(context, scope, failing),
    lastFailures: newestFirst([...failed, ...retrying, ...givenUp]).slice(0, maxFailures),
  }
}

/** Leaves out people who have been deactivated or deleted since. */
async function stillIn(
  { adapters: { audit, users }, clock }: SettingsContext,
  scope: Scope,
): Promise<readonly StillIn[]> {
  const from = new Date(clock().getTime() - shownForMs).toISOString()
  const entries =
    (await audit?.query(scope, { event: 'access.notEnded', from, limit: maxListed })) ?? []
  const newest = new Map<string, StillIn>()
  for (const { target, at, detail = '' } of entries) {
    if (!target || newest.has(target.id)) continue
    const user = await users.get(scope, target.id, omitGroups)
    if (user?.active !== true) continue
    newest.set(target.id, { userId: target.id, userName: user.userName, at, detail })
  }
  return [...newest.values()]
}

function newestFirst(entries: readonly StoredAuditEntry[]): readonly StoredAuditEntry[] {
  return [...entries].sort((a, b) => b.sequence - a.sequence)
}

function isShown({ clock }: SettingsContext, { at }: MassLoss): boolean {
  return isRecent(Date.parse(at), clock().getTime(), shownForMs)
}

async function withNames(
  { adapters }: SettingsContext,
  scope: Scope,
  entries: readonly PendingUser[],
): Promise<readonly PendingPerson[]> {
  const people = await Promise.all(
    entries.map(({ userId }) => adapters.users.get(scope, userId, omitGroups)),
  )
  return entries.map(({ tenant: _, mark: _mark, ...entry }, index) => {
    const userName = people[index]?.userName
    return { ...entry, ...(userName !== undefined && { userName }) }
  })
}

/** Seats of the host; `supported: false` if it does not count them. */
export async function readSeats(
  { adapters }: SettingsContext,
  scope: Scope,
): Promise<{ readonly supported: boolean } & Partial<Seats>> {
  const seats = await adapters.users.seats?.(scope)
  return seats ? { supported: true, ...seats } : { supported: false }
}
