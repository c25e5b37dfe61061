import { allowMassLoss, pause, resume } from '../../access/index.js'
import { notFound, ScimError } from '../../errors.js'
import type { StoredAuditEntry } from '../../stores/audit-store.js'
import { storeErrorKind } from '../../stores/errors.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups, omitMembers } from '../../stores/reads.js'
import { auditQueryOf, withTargetNamed } from '../api/audit.js'
import { integerOf, readPeopleFilter, readText } from '../api/parameters.js'
import { countOf } from '../numbers.js'
import { driftOf } from '../reports/drift.js'
import { explain } from '../reports/explain.js'
import { readFindings } from '../reports/findings.js'
import { reportGroup, reportGroups } from '../reports/groups.js'
import { listPeople } from '../reports/people.js'
import { readRefusals } from '../reports/refusals.js'
import { readSetup } from '../reports/setup.js'
import { readSeats, readStatus, type Status } from '../reports/status.js'
import { listTokens } from '../rules/tokens.js'
import { type Buttons, pressed } from './buttons.js'
import type { Part } from './html.js'
import { page } from './layout.js'
import { projectNames } from './project-names.js'
import { groupsView, groupView } from './views/groups.js'
import { logView } from './views/log.js'
import { outcome } from './views/panels.js'
import { peopleView, personView } from './views/people.js'
import { statusView } from './views/status.js'
import type { PageAnswer, PageRequest } from './visit.js'

const limit = 50
const maxTriedNow = 1_000
const offsets = { least: 0, most: 1_000_000_000, otherwise: 0 }

/** The list of people and their access. */
export async function showPeople({
  context,
  scope,
  layout,
  query,
}: PageRequest): Promise<PageAnswer> {
  const offset = integerOf(query, 'offset', offsets)
  const wanted = { ...readPeopleFilter(query), offset, limit }
  const [people, names] = await Promise.all([
    listPeople(context, scope, wanted),
    projectNames(context, scope),
  ])
  const content = peopleView(layout, { page: people, wanted, names })
  return { page: page(layout, { title: 'People', tab: 'people', content }) }
}

/** One person; with `compare`, also their current access in Label Studio. */
export async function showPerson(pageRequest: PageRequest): Promise<PageAnswer> {
  return person(pageRequest, undefined)
}

/** `reapply`: applies one person's access again. */
export async function changePerson(pageRequest: PageRequest): Promise<PageAnswer> {
  const { context, scope, parameters } = pageRequest
  const id = parameters['id'] ?? ''
  const user = await context.adapters.users.get(scope, id, omitGroups)
  if (!user) throw nobodyHere()
  await context.adapters.access.mark(scope, [id])
  context.reconciler?.wake({ anew: true })
  return person(pageRequest, outcome('good', 'This person’s access is being applied again.'))
}

async function person(pageRequest: PageRequest, said: Part): Promise<PageAnswer> {
  const { context, scope, layout, parameters, query } = pageRequest
  const id = parameters['id'] ?? ''
  const found = await explain(context, scope, id)
  if (!found) throw nobodyHere()
  const log = await context.adapters.audit?.query(scope, { target: id, limit: 10 })
  const content = personView(layout, {
    person: found,
    names: await projectNames(context, scope),
    canCompare: context.adapters.users.currentAccess !== undefined,
    log: log ?? [],
    ...(said && { notice: said }),
    ...(query.has('compare') && { drift: await compare(pageRequest, id) }),
  })
  return { page: page(layout, { title: found.displayName, tab: 'people', content }) }
}

function nobodyHere(): ScimError {
  return notFound('There is nobody here: this person was deleted, or never existed.')
}

async function compare({ context, scope }: PageRequest, id: string) {
  const user = await context.adapters.users.get(scope, id, omitGroups)
  if (!user) return {}
  try {
    const found = await driftOf(context, scope, user)
    return found ? { found } : {}
  } catch (error) {
    if (storeErrorKind(error) !== 'unavailable') throw error
    return { failure: 'Label Studio cannot be asked now. Try again later.' }
  }
}

/** The pushed groups and the rules that name them. */
export async function showGroups({
  context,
  scope,
  layout,
  query,
}: PageRequest): Promise<PageAnswer> {
  const wanted = {
    search: readText(query, 'search') ?? '',
    onlyUnmapped: query.get('only') === 'unmapped',
    offset: integerOf(query, 'offset', offsets),
    limit,
  }
  const report = await reportGroups(context, scope, wanted)
  const content = groupsView(layout, report, wanted)
  return { page: page(layout, { title: 'Groups', tab: 'groups', content }) }
}

/** One group: its members and the rules that name it. */
export async function showGroup(pageRequest: PageRequest): Promise<PageAnswer> {
  const { context, scope, layout, query, parameters } = pageRequest
  const offset = integerOf(query, 'offset', offsets)
  const group = await reportGroup(context, scope, { id: parameters['id'] ?? '', offset, limit })
  if (!group) throw notFound('There is no such group: it was deleted, or never existed.')
  const names = await projectNames(context, scope)
  const content = groupView(layout, { group, names, offset, limit })
  return { page: page(layout, { title: group.displayName, tab: 'groups', content }) }
}

