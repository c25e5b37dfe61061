import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import {
  type BodyNeeded,
  callback,
  type Identity,
  isObject,
  oneOf,
  optionTable,
  type PolicyDecision,
  type PolicyPerson,
  type PolicyQuestion,
  type PolicyRefusal,
  type RequestPolicy,
  readOptions,
  type Scope,
  text,
} from '../../../lib/adapter/index.js'
import {
  connectionOf,
  connectionRows,
  isLabelStudioError,
  type LabelStudioApi,
  type LabelStudioApiOptions,
  labelStudioApi,
  normalizeEmail,
} from '../api/index.js'
import { isColleague, type PersonAccess, personAccess, rankIn, ranks } from './access.js'
import {
  type Account,
  changeOf,
  hideControls,
  keepOf,
  narrowedList,
  urlWithoutFiles,
} from './answers.js'
import { type Decision, decide, isOwn, type ObjectFacts } from './decide.js'
import { forgetting, withDeletion } from './deletions.js'
import {
  matchRequest,
  type ReadRequest,
  type Reference,
  readRequest,
  refusalSentence,
  type Unread,
} from './read-request.js'
import { type Resolver, resolverOf } from './resolve.js'

const debug = createDebug('label-studio-scim:policy')

/** Options of `labelStudioPolicy`. */
export interface LabelStudioPolicyOptions extends LabelStudioApiOptions {
  /**
   * `enforce` (default): what the rules do not give is refused. `report`: it passes, and
   * `onRefusal` is told.
   */
  readonly mode?: 'enforce' | 'report'
  /** Told of each refusal, or of what would be one. */
  readonly onRefusal?: (refusal: PolicyRefusal) => void
  /** Whether the policy is asked now. Default: always. */
  readonly isInForce?: (scope: Scope) => Promise<boolean>
}

/** The options of `labelStudioPolicy`. */
export const labelStudioPolicyTable = optionTable<LabelStudioPolicyOptions>()(
  'labelStudioPolicy',
  'ERR_SCIM_LABEL_STUDIO_OPTION',
  {
    ...connectionRows,
    retries: { ...connectionRows.retries, default: 1 },
    token: { type: text('a token of the owner of the organization'), required: true, secret: true },
    mode: { type: oneOf('enforce', 'report'), default: 'enforce' },
    onRefusal: { type: callback<(refusal: PolicyRefusal) => void>(), shown: 'none' },
    isInForce: { type: callback<(scope: Scope) => Promise<boolean>>(), shown: 'always' },
  },
)

/** People whom one request may name. */
const maxNamed = 100

/** How long nobody asks again for the edition when that failed. */
const editionAgainMs = 5_000

/** How long it is remembered whose projects somebody is in, for the names that others see. */
const colleaguesFreshMs = 30_000

/**
 * Makes roles, workspaces and projects hold in Label Studio Community: pass it to `accessGate` as
 * `enforce`. People get what the mapping rules give them; what the endpoint table does not list is
 * refused to everybody below Administrator. Objects are looked up as the owner, with `token`.
 *
 * Label Studio must be reachable through the gate alone.
 *
 * @throws ConfigurationError `ERR_SCIM_LABEL_STUDIO_OPTION` when an option cannot work
 */
export function labelStudioPolicy(given: LabelStudioPolicyOptions): RequestPolicy {
  const options = readOptions(labelStudioPolicyTable, given)
  const { mode, onRefusal, isInForce, token } = options
  const api = labelStudioApi({ ...connectionOf(options), token })
  const resolver = resolverOf(api)
  const isEnterprise = enterpriseCheck(api)
  const tools: Tools = { resolver, colleagues: new Map() }
  return {
    mode,
    isInForce: async (scope) =>
      (await isInForce?.(scope)) !== false && !(await isEnterprise(scope)),
    isOpen: (request) => {
      const matched = matchRequest(rawOf(request))
      return matched.kind === 'matched' && matched.endpoint.role === 'anon'
    },
    decide: async (scope, question) =>
      forgetting(resolver, question, await decideFor(tools, scope, question)),
    onRefusal(refusal) {
      const { identity, method, path, reason, isRefused } = refusal
      const done = isRefused ? 'refused' : 'would refuse'
      debug('%s account %s: %s %s (%s)', done, identity.accountId, method, path, reason)
      onRefusal?.(refusal)
    },
  }
}

/** Enterprise enforces its own rules. While the edition cannot be asked, it counts as Community. */
function enterpriseCheck(api: LabelStudioApi): (scope: Scope) => Promise<boolean> {
  let known: boolean | undefined
  let again = 0
  return async (scope) => {
    if (known !== undefined || performance.now() < again) return known ?? false
    again = performance.now() + editionAgainMs
    try {
      known = (await api.version(scope.signal)).edition !== 'community'
    } catch (error) {
      debug('the edition could not be asked: %O', error)
    }
    return known ?? false
  }
}

