import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import {
  type BodyNeeded,
  callback,
  isObject,
  oneOf,
  optionTable,
  type PolicyDecision,
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
} from '../api/index.js'
import { type PersonAccess, rankIn, ranks } from './access.js'
import {
  type AnswerContext,
  changeOf,
  hideControls,
  keepOf,
  narrowedList,
  urlWithoutFiles,
} from './answers.js'
import { type Account, accessOfPerson, colleaguesOf, type RememberedPeople } from './colleagues.js'
import { type Decision, decide, isOwn, type ObjectFacts } from './decide.js'
import { forgetting, withDeletion } from './deletions.js'
import { refusalOfNamedAddress } from './named-addresses.js'
import { refusalOfOtherOrigin } from './other-origins.js'
import { withOwnScripts } from './own-scripts.js'
import {
  matchRequest,
  type ReadRequest,
  type Reference,
  readRequest,
  refusalSentence,
  type Unread,
} from './read-request.js'
import { type Resolver, resolverOf } from './resolve.js'
import { sandboxed } from './sandboxed.js'
import { askAll, inTurns, type ResolverFor } from './turns.js'

const debug = createDebug('label-studio-scim:policy')

/** Options of `labelStudioPolicy`. */
export interface LabelStudioPolicyOptions extends LabelStudioApiOptions {
  /**
   * `enforce` (default): refuse what the rules do not give. `report`: let it pass and call
   * `onRefusal`.
   */
  readonly mode?: 'enforce' | 'report'
  /**
   * `own` (default): in the pages of Label Studio run only the scripts that it put there. `any`:
   * also those that people write into tasks, in the name of whoever opens them.
   */
  readonly scripts?: 'own' | 'any'
  /** Called for each refusal; in report mode, for each request that would be refused. */
  readonly onRefusal?: (refusal: PolicyRefusal) => void
  /** Whether the policy applies now. Default: always. */
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
    scripts: { type: oneOf('own', 'any'), default: 'own' },
    onRefusal: { type: callback<(refusal: PolicyRefusal) => void>(), shown: 'none' },
    isInForce: { type: callback<(scope: Scope) => Promise<boolean>>(), shown: 'always' },
  },
)

/** Maximum number of people that one request may name. */
const maxNamedPeople = 100

/** How long to wait before asking for the edition again after a failure, in milliseconds. */
const editionAgainMs = 5_000

/**
 * Enforces roles, workspaces and projects in Label Studio Community: pass it to `accessGate` as
 * `enforce`. People get what the mapping rules give them. Endpoints that the endpoint table does
 * not list are refused to everybody below Administrator. Objects are looked up with `token`, the
 * owner's.
 *
 * Label Studio must be reachable only through the gate.
 *
 * @throws ConfigurationError `ERR_SCIM_LABEL_STUDIO_OPTION` when an option cannot work
 */
export function labelStudioPolicy(given: LabelStudioPolicyOptions): RequestPolicy {
  const options = readOptions(labelStudioPolicyTable, given)
  const { mode, scripts, onRefusal, isInForce, token } = options
  const api = labelStudioApi({ ...connectionOf(options), token })
  const resolver = resolverOf(api)
  const isEnterprise = enterpriseCheck(api)
  const tools: AllTools = { resolverFor: inTurns(resolver), colleagues: new Map() }
  return {
    mode,
    isInForce: async (scope) =>
      (await isInForce?.(scope)) !== false && !(await isEnterprise(scope)),
    isOpen: (request) => {
      const matched = matchRequest(rawOf(request))
      return matched.kind === 'matched' && matched.endpoint.role === 'anon'
    },
    async decide(scope, question) {
      const { request } = question
      const refusal = refusalOfOtherOrigin(request) ?? refusalOfNamedAddress(request)
      if (refusal) return refusal
      const decision = await decideFor(toolsFor(tools, question), scope, question)
      const changed = sandboxed(question, forgetting(resolver, question, decision))
      return scripts === 'own' ? withOwnScripts(question, changed) : changed
    },
    onRefusal(refusal) {
      const { identity, method, path, reason, isRefused } = refusal
      const done = isRefused ? 'refused' : 'would refuse'
      debug('%s account %s: %s %s (%s)', done, identity.accountId, method, path, reason)
      onRefusal?.(refusal)
    },
  }
}

/** Enterprise enforces its own rules. If the edition is unknown, it counts as Community. */
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
  /** That of the person who sent the request. */
  readonly resolver: Resolver
  readonly colleagues: RememberedPeople
}

interface AllTools extends Pick<Tools, 'colleagues'> {
  readonly resolverFor: ResolverFor
}

