import { randomUUID } from 'node:crypto'
import {
  type LabelStudioAdaptersOptions,
  labelStudioAdapters,
} from '../../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { createReconciler } from '../../../lib/access/index.js'
import { comparableOf } from '../../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../../lib/schema/compile.js'
import { lookupKeys } from '../../../lib/schema/lookups.js'
import type { JsonObject } from '../../../lib/schema/types.js'
import type { Group, Resource, Scope, User } from '../../../lib/stores/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'

const types = compileResourceTypes().byName
const whole = { omit: new Set<string>() }

let fake: FakeLabelStudio
afterEach(() => fake.stop())

const scope = (): Scope => ({
  tenant: 'default',
  actor: 'test',
  requestId: 'r1',
  signal: AbortSignal.timeout(20_000),
})

function start(options: Partial<LabelStudioAdaptersOptions> = {}) {
  const storage = memoryAdapters()
  const owner = { email: fake.ownerEmail, password: fake.ownerPassword }
  const connection = { url: fake.url, token: fake.token, baseDelayMs: 1, maxDelayMs: 5 }
  const adapters = labelStudioAdapters({ ...connection, storage, owner, ...options })
  const reconciler = createReconciler(adapters, { backoffMs: 1, maxBackoffMs: 2 })
  return { adapters, storage, drain: () => reconciler.drain() }
}

type Started = ReturnType<typeof start>

function aUser(given: JsonObject): User {
  const at = new Date().toISOString()
  const meta = { resourceType: 'User', created: at, lastModified: at, version: '1' }
  return { id: randomUUID(), userName: 'nobody', active: true, meta, ...given } as unknown as User
}

function writeOf(resource: Resource, pending: readonly string[] = [resource.id]) {
  const type = types.get(resource.meta.resourceType)!
  return {
    keys: lookupKeys(type, resource),
    comparable: () => comparableOf(type, resource),
    outbox: { pending },
  }
}

async function push({ adapters, drain }: Started, given: JsonObject): Promise<User> {
  const user = aUser(given)
  await adapters.users.create(scope(), user, writeOf(user))
  await drain()
  return user
}

async function change({ adapters, drain }: Started, user: User, given: JsonObject): Promise<User> {
  const version = String(Number(user.meta.version) + 1)
  const changed = { ...user, ...given, meta: { ...user.meta, version } } as User
  const write = { ...writeOf(changed), expectedVersion: user.meta.version }
  await adapters.users.replace(scope(), changed, write)
  await drain()
  return changed
}

async function pushGroup(
  { adapters, drain }: Started,
  displayName: string,
  members: readonly User[],
) {
  const at = new Date().toISOString()
  const meta = { resourceType: 'Group', created: at, lastModified: at, version: '1' }
  const group = {
    id: randomUUID(),
    displayName,
    members: members.map(({ id }) => ({ value: id })),
    meta,
  } as unknown as Group
  await adapters.groups.create(
    scope(),
    group,
    writeOf(
      group,
      members.map(({ id }) => id),
    ),
  )
  await drain()
  return group
}

const ann = {
  userName: 'Ann@Example.com',
  name: { givenName: 'Ann', familyName: 'Archer' },
  emails: [{ value: 'Ann@Example.com', type: 'work', primary: true }],
}

const accountOf = (email: string) =>
  [...fake.state.users.values()].find((user) => user.email.toLowerCase() === email)

it.each(['oss-new', 'lse'] as const)(
  'logs when access begins, ends and returns in %s',
  async (mode) => {
    fake = await startFakeLabelStudio({ mode })
    const world = start()
    const shut = await change(world, await push(world, ann), { active: false })
    await change(world, await change(world, shut, { active: true }), { title: 'Dr.' })
    const log = await world.storage.audit.query(scope(), { limit: 10 })
    expect(log.map(({ event, detail }) => [event, detail])).toEqual([
      ['access.granted', 'access'],
      ['user.deprovisioned', undefined],
      ['access.granted', 'access'],
    ])
  },
)