interface Tools {
  readonly resolver: Resolver
  /** People's projects as they were a moment ago, by account. */
  readonly colleagues: Map<number, { readonly until: number; readonly person: PersonAccess }>
}

async function decideFor(
  tools: Tools,
  scope: Scope,
  question: PolicyQuestion,
): Promise<PolicyDecision> {
  const person = accessOfPerson(question.person)
  if (person.rank === ranks.AD) return { kind: 'allow', ...withDeletion(question) }
  const request = requestOf(question)
  if ('kind' in request) return request.kind === 'body' ? request : { ...request, kind: 'refuse' }
  const decision = await decideAsking(tools.resolver, { person, request }, scope).catch(cannotAsk)
  if (!('kind' in decision)) return { ...decision, kind: 'refuse' }
  if (decision.kind !== 'allow') {
    return { kind: 'refuse', status: 403, detail: refusalSentence, reason: decision.reason }
  }
  const found = { question, person, request, project: decision.project }
  const stranger = await namesStranger(tools, found, scope.signal).catch(cannotAsk)
  if (typeof stranger === 'object') return { ...stranger, kind: 'refuse' }
  if (stranger) {
    return { kind: 'refuse', status: 403, detail: refusalSentence, reason: 'somebody else' }
  }
  if (request.endpoint.answer === 'page') return pageOf(tools.resolver, found, scope.signal)
  return allowed(tools, found)
}

/** A page without the controls that would be refused. */
async function pageOf(
  resolver: Resolver,
  { person, project }: Allowed,
  signal: AbortSignal,
): Promise<PolicyDecision> {
  if (person.highest < ranks.MA) {
    return { kind: 'allow', answer: { page: hideControls(person, project, 'every') } }
  }
  const creator = { kind: 'creator', id: String(project ?? 0) }
  const { madeBy } = await resolver.ask(creator, signal).catch(() => ({ madeBy: '' }))
  const ofOthers = madeBy === undefined ? 'none' : isOwn(person, madeBy) ? 'others' : 'every'
  return { kind: 'allow', answer: { page: hideControls(person, project, ofOthers) } }
}

/** Whoever is named must be a member of the project: Label Studio answers with their address. */
async function namesStranger(tools: Tools, found: Allowed, signal: AbortSignal): Promise<boolean> {
  const { question, person, request, project } = found
  const accounts = request.people.accounts.filter((each) => each !== person.account)
  const addresses = request.people.addresses.filter((each) => each !== person.email)
  const count = accounts.length + addresses.length
  if (count === 0) return false
  if (count > maxNamed || project === undefined) return true
  for (const email of addresses) {
    const other = accessOfPerson(await question.accessOf({ email }))
    if (rankIn(other, project) === ranks.none) return true
  }
  const known = await Promise.all(
    accounts.map(async (accountId) => {
      const email = await tools.resolver.addressOf(accountId, signal)
      return email === undefined ? [] : [{ accountId, email }]
    }),
  )
  const seen = await colleaguesOf(tools, found, known.flat())
  return accounts.some((each) => !seen.has(each))
}

/**
 * Without Label Studio nothing is known of the object, and Label Studio would not answer either.
 */
function cannotAsk(error: unknown) {
  if (!isLabelStudioError(error)) throw error
  debug('Label Studio could not be asked about an object: %O', error)
  const detail = 'Label Studio cannot be asked at the moment. Try again soon.'
  return { status: 503, detail, reason: `Label Studio: ${error.kind}` }
}

function requestOf({ request, body }: PolicyQuestion): ReadRequest | Unread | BodyNeeded {
  const matched = matchRequest(rawOf(request))
  if (matched.kind === 'unread') return matched
  const { bodyLength } = matched
  if (bodyLength === undefined) return readRequest(matched, undefined)
  if (body === undefined) return { kind: 'body', length: bodyLength }
  if (typeof body === 'string') {
    return { kind: 'unread', status: 400, detail: 'The body could not be read.', reason: body }
  }
  return readRequest(matched, body)
}

function rawOf({ method = 'GET', url = '/', headers }: IncomingMessage) {
  return { method, url, headers }
}

/** What is named in the request is asked for first, then who made its project. */
const maxRounds = 2

