import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { bearerTokens, createReconciler, type MappingRules, scimRouter } from 'label-studio-scim'
import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { startFakeLabelStudio } from '../test/support/fake-label-studio/index.js'
import { startLabelStudio } from '../test/support/label-studio-server.js'
import { send } from './client.js'
import type { Databases } from './databases.js'
import { authorization } from './start-server.js'
import { digits } from './statistics.js'
import type { Verdict } from './targets.js'

const maxRequestsEach = 3
const usersAtOnce = 8
/** Each has a fifth of the people, so everybody is in ten of them. */
const groups = 50
const scope = {
  tenant: 'default',
  actor: 'bench',
  requestId: 'bench',
  signal: new AbortController().signal,
}

/** A Label Studio to push to. */
interface Target {
  readonly name: string
  readonly url: string
  readonly token: string
  readonly owner?: { readonly email: string; readonly password: string }
  readonly rules: MappingRules
  stop(): Promise<void>
}

/**
 * Measures a first push of people and groups: how long it takes, and the requests to Label Studio
 * for each person. To a fake Enterprise, whose groups give workspaces and projects, and to the real
 * Community.
 */
export async function measureFirstPush(
  databases: Databases,
  users: number,
): Promise<readonly Verdict[]> {
  const found: Verdict[] = []
  for (const start of [enterprise, community]) {
    const target = await start()
    try {
      const url = await databases.create('sqlite')
      if (url !== undefined) found.push(await pushTo(target, url, users))
    } finally {
      await target.stop()
    }
  }
  return found
}

async function enterprise(): Promise<Target> {
  const { state, ...fake } = await startFakeLabelStudio({ mode: 'lse' })
  const numbers = range(groups)
  const projects = numbers.map((n) => {
    const id = state.nextId()
    state.projects.set(id, { id, title: `Project ${n}`, createdBy: 1, members: new Set() })
    return id
  })
  for (const n of numbers) {
    const id = state.nextId()
    const members = new Set<number>()
    const kind = { isPersonal: false, isArchived: false }
    state.workspaces.set(id, { id, title: `Workspace ${n}`, members, ...kind })
  }
  return {
    ...fake,
    name: 'Enterprise (fake)',
    rules: {
      roles_groups: numbers.map((n) => ['Annotator', `Group ${n}`]),
      workspaces_groups: numbers.map((n) => [`Workspace ${n}`, `Group ${n}`]),
      projects_groups: numbers.map((n) => ({
        project_id: projects[n] ?? 0,
        group: `Group ${n}`,
        role: 'Annotator',
      })),
    },
  }
}

async function community(): Promise<Target> {
  const { ownerEmail: email, ownerPassword: password, ...server } = await startLabelStudio()
  return {
    ...server,
    name: 'Community',
    owner: { email, password },
    rules: {
      roles_groups: range(groups).map((n) => ['Annotator', `Group ${n}`]),
      workspaces_groups: [],
      projects_groups: [],
    },
  }
}

async function pushTo(target: Target, databaseUrl: string, users: number): Promise<Verdict> {
  const calls = countCalls()
  const storage = await sqlAdapters({ url: databaseUrl })
  const { url, token, owner } = target
  const adapters = labelStudioAdapters({
    url,
    token,
    storage,
    fetch: calls.fetch,
    ...(owner && { owner }),
  })
  const reconciler = createReconciler(adapters)
  const authenticate = bearerTokens([{ name: 'bench', token: authorization.slice(7) }])
  const app = express()
  const onPending = () => reconciler.wake()
  app.use('/scim/v2', scimRouter(adapters, { authenticate, onPending }))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await adapters.access.saveRules(scope, target.rules, { expectedVersion: '0', affects: [] })
  reconciler.start()
  const startedAt = performance.now()
  await push(`http://127.0.0.1:${port}/scim/v2`, users)
  const pushed = secondsSince(startedAt)
  await reconciler.drain()
  const seconds = secondsSince(startedAt)
  const { pending, failed } = await adapters.access.summary(scope)
  await reconciler.stop()
  server.closeAllConnections()
  server.close()
  await storage.close()
  if (pending + failed > 0) throw new Error(`${pending} people are pending, ${failed} failed.`)
  const each = calls.total() / users
  console.log(
    `\n${target.name}: first push of ${digits(users)} people and ${groups} groups of ` +
      `${digits(users / 5)}: sent in ${pushed.toFixed(1)} s, done after ${seconds.toFixed(1)} s; ` +
      `${digits(calls.total())} requests to Label Studio, at most ${calls.most()} at once\n` +
      calls.table(),
  )
  return {
    target: `${target.name}: requests for each person of a first push, at most ${maxRequestsEach}`,
    figure: each,
    isMet: each <= maxRequestsEach,
  }
}

/** Sends people and then groups, as an identity provider does. */
async function push(baseUrl: string, users: number): Promise<void> {
  const ids: string[] = []
  const waiting = range(users).values()
  const create = async () => {
    for (const n of waiting) {
      const userName = `person-${n}@example.com`
      const name = { givenName: `Given ${n}`, familyName: `Family ${n}` }
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
      const user = await send('POST', `${baseUrl}/Users`, { schemas, userName, name, active: true })
      ids[n] = String(user['id'])
    }
  }
  await Promise.all(range(usersAtOnce).map(create))
  for (const n of range(groups)) {
    const members = range(users / 5).map((each) => ({ value: ids[memberOf(n, each, users)] }))
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group']
    await send('POST', `${baseUrl}/Groups`, { schemas, displayName: `Group ${n}`, members })
  }
}

/** Five groups in a row have everybody once: as blocks of people or, in turn, as every fifth. */
function memberOf(group: number, place: number, users: number): number {
  const part = group % 5
  const isBlock = Math.floor(group / 5) % 2 === 0
  return isBlock ? (part * users) / 5 + place : place * 5 + part
}

/** A `fetch` that counts requests by method and path without ids. */
function countCalls() {
  const counts = new Map<string, number>()
  let [inFlight, most] = [0, 0]
  const counting: typeof fetch = async (input, init) => {
    const { pathname, searchParams } = new URL(String(input))
    const asked = [...searchParams.keys()].filter((each) => !each.startsWith('page'))
    const query = asked.length > 0 ? `?${asked.join('&')}` : ''
    const name = `${init?.method ?? 'GET'} ${pathname.replace(/\/\d+/g, '/{id}')}${query}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
    inFlight += 1
    most = Math.max(most, inFlight)
    try {
      return await fetch(input, init)
    } finally {
      inFlight -= 1
    }
  }
  return {
    fetch: counting,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    most: () => most,
    table: () =>
      [...counts]
        .sort(([, a], [, b]) => b - a)
        .map(([name, count]) => `${String(count).padStart(8)}  ${name}`)
        .join('\n'),
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
