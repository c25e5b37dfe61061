import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'
import {
  type AccessTarget,
  type Adapters,
  bearerTokens,
  createReconciler,
  type MappingRules,
  type Reconciler,
  type Scope,
  scimRouter,
} from 'label-studio-scim'
import { compileRules } from 'label-studio-scim/adapter'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { send } from './client.js'
import { type Databases, oneOfEach } from './databases.js'
import { authorization } from './start-server.js'
import type { Verdict } from './targets.js'

/** How many people change: 100,000 and 10,000 for the project's targets, fewer in a quick run. */
export interface MappingSizes {
  readonly marked: number
  readonly reconciled: number
}

/** Measures the cost of group mapping and compares it with the targets. */
export async function measureMapping(
  databases: Databases,
  sizes: MappingSizes,
): Promise<readonly Verdict[]> {
  const found: Verdict[] = [resolveOnePerson()]
  for await (const { kind, url } of oneOfEach(databases)) {
    found.push(...(await onDatabase(kind, url, sizes)))
  }
  return found
}

/**
 * Resolves the access of a person in 200 groups under 2,000 rules. The rules are compiled once, as
 * stores do.
 */
export function resolveOnePerson(): Verdict {
  // Each rule names a different group, so 200 rules of all three kinds apply to the person.
  const rules: MappingRules = {
    roles_groups: range(700).map((n) => [n % 2 ? 'Annotator' : 'Reviewer', `Group ${n}`]),
    workspaces_groups: range(700).map((n) => [`Workspace ${n % 90}`, `Group ${700 + n}`]),
    projects_groups: range(600).map((n) => ({
      project_id: 1 + (n % 200),
      group: `Group ${1_400 + n}`,
      role: n % 3 ? 'Annotator' : 'Inherit',
    })),
  }
  const policy = {
    onNoRole: 'deactivate',
    defaultRole: null,
    ignoreCase: false,
    allowSystemRoles: false,
  } as const
  const groups = range(200).map((n) => ({ id: `id-${n}`, displayName: `Group ${n * 10}` }))
  const resolve = compileRules(rules, policy)
  const person = { active: true, hadRole: true }
  const rounds = range(7).map(() => {
    const startedAt = performance.now()
    for (let call = 0; call < 2_000; call++) resolve(groups, person)
    return (performance.now() - startedAt) / 2
  })
  const figure = rounds.sort((a, b) => a - b)[3] ?? Number.NaN
  const target = 'one person in 200 groups under 2,000 rules: µs, at most 50'
  return { target, figure, isMet: figure <= 50 }
}

async function onDatabase(
  kind: string,
  url: string,
  sizes: MappingSizes,
): Promise<readonly Verdict[]> {
  const adapters = await sqlAdapters({ url, target: instantTarget, timeoutMs: 60_000 })
  try {
    const some = await fill(adapters, 'reconciled', sizes.reconciled)
    const many = await fill(adapters, 'marked', sizes.marked)
    const reconciled = await reconcileEverybody(adapters, some)
    const marked = await markEverybody(adapters, many)
    return verdicts(kind, sizes, { ...reconciled, ...marked })
  } finally {
    await adapters.close()
  }
}

/** A host that accepts every change immediately. */
const instantTarget: AccessTarget = {
  async deprovision() {},
  async applyAccess(_scope, _user, _access, plan) {
    return { applied: plan.grants, deferred: plan.deferred }
  },
}

const membersAtOnce = 5_000

/** A tenant whose people are all in one group. Nobody is marked yet. */
interface Filled {
  readonly scope: Scope
  readonly userId: string
  readonly groupId: string
}