describe('Community with the owner’s sign-in', () => {
  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
  })

  it('creates an account with a lower-cased address and keeps its names up to date', async () => {
    const host = start()
    const user = await push(host, ann)
    expect(accountOf('ann@example.com')).toMatchObject({
      email: 'ann@example.com',
      firstName: 'Ann',
      lastName: 'Archer',
    })
    await change(host, user, { name: { givenName: 'Ann', familyName: 'Baker' } })
    expect(accountOf('ann@example.com')).toMatchObject({ lastName: 'Baker' })
  })

  it('deactivates really, and brings back', async () => {
    const host = start()
    const user = await push(host, ann)
    const gone = await change(host, user, { active: false })
    expect(accountOf('ann@example.com')?.isActive).toBe(false)
    await change(host, gone, { active: true })
    expect(accountOf('ann@example.com')?.isActive).toBe(true)
  })

  it('renames through the admin', async () => {
    const host = start()
    const user = await push(host, ann)
    await change(host, user, {
      userName: 'ann.b@example.com',
      emails: [{ value: 'ann.b@example.com' }],
    })
    expect(accountOf('ann.b@example.com')).toBeDefined()
    expect(accountOf('ann@example.com')).toBeUndefined()
  })

  it('protects the owner', async () => {
    const { adapters } = start()
    const owner = aUser({ userName: fake.ownerEmail })
    await expect(adapters.users.exemptions?.(scope(), [owner])).resolves.toEqual([
      { kind: 'protected', reason: expect.stringMatching(/owner/) },
    ])
  })

  it('refuses people without an e-mail address', async () => {
    const { adapters } = start()
    const user = aUser({ userName: 'ann' })
    await expect(adapters.users.create(scope(), user, writeOf(user))).rejects.toMatchObject({
      code: 'ERR_SCIM_REFUSED',
      status: 400,
    })
  })

  it('lists people who were there before, and manages them from the first change on', async () => {
    const host = start()
    const api = { Authorization: `Token ${fake.token}`, 'Content-Type': 'application/json' }
    const body = JSON.stringify({ username: 'old', email: 'Old@example.com', first_name: 'Olga' })
    await fetch(`${fake.url}/api/users/`, { method: 'POST', headers: api, body })
    await expect(host.adapters.importer.run()).resolves.toMatchObject({ imported: 2 })
    await expect(host.adapters.importer.run()).resolves.toEqual({
      imported: 0,
      updated: 0,
      linked: 0,
      drifted: 0,
      removed: 0,
    })
    const page = { kind: 'index', offset: 0, limit: 10 } as const
    const { resources } = await host.adapters.users.query(scope(), { ...whole, page })
    const olga = resources.find(({ userName }) => userName === 'old@example.com')!
    expect(olga).toMatchObject({ active: true, name: { givenName: 'Olga' } })
    await change(host, olga, { active: false })
    expect(accountOf('old@example.com')?.isActive).toBe(false)
  })
})

describe('Community that ended in the middle', () => {
  /** An account without a membership. */
  async function aHalf() {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const api = { Authorization: `Token ${fake.token}`, 'Content-Type': 'application/json' }
    const body = JSON.stringify({ username: 'ann', email: 'ann@example.com' })
    await fetch(`${fake.url}/api/users/`, { method: 'POST', headers: api, body })
    const half = accountOf('ann@example.com')!
    for (const member of [...fake.state.members.values()]) {
      if (member.userId === half.id) fake.state.members.delete(member.id)
    }
    return half
  }

  it('makes an account a member that was left without a membership', async () => {
    const half = await aHalf()
    const host = start()
    const user = await push(host, ann)
    const record = await host.adapters.access.getRecord(scope(), user.id)
    expect(record).toMatchObject({ enforced: 'active', account: { id: String(half.id) } })
    expect([...fake.state.members.values()].map(({ userId }) => userId)).toContain(half.id)
  })

  it('tries again if Label Studio does not show at once whom the owner has brought back', async () => {
    const half = await aHalf()
    let isHidden = true
    const host = start({
      fetch: async (input, init) => {
        const isAsked = String(input).endsWith(`/api/users/${half.id}/`)
        if (!isAsked || !isHidden || init?.method !== 'GET') return fetch(input, init)
        isHidden = false
        return Response.json({ detail: 'Not found.' }, { status: 404 })
      },
    })
    const user = await push(host, ann)
    expect(await host.adapters.access.summary(scope())).toMatchObject({ pending: 1, failed: 0 })
    const inAMinute = Date.now() + 60_000
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => inAMinute)
    await host.drain()
    clock.mockRestore()
    expect(isHidden).toBe(false)
    expect(await host.adapters.access.getRecord(scope(), user.id)).toMatchObject({
      enforced: 'active',
      account: { id: String(half.id) },
    })
  })

  it('brings a removed person back with the owner’s sign-in', async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const host = start({ deprovisioning: 'soft-delete' })
    const user = await push(host, ann)
    const gone = await change(host, user, { active: false })
    const member = () =>
      [...fake.state.members.values()].find(
        ({ userId }) => userId === accountOf('ann@example.com')?.id,
      )
    expect(member()?.deletedAt).toBeDefined()
    await change(host, gone, { active: true })
    expect(member()?.deletedAt).toBeUndefined()
  })
})

