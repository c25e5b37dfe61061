import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { oneOf, randomOf } from './random.js'

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** A service provider under load. */
export interface LoadTarget {
  /** Called for each request, because a restarted host may have another port. */
  readonly origin: () => string
  readonly token: string
}

/** How to send requests. Without `requestsPerSecond`, the workers send as fast as they can. */
export interface LoadOptions {
  readonly seed: number
  /** Number of concurrent requests. */
  readonly workers: number
  /**
   * Requests are sent on schedule, however slow the answers are: a late answer counts its whole
   * wait.
   */
  readonly requestsPerSecond?: number
}

/** The results so far. */
export interface LoadTotals {
  /** Answers by status; 0 counts requests without an answer. */
  readonly statuses: Readonly<Record<number, number>>
  /** Time of each answer in milliseconds, in no order. */
  readonly timesMs: readonly number[]
  /** Why there was no answer, for each request without one: the code of the error. */
  readonly unanswered: readonly string[]
  /** Request ids of the 5xx answers. */
  readonly failedIds: readonly string[]
  /**
   * Answers that no client should get: statuses other than 2xx and 503, and incomplete 503 answers.
   */
  readonly wrong: readonly string[]
}

/**
 * Mixed traffic that records what was acknowledged: mostly reads, and creations, changes, deletions
 * and memberships of its own people.
 */
export interface Load {
  totals(): LoadTotals
  /** Number of 2xx answers so far. */
  succeeded(): number
  /** Stops sending. Resolves when every request has its answer. */
  stop(): Promise<void>
  /**
   * Compares the stored data with what was acknowledged.
   *
   * @returns one line for each difference
   */
  lost(): Promise<readonly string[]>
}

/**
 * A person created by the load. `undefined` means unknown, because a request got no answer or a
 * 503.
 */
interface Person {
  readonly id: string
  readonly userName: string
  /** The number in `title` of the last acknowledged write. */
  written: number
  /** The number in `title` of the last write sent. */
  sent: number
  active: boolean | undefined
  isMember: boolean | undefined
  isBusy: boolean
}

interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly failure?: string
  readonly headers: http.IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests reach deep into bodies
  readonly body: any
}

interface State {
  readonly people: Person[]
  readonly gone: string[]
  groupId: string
  names: number
}

/** Starts sending, after creating the group that people join. */
export async function startLoad(target: LoadTarget, options: LoadOptions): Promise<Load> {
  const random = randomOf(options.seed)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  const tally = createTally()
  const state: State = { people: [], gone: [], groupId: '', names: 0 }
  const ask = (method: string, path: string, body?: object) =>
    tally.count(send({ target, agent }, method, path, body), `${method} ${path}`)
  const made = await ask('POST', '/Groups', { schemas: [groupUrn], displayName: 'Everybody' })
  state.groupId = made.body?.id
  const next = () => oneOf(random, mix)({ state, ask, random })
  const ending = { isStopped: false }
  const running =
    options.requestsPerSecond === undefined
      ? inTurn(next, options.workers, ending)
      : onTime(next, options.requestsPerSecond, ending)
  return {
    totals: tally.totals,
    succeeded: tally.succeeded,
    async stop() {
      ending.isStopped = true
      await running
      agent.destroy()
    },
    lost: () => differences(target, state),
  }
}

async function inTurn(
  next: () => Promise<void>,
  workers: number,
  ending: { readonly isStopped: boolean },
): Promise<void> {
  const work = async () => {
    while (!ending.isStopped) await next()
  }
  await Promise.all(Array.from({ length: workers }, work))
}

async function onTime(
  next: () => Promise<void>,
  requestsPerSecond: number,
  ending: { readonly isStopped: boolean },
): Promise<void> {
  const startedAt = performance.now()
  const underWay = new Set<Promise<void>>()
  for (let sent = 0; !ending.isStopped; ) {
    const due = ((performance.now() - startedAt) / 1_000) * requestsPerSecond
    for (; sent < due; sent += 1) {
      const request = next().finally(() => underWay.delete(request))
      underWay.add(request)
    }
    await pause(5)
  }
  await Promise.all(underWay)
}