/** The provisioning log. */
export async function showLog({ context, scope, layout, query }: PageRequest): Promise<PageAnswer> {
  const shown = await logEntries(context, scope, query)
  const content = logView(layout, { ...shown, query })
  const status = shown.problem === undefined ? 200 : 400
  return { status, page: page(layout, { title: 'Log', tab: 'log', content }) }
}

async function logEntries(
  context: PageRequest['context'],
  scope: PageRequest['scope'],
  query: PageRequest['query'],
) {
  try {
    const asked = { ...auditQueryOf(query), limit }
    const wanted = await withTargetNamed(context, scope, asked)
    const found = (await context.adapters.audit?.query(scope, wanted)) ?? []
    const entries = await withNames(context, scope, found)
    const last = entries.at(-1)
    return { entries, ...(entries.length === limit && last && { next: last.sequence }) }
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return { entries: [], problem: error.message }
  }
}

/** Adds names to log entries without one, if the person or group still exists. */
async function withNames(
  { adapters }: PageRequest['context'],
  scope: PageRequest['scope'],
  entries: readonly StoredAuditEntry[],
): Promise<readonly StoredAuditEntry[]> {
  const idsOf = (type: string) =>
    entries.flatMap(({ target }) =>
      target && target.name === undefined && target.resourceType === type ? [target.id] : [],
    )
  const [people, groups] = await Promise.all([
    readMany(adapters.users, scope, idsOf('User'), omitGroups),
    readMany(adapters.groups, scope, idsOf('Group'), omitMembers),
  ])
  const names = new Map<string, string>([
    ...people.map(({ id, userName }) => [id, userName] as const),
    ...groups.map(({ id, displayName }) => [id, displayName] as const),
  ])
  return entries.map((entry) => {
    const { target } = entry
    const name = target && target.name === undefined ? names.get(target.id) : undefined
    return target && name !== undefined ? { ...entry, target: { ...target, name } } : entry
  })
}

/** The status of provisioning. */
export async function showStatus(pageRequest: PageRequest): Promise<PageAnswer> {
  return statusPage(pageRequest, undefined)
}

/** The actions of the buttons on the status page. Each returns the message to show. */
const statusActions: Buttons<Part> = {
  retry: tryAgain,
  async tryNow({ context, scope }) {
    const entries = await context.adapters.access.listPending(scope, {
      offset: 0,
      limit: maxTriedNow,
      failed: false,
    })
    await context.adapters.access.mark(
      scope,
      entries.map(({ userId }) => userId),
    )
    context.reconciler?.wake({ anew: true })
    return 'Everybody who waits is being tried again now.'
  },
  async pause({ context, scope }) {
    await pause(context.adapters.access, scope, context.clock())
    return 'The reconciler is paused.'
  },
  async resume({ context, scope }) {
    await resume(context.adapters.access, scope)
    context.reconciler?.wake()
    return 'The reconciler has resumed.'
  },
  async allowLoss({ context, scope }) {
    await allowMassLoss(context.adapters.access, scope, context.clock())
    return (
      'For an hour, nothing is refused because many people lose access. ' +
      'The identity provider sends the change again.'
    )
  },
}

/** Does what the pressed button says. */
export async function changeStatus(pageRequest: PageRequest): Promise<PageAnswer> {
  const action = pressed(statusActions, pageRequest)
  return statusPage(pageRequest, outcome('good', await action(pageRequest)))
}

/** Tries one failed person again, or all. */
async function tryAgain({ context, scope, form }: PageRequest): Promise<Part> {
  const user = readText(form, 'user') ?? null
  const count = await context.adapters.access.retry(scope, user === null ? undefined : [user])
  context.reconciler?.wake({ anew: true })
  return `${countOf(count, 'person is', 'people are')} being tried again.`
}

async function statusPage(
  { context, scope, layout }: PageRequest,
  said: Part,
): Promise<PageAnswer> {
  const [unnamed, setup, tokens, findings, refusals, seats] = await Promise.all([
    readStatus(context, scope),
    readSetup(context, scope),
    context.tokens ? listTokens(context, scope) : [],
    readFindings(context, scope),
    readRefusals(context, scope, { offset: 0, limit }),
    readSeats(context, scope).catch(() => undefined),
  ])
  const status = await withFailuresNamed(context, scope, unnamed)
  const content = statusView(layout, {
    status,
    setup,
    tokens,
    findings,
    refusals,
    seats: seats ?? { supported: false },
    ...(!seats && { seatsFailure: 'Label Studio cannot be asked now.' }),
    notice: said,
  })
  return { page: page(layout, { title: 'Status', tab: 'status', content }) }
}

async function withFailuresNamed(
  context: PageRequest['context'],
  scope: PageRequest['scope'],
  status: Status,
): Promise<Status> {
  const { lastFailures, lastFailedRequest: last } = status
  const named = await withNames(context, scope, last ? [last, ...lastFailures] : lastFailures)
  const [first] = named
  if (!last || !first) return { ...status, lastFailures: named }
  return { ...status, lastFailedRequest: first, lastFailures: named.slice(1) }
}