describe('Community without the owner’s sign-in', () => {
  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
  })

  it('creates nobody, so that the invite can, and adopts the account that appears', async () => {
    const storage = memoryAdapters()
    const adapters = labelStudioAdapters({ url: fake.url, token: fake.token, storage })
    const host = { adapters, storage, drain: () => createReconciler(adapters).drain() }
    const user = await push(host, ann)
    expect(accountOf('ann@example.com')).toBeUndefined()
    const record = await adapters.access.getRecord(scope(), user.id)
    expect(record?.notes[0]).toMatch(/signs up/)
  })
})

describe('Enterprise', () => {
  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'lse' })
  })

  it('gives roles, deactivates with DI and restores what the groups give', async () => {
    const host = start({ createWorkspaces: true })
    const rules = {
      roles_groups: [['Reviewer', 'crew']],
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [],
    } as const
    await host.adapters.access.saveRules(scope(), rules, {
      expectedVersion: '0',
      affects: 'everybody',
    })
    const user = await push(host, ann)
    await pushGroup(host, 'crew', [user])
    const record = await host.adapters.access.getRecord(scope(), user.id)
    expect(record?.applied).toEqual([
      { kind: 'role', role: 'Reviewer' },
      { kind: 'workspace', title: 'Vision', workspaceId: expect.any(Number) },
    ])
    const gone = await change(host, user, { active: false })
    await change(host, gone, { active: true })
    const now = await host.adapters.users.currentAccess?.(scope(), user)
    expect(now?.applied).toEqual([
      { kind: 'role', role: 'Reviewer' },
      { kind: 'workspace', title: 'Vision' },
    ])
  })
})

describe('seats of Enterprise', () => {
  it('refuses to bring somebody back when every seat is taken, and says so', async () => {
    fake = await startFakeLabelStudio({ mode: 'lse', seatLimit: 2 })
    const host = start()
    const rules = {
      roles_groups: [['Annotator', 'crew']],
      workspaces_groups: [],
      projects_groups: [],
    } as const
    await host.adapters.access.saveRules(scope(), rules, {
      expectedVersion: '0',
      affects: 'everybody',
    })
    const first = await push(host, ann)
    const second = await push(host, { userName: 'ben@example.com' })
    await pushGroup(host, 'crew', [first])
    const gone = await change(host, first, { active: false })
    await pushGroup(host, 'crew', [second])
    expect(await host.adapters.users.seats?.(scope())).toEqual({ used: 2, limit: 2 })
    await expect(change(host, gone, { active: true })).rejects.toMatchObject({
      status: 409,
      message: 'No seat is left in Label Studio: 2 of 2 are taken. Free one, or buy more.',
    })
  })
})

describe('examine', () => {
  it('says of Community in sentences what works and what does not', async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const findings = await start().adapters.examine()
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
    expect(findings.map(({ code }) => code)).toEqual([
      'reached',
      'token-of-owner',
      'deprovisioning',
      'roles-not-enforceable',
      'first-sign-in',
      'legacy-tokens',
      'sign-up-closed',
      'owner-sign-in',
    ])
  })

  it('names the MANUAL_* trap of Enterprise', async () => {
    fake = await startFakeLabelStudio({ mode: 'lse', manual: { role: false } })
    const findings = await start().adapters.examine()
    expect(findings.find(({ level }) => level === 'error')?.message).toMatch(
      /MANUAL_ROLE_MANAGEMENT=0/,
    )
  })
})
