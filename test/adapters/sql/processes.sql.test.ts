import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aGroup, aScope, everything, writeOf } from '../support.js'

const runner = path.join(__dirname, '../../support/run-typescript.cjs')
const program = path.join(__dirname, 'host-process.ts')

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.drop())

/** A host process; `stored` grows by the id of each user it says it has stored. */
function startHost(tenant: string, prefix: string, count: number) {
  const values = [database.url, tenant, prefix, String(count)]
  const child = spawn(process.execPath, ['--no-warnings', runner, program, ...values], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stored: string[] = []
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => line !== 'ready' && stored.push(line))
  const ended = once(child, 'close').then(([code]) => ({ code, errors }))
  return { child, stored, ended, lines }
}

async function withGroup(tenant: string): Promise<void> {
  const adapters = await sqlAdapters({ url: database.url })
  const group = aGroup({ id: 'group' })
  await adapters.groups.create(aScope(tenant), group, writeOf(group))
  await adapters.close()
}

async function storedBy(tenant: string) {
  const adapters = await sqlAdapters({ url: database.url })
  const scope = aScope(tenant)
  const page = { kind: 'index', offset: 0, limit: 1000 } as const
  const users = await adapters.users.query(scope, { ...everything, page })
  const group = await adapters.groups.get(scope, 'group', everything)
  await adapters.close()
  return {
    users: users.resources.map(({ id }) => id).sort(),
    members: (group?.members ?? []).map(({ value }) => value).sort(),
  }
}

it('lets two processes write one database: each name once, every member kept (S-INT-01) (S-INT-02)', async () => {
  await withGroup('shared')
  const hosts = [startHost('shared', 'user', 100), startHost('shared', 'USER', 100)]
  const ends = await Promise.all(hosts.map(({ ended }) => ended))
  expect(ends).toEqual([
    { code: 0, errors: '' },
    { code: 0, errors: '' },
  ])
  const acknowledged = hosts.flatMap(({ stored }) => stored).sort()
  expect(acknowledged).toHaveLength(100)
  expect(await storedBy('shared')).toEqual({ users: acknowledged, members: acknowledged })
}, 60_000)

it('keeps everything it acknowledged when the process is killed (S-INT-05)', async () => {
  await withGroup('killed')
  const host = startHost('killed', 'user', 100_000)
  await enough(host.child, host.lines, 60)
  host.child.kill('SIGKILL')
  await host.ended
  const { users, members } = await storedBy('killed')
  expect(host.stored.length).toBeGreaterThanOrEqual(60)
  expect(users).toEqual(expect.arrayContaining(host.stored))
  expect(members).toEqual(expect.arrayContaining(host.stored))
}, 60_000)

async function enough(
  child: ChildProcess,
  lines: ReturnType<typeof createInterface>,
  count: number,
): Promise<void> {
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    child.once('close', () => reject(new Error('The process ended early.')))
    lines.on('line', () => {
      seen += 1
      if (seen > count) resolve()
    })
  })
}
