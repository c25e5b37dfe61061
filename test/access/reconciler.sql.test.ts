import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { recordingTarget } from './recording-target.js'
import { createWorld, someRules, type World } from './world.js'

let database: TestDatabase
const opened: { close(): Promise<void> }[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})

async function aHost() {
  const host = recordingTarget()
  const adapters = await sqlAdapters({ url: database.url, target: host.target })
  opened.push(adapters)
  const world: World = createWorld(adapters)
  return { ...world, host, access: world.adapters.access }
}

const people = async (world: World, count: number) => {
  const users = []
  for (let index = 0; index < count; index++) {
    users.push(await world.addUser(`user${index}@example.com`))
  }
  return users
}

/**
 * A host that lives through the deaths of the processes that call it, and kills one at or after
 * each call named.
 */
async function aMortalsHost(deadlyCalls: readonly number[]) {
  const left = [...deadlyCalls]
  const state = new Map<string, 'active' | 'deprovisioned'>()
  let calls = 0
  let child: ChildProcess | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { kind, id } = JSON.parse(Buffer.concat(chunks).toString())
      calls += 1
      state.set(id, kind === 'apply' ? 'active' : 'deprovisioned')
      // The effect is in force, and the caller will never know.
      const isDeadly = child?.killed === false && calls >= (left[0] ?? Number.POSITIVE_INFINITY)
      if (isDeadly) {
        left.shift()
        child?.kill('SIGKILL')
      } else response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    state,
    /** Runs a process that reconciles, until it dies. */
    async raise(): Promise<ChildProcess> {
      const runner = path.join(__dirname, '../support/run-typescript.cjs')
      const program = path.join(__dirname, 'reconciling-child.ts')
      child = spawn(process.execPath, [runner, program, database.url, url], { stdio: 'inherit' })
      return child
    },
    stop: () => {
      child?.kill('SIGKILL')
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('the reconciler on a database', () => {
  it('loses nobody when its process is killed at any point, again and again', async () => {
    const world = await aHost()
    const users = await people(world, 40)
    const crew = await world.addGroup('Crew', users)
    await world.access.saveRules(world.scope, someRules({ roles_groups: [['Manager', 'Crew']] }), {
      expectedVersion: '0',
      affects: [crew.displayName],
    })
    const host = await aMortalsHost([1, 7, 20, 21])
    try {
      for (let death = 0; death < 4; death++) {
        const child = await host.raise()
        const [, signal] = await once(child, 'exit')
        expect(signal).toBe('SIGKILL')
        if (death === 1) await world.changeMembers(crew, { remove: users.slice(0, 10) })
        if (death === 2) await world.changeUser(users[39]!, { active: false })
      }
      await host.raise()
      const isDone = async () => {
        const { pending, fanningOut } = await world.access.summary(world.scope)
        return pending + fanningOut === 0
      }
      while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      host.stop()
    }

    const records = await world.access.getRecords(
      world.scope,
      users.map(({ id }) => id),
    )
    const ledger = new Map(records.map((record) => [record.userId, record]))
    const wrong = users.filter(({ id }, index) => {
      const shouldBeIn = index >= 10 && index < 39
      const expected = shouldBeIn ? 'active' : host.state.get(id)
      return host.state.get(id) !== expected || ledger.get(id)?.enforced !== host.state.get(id)
    })
    expect(wrong).toEqual([])
    expect(host.state.get(users[39]!.id)).toBe('deprovisioned')
    expect(ledger.get(users[20]!.id)?.applied).toEqual([{ kind: 'role', role: 'Manager' }])
  }, 180_000)

  it('shares the work of several hosts, none of them twice', async () => {
    const first = await aHost()
    const second = await aHost()
    const users = await people(first, 60)
    const slowly = () => new Promise<void>((resolve) => setTimeout(resolve, 2))
    first.host.haveTrouble(slowly)
    second.host.haveTrouble(slowly)

    await Promise.all([
      createReconciler(first.adapters, { concurrency: 4 }).drain(),
      createReconciler(second.adapters, { concurrency: 4 }).drain(),
    ])

    const done = [...first.host.calls, ...second.host.calls].map(({ user }) => user)
    expect(done).toHaveLength(users.length)
    expect(new Set(done).size).toBe(users.length)
    expect((await first.access.summary(first.scope)).pending).toBe(0)
  })

  it('carries out a change of rules that another host began', async () => {
    const first = await aHost()
    const users = await people(first, 30)
    const crew = await first.addGroup('Crew', users)
    await createReconciler(first.adapters).drain()
    await first.access.saveRules(
      first.scope,
      someRules({ workspaces_groups: [['Vision', 'Crew']] }),
      { expectedVersion: '0', affects: [crew.displayName] },
    )
    await first.access.fanOut(7)

    const second = await aHost()
    await createReconciler(second.adapters, { batch: 10 }).drain()

    expect(second.host.calls).toHaveLength(30)
    const [record] = await second.access.getRecords(second.scope, [users[29]!.id])
    expect(record?.applied).toEqual([{ kind: 'workspace', title: 'Vision' }])
  })

  it('refuses the second of two hosts that save rules at once, and overwrites nothing', async () => {
    const [first, second] = [await aHost(), await aHost()]
    const mine = someRules({ roles_groups: [['Manager', 'Mine']] })
    const yours = someRules({ roles_groups: [['Manager', 'Yours']] })
    const options = { expectedVersion: '0', affects: 'everybody' } as const

    const outcomes = await Promise.allSettled([
      first.access.saveRules(first.scope, mine, options),
      second.access.saveRules(second.scope, yours, options),
    ])

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const winner = outcomes[0]?.status === 'fulfilled' ? mine : yours
    expect((await first.access.rules(first.scope)).rules).toEqual(winner)
  })
})