interface Turn {
  readonly state: State
  readonly random: () => number
  ask(method: string, path: string, body?: object): Promise<Answer>
}

/** The requests, in proportion to how often they are sent. */
const mix: readonly ((turn: Turn) => Promise<void>)[] = [
  ...Array.from({ length: 10 }, () => read),
  ...Array.from({ length: 4 }, () => find),
  ...Array.from({ length: 3 }, () => retitle),
  list,
  create,
  create,
  remove,
  activate,
  join,
]

async function read({ state, ask, random }: Turn): Promise<void> {
  const person = oneOf(random, state.people)
  // Another request may be deleting a busy person.
  await (person && !person.isBusy
    ? ask('GET', `/Users/${person.id}`)
    : ask('GET', '/Users?count=1'))
}

async function find({ state, ask, random }: Turn): Promise<void> {
  const userName = oneOf(random, state.people)?.userName ?? 'nobody'
  await ask('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)
}

async function list({ ask }: Turn): Promise<void> {
  await ask('GET', '/Users?count=50&excludedAttributes=groups')
}

async function create({ state, ask }: Turn): Promise<void> {
  state.names += 1
  const userName = `person-${state.names}@example.com`
  const answer = await ask('POST', '/Users', { schemas: [userUrn], userName, title: '0' })
  if (answer.status !== 201) return
  const { id } = answer.body
  const fresh = { written: 0, sent: 0, active: true, isMember: false, isBusy: false }
  state.people.push({ id, userName, ...fresh })
}

/** Changes a person while no other request does. */
async function change(turn: Turn, work: (person: Person) => Promise<void>): Promise<void> {
  const person = oneOf(turn.random, turn.state.people)
  if (person === undefined || person.isBusy) return await create(turn)
  person.isBusy = true
  await work(person)
  person.isBusy = false
}

function patchOf(op: string, path: string, value: unknown) {
  return { schemas: [patchUrn], Operations: [{ op, path, value }] }
}

async function retitle(turn: Turn): Promise<void> {
  await change(turn, async (person) => {
    person.sent += 1
    const body = patchOf('replace', 'title', String(person.sent))
    const answer = await turn.ask('PATCH', `/Users/${person.id}`, body)
    if (answer.status === 200) person.written = person.sent
  })
}

async function activate(turn: Turn): Promise<void> {
  await change(turn, async (person) => {
    const active = person.active !== true
    const body = patchOf('replace', 'active', active)
    const answer = await turn.ask('PATCH', `/Users/${person.id}`, body)
    person.active = answer.status === 200 ? active : undefined
  })
}

async function join(turn: Turn): Promise<void> {
  await change(turn, async (person) => {
    const isMember = person.isMember !== true
    const body = patchOf(isMember ? 'add' : 'remove', 'members', [{ value: person.id }])
    const answer = await turn.ask('PATCH', `/Groups/${turn.state.groupId}`, body)
    person.isMember = answer.status > 0 && answer.status < 300 ? isMember : undefined
  })
}

async function remove(turn: Turn): Promise<void> {
  const { people, gone } = turn.state
  if (people.length < 20) return await create(turn)
  await change(turn, async (person) => {
    people.splice(people.indexOf(person), 1)
    const answer = await turn.ask('DELETE', `/Users/${person.id}`)
    if (answer.status === 204) gone.push(person.id)
  })
}

interface Line {
  readonly target: LoadTarget
  readonly agent: http.Agent
}

/** Longer than the host takes for any request. */
const timeoutMs = 40_000

function send(
  { target, agent }: Line,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) =>
      resolve({ status: 0, headers: {}, body: undefined, failure: error.code ?? error.message })
    const text = body && JSON.stringify(body)
    const headers = {
      Authorization: `Bearer ${target.token}`,
      ...(text && {
        'Content-Type': 'application/scim+json',
        'Content-Length': Buffer.byteLength(text),
      }),
    }
    const options = { method, agent, headers, timeout: timeoutMs }
    const request = http.request(`${target.origin()}/scim/v2${path}`, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString()
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: answer === '' ? undefined : JSON.parse(answer) })
      })
    })
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', fail)
    request.end(text)
  })
}

