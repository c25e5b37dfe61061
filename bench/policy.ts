import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AccessGate, type Adapters, accessGate, type MappingRules } from 'label-studio-scim'
import {
  identifyLabelStudioUser,
  labelStudioAdapters,
  labelStudioPolicy,
  sinceFirstRule,
} from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import type { Databases } from './databases.js'
import type { Effort } from './requests.js'
import type { Verdict } from './targets.js'

/** How many rules exist, and how many of them concern the person who sends the requests. */
interface RuleSizes {
  readonly groups: number
  readonly projects: number
  /** Number of the person's groups. Each gives its share of the projects. */
  readonly groupsOfPerson: number
  readonly projectsInWorkspace: number
}

const few: RuleSizes = { groups: 5, projects: 5, groupsOfPerson: 1, projectsInWorkspace: 5 }
const many: RuleSizes = {
  groups: 2_000,
  projects: 10_000,
  groupsOfPerson: 20,
  projectsInWorkspace: 10_000,
}

const requestsOfRound = 100
/** The answer of the application behind the gate: a project, a task, or an empty list. */
const application = JSON.stringify({ id: 1, project: 1, annotations: [], count: 0, results: [] })
const targetMs = 0.3
const scope = {
  tenant: 'default',
  actor: 'bench',
  requestId: 'bench',
  signal: new AbortController().signal,
}

/** A project, one of its tasks, and the list of projects. */
const paths = ['/api/projects/1/', '/api/tasks/1/', '/api/projects?page=1']

/**
 * Measures how long the gate holds a request, and how much of that the policy adds: on SQLite with
 * few rules and with many, and on PostgreSQL if available.
 */
export async function measurePolicy(
  { rounds }: Effort,
  databases: Databases,
): Promise<readonly Verdict[]> {
  const behind = await listen(labelStudio)
  const found: Verdict[] = []
  for (const [name, sizes, url] of [
    ['few rules', few, 'sqlite::memory:'],
    ['2,000 groups and 10,000 projects', many, 'sqlite::memory:'],
    ['PostgreSQL, few rules', few, await databases.create('postgres')],
  ] as const) {
    if (url === undefined) continue
    const storage = await sqlAdapters({ url })
    await fill(storage, sizes)
    const adapters = labelStudioAdapters({ url: behind.url, token: 'owner', storage })
    found.push(...(await measureGates(adapters, behind.url, { name, rounds })))
    await storage.close()
  }
  behind.stop()
  return found
}

async function measureGates(
  adapters: Adapters,
  url: string,
  { name, rounds }: { readonly name: string; readonly rounds: number },
): Promise<readonly Verdict[]> {
  const identify = identifyLabelStudioUser({ url })
  const enforce = labelStudioPolicy({ url, token: 'owner', isInForce: sinceFirstRule(adapters) })
  const alone = accessGate(adapters, { identify })
  const withPolicy = accessGate(adapters, { identify, enforce })
  const found: Verdict[] = []
  for (const path of paths) {
    const gates = [await gateServer(alone), await gateServer(withPolicy)]
    const [base = Number.NaN, all = Number.NaN] = await medians(gates, path, rounds)
    for (const gate of gates) gate.stop()
    const target =
      `${name}, ${path}: gate ${base.toFixed(3)} ms (p99 ${p99Of(gates[0]).toFixed(3)}), ` +
      `with policy ${all.toFixed(3)} ms; ` +
      `policy, ms, at most ${targetMs}`
    console.log(target)
    found.push({ target, figure: all - base, isMet: all - base <= targetMs })
  }
  alone.close()
  withPolicy.close()
  return found
}

/** Needs sorted times. */
function p99Of(gate: Measured | undefined): number {
  return gate?.times[Math.floor(gate.times.length * 0.99)] ?? Number.NaN
}

interface Measured {
  readonly url: string
  readonly times: number[]
  stop(): void
}

/**
 * A server that answers as soon as the gate lets a request through and records how long that took.
 */
async function gateServer(gate: AccessGate): Promise<Measured> {
  const times: number[] = []
  const server = await listen((request, response) => {
    const at = performance.now()
    gate(request, response, () => {
      times.push(performance.now() - at)
      response.setHeader('content-type', 'application/json')
      response.end(application)
    })
  })
  return { ...server, times }
}

/** Alternates between the gates, so that other load on the machine affects all of them alike. */
async function medians(
  gates: readonly Measured[],
  path: string,
  rounds: number,
): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  // The first two rounds warm up.
  for (let round = -2; round < rounds; round++) {
    if (round === 0) for (const { times } of gates) times.length = 0
    for (const { url } of gates) {
      for (let each = 0; each < requestsOfRound; each++) await ask(`${url}${path}`, agent)
    }
  }
  agent.destroy()
  return gates.map(({ times }) => times.sort((a, b) => a - b)[times.length / 2] ?? Number.NaN)
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: 'Token person' } }, (response) => {
      const { statusCode = 0 } = response
      response.resume().on('end', () => {
        if (statusCode === 200) resolve()
        else reject(new Error(`${url}: ${statusCode}`))
      })
    }).on('error', reject)
  })
}

/** The part of Label Studio that the gate and the policy call. */
function labelStudio({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const isOwner = headers.authorization === 'Token owner'
  const [id, email] = isOwner ? [2, 'owner@example.com'] : [1, 'person@example.com']
  const answer = url.includes('/version')
    ? { edition: 'Community', release: '1.23.2' }
    : { id, email, active_organization: 1, project: 1 }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Creates one person in some of the groups, all rules, and a workspace. */
async function fill(adapters: Adapters, sizes: RuleSizes): Promise<void> {
  const at = new Date().toISOString()
  const meta = { created: at, lastModified: at, version: '1' }
  const user = {
    id: 'person',
    userName: 'person@example.com',
    active: true,
    meta: { ...meta, resourceType: 'User' },
  }
  const keys = [{ attribute: 'userName', key: user.userName, unique: true }]
  await adapters.users.create(scope, user, { keys, comparable: () => ({ ...user }) })
  await adapters.access?.saveRecord(scope, {
    userId: user.id,
    email: user.userName,
    applied: [],
    deferred: [],
    notes: [],
    account: { id: '1', origin: 'created' },
    enforced: 'active',
    hadRole: true,
    at,
  })
  for (let each = 0; each < sizes.groupsOfPerson; each++) {
    const displayName = `Group ${each}`
    const group = { id: `group-${each}`, displayName, meta: { ...meta, resourceType: 'Group' } }
    const unique = [{ attribute: 'displayName', key: displayName.toLowerCase(), unique: true }]
    await adapters.groups.create(scope, group, {
      keys: unique,
      comparable: () => ({ displayName }),
    })
    const change = { add: [user.id], remove: [] }
    await adapters.groups.changeMembers?.(scope, group.id, change, { now: at })
  }
  await adapters.access?.saveRules(scope, rulesOf(sizes), { expectedVersion: '0', affects: [] })
  const workspace = { id: 'workspace', title: 'Vision' }
  await adapters.workspaceStore?.create(scope, workspace)
  const inside = range(sizes.projectsInWorkspace).map((each) => 1 + each)
  await adapters.workspaceStore?.putProjects(scope, workspace.id, inside)
}

function rulesOf({ groups, projects }: RuleSizes): MappingRules {
  return {
    roles_groups: range(groups).map((each) => ['Annotator', `Group ${each}`]),
    workspaces_groups: [['Vision', 'Group 0']],
    projects_groups: range(projects).map((each) => ({
      project_id: 1 + each,
      group: `Group ${each % groups}`,
      role: 'Inherit',
    })),
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