function toolsFor({ resolverFor, colleagues }: AllTools, { person }: PolicyQuestion): Tools {
  return { resolver: resolverFor(accessOfPerson(person).account), colleagues }
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
  const stranger = await isAboutStranger(tools, found, scope.signal).catch(cannotAsk)
  if (typeof stranger === 'object') return { ...stranger, kind: 'refuse' }
  if (stranger) {
    return { kind: 'refuse', status: 403, detail: refusalSentence, reason: 'somebody else' }
  }
  if (request.endpoint.answer === 'page') return pageOf(tools.resolver, found, scope.signal)
  return allowed(tools, found)
}

/** A page without the controls that the policy would refuse. */
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

/** Whether the request asks for somebody whom the person may not see, or who does not exist. */
async function asksForStranger(
  tools: Tools,
  found: Allowed,
  signal: AbortSignal,
): Promise<boolean> {
  const { endpoint, account } = found.request
  const isOther = account !== undefined && account !== found.person.account
  if (endpoint.answer !== 'people' || !isOther) return false
  // Whoever is in no project has no colleagues.
  if (found.person.highest === ranks.none) return true
  const email = await tools.resolver.addressOf(account, signal)
  if (email === undefined) return true
  return !(await colleaguesIn(tools, found)([{ accountId: account, email }])).has(account)
}

async function isAboutStranger(tools: Tools, found: Allowed, signal: AbortSignal) {
  return (
    (await asksForStranger(tools, found, signal)) || (await namesStranger(tools, found, signal))
  )
}

/**
 * Everyone whom the request names must be in the project: Label Studio's answer has their address.
 */
async function namesStranger(tools: Tools, found: Allowed, signal: AbortSignal): Promise<boolean> {
  const { question, person, request, project } = found
  const accounts = request.people.accounts.filter((each) => each !== person.account)
  const addresses = request.people.addresses.filter((each) => each !== person.email)
  const count = accounts.length + addresses.length
  if (count === 0) return false
  if (count > maxNamedPeople || project === undefined) return true
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
  const seen = await colleaguesIn(tools, found)(known.flat())
  return accounts.some((each) => !seen.has(each))
}

/** Answers 503. Without Label Studio the object is unknown, and the request would fail anyway. */
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

/** The first round asks about the named objects, the second about the creator of their project. */
const maxRounds = 2

/** Asks Label Studio about unknown objects until it can decide. */
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
    await askAll(decision.references, async (each) => {
      asked.set(keyOf(each), await resolver.ask(each, scope.signal))
    })
  }
  return { kind: 'refuse', reason: 'unknown objects' }
}

function keyOf({ kind, id }: Reference): string {
  return `${kind} ${id}`
}

interface Allowed {
  readonly question: PolicyQuestion
  readonly person: PersonAccess
  readonly request: ReadRequest
  readonly project: number | undefined
}

/** Limits the answer or the query of an allowed request. */
function allowed(tools: Tools, found: Allowed): PolicyDecision {
  const { question, person, request, project } = found
  const { endpoint, method } = request
  const context = contextOf(tools, found)
  if (endpoint.answer === 'projectList') {
    return { kind: 'allow', ...narrowedList(context, question.request.url ?? '/') }
  }
  if (endpoint.answer === 'withoutFiles') {
    return { kind: 'allow', url: urlWithoutFiles(question.request.url ?? '/') }
  }
  const change = changeOf(endpoint)
  const learn = learnerOf(tools, project)
  if (change) {
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

function contextOf(tools: Tools, found: Allowed): AnswerContext {
  const { person, project, request } = found
  return { person, project, endpoint: request.endpoint, colleagues: colleaguesIn(tools, found) }
}

function colleaguesIn({ colleagues: remembered }: Tools, found: Allowed) {
  return (accounts: readonly Account[]) => colleaguesOf({ ...found, remembered }, accounts)
}

/** Reviewers see whole pages: Label Studio builds them from the one requested project. */
function isPageOfTasks({ endpoint: { path } }: ReadRequest): boolean {
  return path === '/api/tasks/' || path === '/api/projects/{project}/next/'
}

/** Remembers the tasks of a known project, so that opening one needs no look-up. */
function learnerOf({ resolver }: Tools, project: number | undefined) {
  if (project === undefined) return undefined
  const learn = resolver.learnerOf(project)
  // Some lists leave the project out.
  const isOfIt = (task: Readonly<Record<string, unknown>>) =>
    (task['project'] ?? project) === project
  return (body: unknown) => {
    if (!isObject(body)) return
    const items = Array.isArray(body['tasks']) ? body['tasks'] : [body]
    const tasks = items.filter((each) => isObject(each) && 'data' in each && isOfIt(each))
    learn(tasks.map((each) => Number((each as { id?: unknown }).id)).filter(Number.isSafeInteger))
  }
}

function tellMade({ question }: Allowed, body: unknown): void {
  const project = isObject(body) ? Number(body['id']) : Number.NaN
  if (!Number.isSafeInteger(project)) return
  question.projectMade(project).catch((error: unknown) => {
    debug('project %d was put into no workspace: %O', project, error)
  })
}