function createTally() {
  const statuses: Record<number, number> = {}
  const timesMs: number[] = []
  const unanswered: string[] = []
  const failedIds: string[] = []
  const wrong: string[] = []
  return {
    totals: (): LoadTotals => ({ statuses, timesMs, unanswered, failedIds, wrong }),
    succeeded: () =>
      Object.entries(statuses).reduce(
        (sum, [status, count]) => sum + (status.startsWith('2') ? count : 0),
        0,
      ),
    async count(asked: Promise<Answer>, name: string) {
      const startedAt = performance.now()
      const answer = await asked
      timesMs.push(performance.now() - startedAt)
      const { status, failure } = answer
      statuses[status] = (statuses[status] ?? 0) + 1
      if (failure !== undefined) unanswered.push(`${name}: ${failure}`)
      if (status >= 500) failedIds.push(String(answer.headers['x-request-id']))
      const fault = faultOf(answer)
      if (fault) wrong.push(`${name}: ${fault}`)
      return answer
    },
  }
}

/** What is wrong with an answer, given that the client makes no mistakes. */
function faultOf({ status, headers, body }: Answer): string | undefined {
  if (status < 300) return undefined
  // Another request of the load has deleted it meanwhile.
  if (status === 404 && body?.schemas?.[0] === errorUrn) return undefined
  const isScim =
    body?.schemas?.[0] === errorUrn &&
    body.status === String(status) &&
    body.detail?.length > 0 &&
    /^application\/scim\+json/.test(headers['content-type'] ?? '')
  const isRight = status === 503 && isScim && Number(headers['retry-after']) >= 1
  return isRight ? undefined : `${status} ${headers['retry-after']} ${JSON.stringify(body)}`
}

async function differences(target: LoadTarget, state: State): Promise<string[]> {
  const agent = new http.Agent({ keepAlive: true })
  const found = new Map<string, { title: string; active: boolean }>()
  const get = async (path: string) => {
    const answer = await send({ target, agent }, 'GET', path)
    if (answer.status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(answer?.body)}`)
    return answer.body
  }
  for (let start = 1, total = 1; start <= total; start += 200) {
    const page = await get(`/Users?startIndex=${start}&count=200&excludedAttributes=groups`)
    for (const user of page.Resources) found.set(user.id, user)
    total = page.totalResults
  }
  const { members = [] } = await get(`/Groups/${state.groupId}`)
  agent.destroy()
  const memberIds = new Set<string>(members.map(({ value }: { value: string }) => value))
  return [
    ...state.people.flatMap((person) => differenceOf(person, found.get(person.id), memberIds)),
    ...state.gone.filter((id) => found.has(id)).map((id) => `${id} was deleted and is there.`),
    ...[...memberIds].filter((id) => !found.has(id)).map((id) => `Member ${id} does not exist.`),
  ]
}

function differenceOf(
  { id, userName, written, sent, active, isMember }: Person,
  found: { readonly title: string; readonly active: boolean } | undefined,
  memberIds: ReadonlySet<string>,
): string[] {
  if (found === undefined) return [`${userName} is lost.`]
  const title = Number(found.title)
  const lines: string[] = []
  if (title < written || title > sent) {
    lines.push(`${userName} has title ${title}, acknowledged was ${written}.`)
  }
  if (active !== undefined && found.active !== active) lines.push(`${userName} is ${!active}.`)
  if (isMember !== undefined && memberIds.has(id) !== isMember) {
    lines.push(`${userName} is ${isMember ? 'no' : 'still a'} member.`)
  }
  return lines
}

/** The maximum time of this share of the answers. */
export function percentile(timesMs: readonly number[], share: number): number {
  const sorted = [...timesMs].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
