import { allowMassLoss, findByEmail, pause, resume } from '../../access/index.js'
import { notFound, ScimError } from '../../errors.js'
import { omitGroups } from '../../stores/reads.js'
import type { SettingsContext } from '../options.js'
import { driftOf, driftOfPage } from '../reports/drift.js'
import { explain } from '../reports/explain.js'
import { readFindings } from '../reports/findings.js'
import { reportGroup, reportGroups } from '../reports/groups.js'
import { listPeople } from '../reports/people.js'
import { readRefusals } from '../reports/refusals.js'
import { readSetup } from '../reports/setup.js'
import { readSeats, readStatus } from '../reports/status.js'
import type { Answer, Call } from './answer.js'
import { choiceOf, integerOf, readPeopleFilter, readText, userIdsOf } from './parameters.js'

const maxOffset = 1_000_000_000
const noSuchPerson = () => notFound('There is nobody with this id or address.')

/** `GET /api/scim/explain?user=<id>` or `?email=<address>`: why a person has their access. */
export async function getExplain(
  context: SettingsContext,
  { scope, query }: Call,
): Promise<Answer> {
  const [user, email] = [readText(query, 'user'), readText(query, 'email')]
  if ((user === undefined) === (email === undefined)) {
    throw new ScimError(400, 'Give "user", an id, or "email", an address.')
  }
  const ids =
    user === undefined
      ? (await findByEmail(context.adapters.users)(scope, email ?? '')).map(({ id }) => id)
      : [user]
  const people = await Promise.all(ids.map((id) => explain(context, scope, id)))
  const found = people.find((person) => person !== undefined)
  if (!found) throw noSuchPerson()
  return { status: 200, body: found }
}

/**
 * `GET /api/scim/status`: pending and failed people, last error, last contact, and the host's
 * findings.
 */
export async function getStatus(context: SettingsContext, { scope }: Call): Promise<Answer> {
  const [status, { people, groups }, findings] = await Promise.all([
    readStatus(context, scope),
    readSetup(context, scope),
    readFindings(context, scope),
  ])
  return { status: 200, body: { ...status, people, groups, findings } }
}

/**
 * `GET /api/scim/accounts`: accounts of the host that the identity provider does not know, and
 * accounts whose address another account has in a different spelling. `supported` is `false` if the
 * host cannot tell.
 */
export async function getAccounts({ accounts }: SettingsContext, { scope }: Call): Promise<Answer> {
  const found = (await accounts?.(scope)) ?? []
  return { status: 200, body: { supported: accounts !== undefined, accounts: found } }
}

/**
 * `GET /api/scim/drift`: current differences in the host, for one person (`user`) or page by page.
 */
export async function getDrift(context: SettingsContext, { scope, query }: Call): Promise<Answer> {
  const id = readText(query, 'user')
  if (id === undefined) {
    const page = readPage(query, { limit: 25, most: 200 })
    return { status: 200, body: await driftOfPage(context, scope, page) }
  }
  const { users } = context.adapters
  const user = await users.get(scope, id, omitGroups)
  if (!user) throw noSuchPerson()
  const drift = await driftOf(context, scope, user)
  const supported = users.currentAccess !== undefined
  return { status: 200, body: { supported, compared: 1, people: drift ? [drift] : [] } }
}

/**
 * `GET /api/scim/refusals`: requests that a policy in report mode would have refused within a week,
 * by person and path.
 */
export async function getRefusals(
  context: SettingsContext,
  { scope, query }: Call,
): Promise<Answer> {
  const page = readPage(query, { limit: 100, most: 1_000 })
  return { status: 200, body: await readRefusals(context, scope, page) }
}

/** `GET /api/scim/seats`: how many people the host's licence allows. */
export async function getSeats(context: SettingsContext, { scope }: Call): Promise<Answer> {
  return { status: 200, body: await readSeats(context, scope) }
}

/**
 * `GET /api/scim/groups`: pushed groups, and names in rules that were never pushed, with similar
 * names. For a single group (`group`), also a page of its members.
 */
export async function getGroups(context: SettingsContext, { scope, query }: Call): Promise<Answer> {
  const id = readText(query, 'group')
  if (id !== undefined) {
    const group = await reportGroup(context, scope, {
      id,
      ...readPage(query, { limit: 100, most: 1_000 }),
    })
    if (!group) throw notFound('There is no group with this id.')
    return { status: 200, body: group }
  }
  const search = readText(query, 'search')
  const report = await reportGroups(context, scope, {
    onlyUnmapped: choiceOf(query, 'only', ['unmapped']) !== undefined,
    ...(search !== undefined && { search }),
    ...readPage(query, { limit: 100, most: 1_000 }),
  })
  return { status: 200, body: report }
}

/** `GET /api/scim/people`: people and the access that their groups give them. */
export async function getPeople(context: SettingsContext, { scope, query }: Call): Promise<Answer> {
  const page = readPage(query, { limit: 50, most: 200 })
  return {
    status: 200,
    body: await listPeople(context, scope, { ...page, ...readPeopleFilter(query) }),
  }
}

/** `POST /api/scim/retry`: tries failed people again, either these (`users`) or all. */
export async function postRetry(context: SettingsContext, { scope, body }: Call): Promise<Answer> {
  const retried = await context.adapters.access.retry(scope, userIdsOf(body))
  context.reconciler?.wake()
  return { status: 200, body: { retried } }
}

/**
 * `POST /api/scim/allow-loss`: for an hour, no change of the identity provider is refused as a mass
 * loss.
 */
export async function postAllowLoss(context: SettingsContext, { scope }: Call): Promise<Answer> {
  const allowedUntil = await allowMassLoss(context.adapters.access, scope, context.clock())
  return { status: 200, body: { allowedUntil } }
}

/** `POST /api/scim/pause`: the reconcilers of every host change no access until `resume`. */
export async function postPause(context: SettingsContext, { scope }: Call): Promise<Answer> {
  return { status: 200, body: await pause(context.adapters.access, scope, context.clock()) }
}

/** `POST /api/scim/resume`: ends a pause. */
export async function postResume(context: SettingsContext, { scope }: Call): Promise<Answer> {
  await resume(context.adapters.access, scope)
  context.reconciler?.wake()
  return { status: 200, body: {} }
}

/**
 * `POST /api/scim/reapply`: applies the access of these people (`users`) again, in case the host
 * was changed.
 */
export async function postReapply(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const ids = userIdsOf(body)
  if (!ids) throw new ScimError(400, 'Give "users", a list of ids.')
  await context.adapters.access.mark(scope, ids)
  context.reconciler?.wake({ anew: true })
  return { status: 200, body: { marked: ids.length } }
}

interface PageLimits {
  readonly limit: number
  readonly most: number
}

function readPage(query: URLSearchParams, { limit, most }: PageLimits) {
  return {
    offset: integerOf(query, 'offset', { least: 0, most: maxOffset, otherwise: 0 }),
    limit: integerOf(query, 'limit', { least: 1, most, otherwise: limit }),
  }
}