/** Asks Label Studio for what is not known. */
async function decideAsking(
  resolver: Resolver,
  { person, request }: { readonly person: PersonAccess; readonly request: ReadRequest },
  scope: Scope,
): Promise<Exclude<Decision, { kind: 'ask' }>> {
  const asked = new Map<string, ObjectFacts>()
  const known = (reference: Reference) => asked.get(keyOf(reference)) ?? resolver.known(reference)
  for (let round = 0; round <= maxRounds; round++) {
    const decision = decide(person, request, known)
    if (decision.kind !== 'ask') return decision
    for (const each of decision.references) {
      asked.set(keyOf(each), await resolver.ask(each, scope.signal))
    }
  }
  return { kind: 'refuse', reason: 'unknown objects' }
}

function keyOf({ kind, id }: Reference): string {
  return `${kind} ${id}`
}

const everything = {
  rank: ranks.AD,
  highest: ranks.AD,
  given: new Map<number, never>(),
  inherited: new Set<number>(),
}

function accessOfPerson({ identity, access, workspaceProjects }: PolicyPerson): PersonAccess {
  const account = Number(identity.accountId ?? -1)
  const person = { account, email: normalizeEmail(identity.email ?? '') }
  if (access === 'all') return { ...person, ...everything }
  return personAccess(person, access, workspaceProjects)
}

interface Allowed {
  readonly question: PolicyQuestion
  readonly person: PersonAccess
  readonly request: ReadRequest
  readonly project: number | undefined
}

/** Narrows what is let through. */
function allowed(tools: Tools, found: Allowed): PolicyDecision {
  const { question, person, request, project } = found
  const { endpoint, method } = request
  if (endpoint.answer === 'projectList') {
    return { kind: 'allow', ...narrowedList(person, question.request.url ?? '/') }
  }
  if (endpoint.answer === 'withoutFiles') {
    return { kind: 'allow', url: urlWithoutFiles(question.request.url ?? '/') }
  }
  const change = changeOf(endpoint)
  const learn = learnerOf(tools, project)
  if (change) {
    const context = {
      person,
      endpoint,
      project,
      colleagues: (accounts: readonly Account[]) => colleaguesOf(tools, found, accounts),
    }
    if (learn && isPageOfTasks(request) && rankIn(person, project ?? -1) >= ranks.RE) {
      return { kind: 'allow', answer: { learn } }
    }
    const keep = keepOf(context)
    return {
      kind: 'allow',
      answer: {
        ...(keep && { keep }),
        change: (body) => {
          learn?.(body)
          return change(context, body)
        },
      },
    }
  }
  if (method === 'POST' && endpoint.path === '/api/projects/') {
    return { kind: 'allow', answer: { learn: (body) => tellMade(found, body) } }
  }
  if (learn && endpoint.isAction) return { kind: 'allow', answer: { learn } }
  return { kind: 'allow', ...withDeletion(question) }
}

/** Reviewers see all of it, and Label Studio makes it of the one project that was asked for. */
function isPageOfTasks({ endpoint: { path } }: ReadRequest): boolean {
  return path === '/api/tasks/' || path === '/api/projects/{project}/next/'
}

/** Tasks of a known project need not be asked about when they are opened. */
function learnerOf({ resolver }: Tools, project: number | undefined) {
  if (project === undefined) return undefined
  const learn = resolver.learnerOf(project)
  return (body: unknown) => {
    if (!isObject(body)) return
    const items = Array.isArray(body['tasks']) ? body['tasks'] : [body]
    const tasks = items.filter((each) => isObject(each) && 'data' in each && 'id' in each)
    learn(tasks.map((each) => Number((each as { id: unknown }).id)).filter(Number.isSafeInteger))
  }
}

function tellMade({ question }: Allowed, body: unknown): void {
  const project = isObject(body) ? Number(body['id']) : Number.NaN
  if (!Number.isSafeInteger(project)) return
  question.projectMade(project).catch((error: unknown) => {
    debug('project %d was put into no workspace: %O', project, error)
  })
}

/** Which of these accounts are people of the project, or of one of the person's. */
async function colleaguesOf(
  tools: Tools,
  { question, person, project }: Allowed,
  accounts: readonly Account[],
): Promise<ReadonlySet<number>> {
  const seen = new Set<number>()
  for (const account of accounts) {
    const other = await rememberedPerson(tools, question, account)
    const isSeen =
      project === undefined ? isColleague(person, other) : rankIn(other, project) > ranks.none
    if (isSeen) seen.add(account.accountId)
  }
  return seen
}

async function rememberedPerson(
  tools: Tools,
  question: PolicyQuestion,
  identity: Account & Identity,
): Promise<PersonAccess> {
  const before = tools.colleagues.get(identity.accountId)
  if (before && performance.now() < before.until) return before.person
  const person = accessOfPerson(await question.accessOf(identity))
  if (tools.colleagues.size >= 100_000) tools.colleagues.clear()
  const until = performance.now() + colleaguesFreshMs
  tools.colleagues.set(identity.accountId, { until, person })
  return person
}