/** Writes directly to the stores, which is much faster than SCIM requests. */
async function fill(adapters: Adapters, tenant: string, people: number): Promise<Filled> {
  const scope = { tenant, actor: 'bench', requestId: 'bench', signal: new AbortController().signal }
  const at = new Date().toISOString()
  const meta = (resourceType: string) => ({
    resourceType,
    created: at,
    lastModified: at,
    version: '1',
  })
  const ids = range(people).map((n) => `${tenant}-${String(n).padStart(6, '0')}`)
  const waiting = ids.values()
  const create = async () => {
    for (const id of waiting) {
      const user = { id, userName: `${id}@example.com`, active: true, meta: meta('User') }
      const keys = [{ attribute: 'userName', key: user.userName, unique: true }]
      await adapters.users.create(scope, user, { keys, comparable: () => ({ ...user }) })
    }
  }
  await Promise.all(range(8).map(create))
  const groupId = `${tenant}-group`
  const group = { id: groupId, displayName: 'Everybody', meta: meta('Group') }
  const keys = [{ attribute: 'displayName', key: 'everybody', unique: true }]
  const comparable = () => ({ displayName: group.displayName })
  await adapters.groups.create(scope, group, { keys, comparable })
  for (let start = 0; start < people; start += membersAtOnce) {
    const change = { add: ids.slice(start, start + membersAtOnce), remove: [] }
    await adapters.groups.changeMembers?.(scope, groupId, change, { now: at })
  }
  return { scope, userId: ids[0] ?? '', groupId }
}

/**
 * Applies a change of one group's rules to everybody in it, with a host that answers immediately.
 */
async function reconcileEverybody(adapters: Adapters, filled: Filled) {
  await saveRules(adapters, filled)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed)
  }, 100)
  const startedAt = performance.now()
  await createReconciler(adapters).drain()
  clearInterval(watch)
  return { seconds: secondsSince(startedAt), megabytes: (most - before) / 2 ** 20 }
}

/** Saves rules that affect everybody, and requests a user repeatedly until all are marked. */
async function markEverybody(adapters: Adapters, filled: Filled) {
  const host = await listen(adapters, filled.scope.tenant)
  const url = `${host.baseUrl}/Users/${filled.userId}`
  const reconciler = createReconciler(adapters)
  try {
    await send('GET', url)
    let isUnderWay = true
    const marking = allMarked(adapters, filled, reconciler).finally(() => {
      isUnderWay = false
    })
    let slowestMs = 0
    while (isUnderWay) {
      const askedAt = performance.now()
      await send('GET', url)
      slowestMs = Math.max(slowestMs, performance.now() - askedAt)
      await pause(10)
    }
    return { markSeconds: await marking, slowestMs }
  } finally {
    await reconciler.stop()
    host.stop()
  }
}

/**
 * Saves the rules and waits until everybody is marked. It checks only now and then, because
 * counting costs time too. Returns seconds.
 */
async function allMarked(
  adapters: Adapters,
  filled: Filled,
  reconciler: Reconciler,
): Promise<number> {
  const startedAt = performance.now()
  await saveRules(adapters, filled)
  reconciler.start()
  while (((await adapters.access?.summary(filled.scope))?.fanningOut ?? 0) > 0) await pause(200)
  return secondsSince(startedAt)
}

async function saveRules({ access }: Adapters, { scope, groupId }: Filled): Promise<void> {
  const rules: MappingRules = {
    roles_groups: [['Annotator', 'Everybody']],
    workspaces_groups: [['Vision', 'Everybody']],
    projects_groups: [],
  }
  await access?.saveRules(scope, rules, { expectedVersion: '0', affects: [groupId] })
}

async function listen(adapters: Adapters, tenant: string) {
  const token = authorization.replace('Bearer ', '')
  const app = express()
  const authenticate = bearerTokens([{ name: 'bench', token, tenant }])
  app.use('/scim/v2', scimRouter(adapters, { authenticate }))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/scim/v2`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function verdicts(
  kind: string,
  sizes: MappingSizes,
  measured: Awaited<ReturnType<typeof reconcileEverybody>> &
    Awaited<ReturnType<typeof markEverybody>>,
): Verdict[] {
  const { seconds, megabytes, markSeconds, slowestMs } = measured
  const access = `access of ${sizes.reconciled.toLocaleString('en')} people, ${kind}`
  const rules = `rules that touch ${sizes.marked.toLocaleString('en')} people, ${kind}`
  const atMost = (target: string, figure: number, most: number): Verdict => ({
    target: `${target} ${most}`,
    figure,
    isMet: figure <= most,
  })
  return [
    atMost(`${access}: made true, seconds, at most`, seconds, 60),
    atMost(`${access}: growth of the heap, MB, at most`, megabytes, 200),
    atMost(`${rules}: all marked, seconds, at most`, markSeconds, 5),
    atMost(`${rules}: slowest request meanwhile, ms, at most`, slowestMs, 100),
  ]
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
