import { memoryAdapters } from '../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { allowMassLoss, lastMassLoss } from '../../lib/access/index.js'
import type { ScimOptions } from '../../lib/options.js'
import type { AccessStore, Adapters, Query, Scope } from '../../lib/stores/index.js'
import { someRules } from '../access/world.js'
import { serve } from '../protocol/server.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}
const deactivate = [{ op: 'replace', path: 'active', value: false }]
const refuse = { onMassLoss: 'refuse' } as const

let database: TestDatabase
let opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})
const sql = async (): Promise<Adapters> => {
  const adapters = await sqlAdapters({ url: database.url })
  opened = [...opened, adapters]
  return adapters
}

describe.each([
  ['memory', async (): Promise<Adapters> => memoryAdapters()],
  ['SQL', sql],
])('the brake on mass loss, on %s', (_, make) => {
  /** An organization of 30 active people, 12 of them with access through one group only. */
  async function organization(options: Partial<ScimOptions> = {}, adapters?: Adapters) {
    const provider = await serve(adapters ?? (await make()), options)
    const access = provider.adapters.access as AccessStore
    const ids: string[] = []
    for (let n = 0; n < 30; n++) ids.push((await provider.user(`person-${n}@example.com`)).id)
    const crew = ids.slice(0, 12)
    const group = await provider.group('Crew', crew)
    await provider.group('Others', ids.slice(12))
    const rules = someRules({
      roles_groups: [
        ['Annotator', 'Crew'],
        ['Annotator', 'Others'],
        ['Deactivated', 'Shut'],
        ['Deactivated', 'Shut too'],
      ],
    })
    await access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
    const reports = () => provider.events.filter(({ event }) => event === 'access.massLoss')
    const crewId: string = group.id
    const shut: string = (await provider.group('Shut')).id
    const empty: string = (await provider.group('Nobody yet')).id
    return {
      ...provider,
      access,
      ids,
      crew,
      crewId,
      shut,
      empty,
      path: `/Groups/${crewId}`,
      reports,
    }
  }
  type Organization = Awaited<ReturnType<typeof organization>>

  /** Rules give nobody a role, so that nothing is above the one that shuts out. */
  const shutOutOnly = async ({ access }: Organization) => {
    const { version } = await access.rules(scope)
    const rules = someRules({
      roles_groups: [
        ['Deactivated', 'Shut'],
        ['Deactivated', 'Shut too'],
      ],
    })
    await access.saveRules(scope, rules, { expectedVersion: version, affects: [] })
  }

  const groupChanges: [string, (world: Organization) => ReturnType<Organization['patch']>][] = [
    [
      'a rename',
      ({ patch, path }) => patch(path, [{ op: 'replace', path: 'displayName', value: 'Crew 2' }]),
    ],
    ['a deletion', (world) => world.delete(world.path)],
    ['an emptying PATCH', ({ patch, path }) => patch(path, [{ op: 'remove', path: 'members' }])],
    [
      'a removal by name of each',
      ({ patch, path, crew }) =>
        patch(path, [{ op: 'remove', path: 'members', value: crew.map((value) => ({ value })) }]),
    ],
    [
      'a PUT without members',
      ({ put, path }) => put(path, { schemas: [groupSchema], displayName: 'Crew' }),
    ],
    [
      'a name that shuts out',
      ({ patch, path }) => patch(path, [{ op: 'replace', path: 'displayName', value: 'Shut too' }]),
    ],
    [
      'a name that shuts out, of a group without a rule',
      async (world) => {
        await shutOutOnly(world)
        const rename = { op: 'replace', path: 'displayName', value: 'Shut too' }
        return world.patch(world.path, [rename])
      },
    ],
    [
      'a name that shuts out, together with new members',
      async (world) => {
        await shutOutOnly(world)
        const members = world.crew.map((value) => ({ value }))
        const whole = { schemas: [groupSchema], displayName: 'Shut too', members }
        return world.put(`/Groups/${world.empty}`, whole)
      },
    ],
    [
      'new members of a group that shuts out',
      async (world) => {
        await shutOutOnly(world)
        const value = world.crew.map((each) => ({ value: each }))
        return world.patch(`/Groups/${world.shut}`, [{ op: 'add', path: 'members', value }])
      },
    ],
    [
      'a new group that shuts out',
      async (world) => {
        await shutOutOnly(world)
        const members = world.crew.map((value) => ({ value }))
        return world.post('/Groups', { schemas: [groupSchema], displayName: 'Shut too', members })
      },
    ],
  ]

  it.each(groupChanges)('reports %s and carries it out (F10)', async (_name, change) => {
    const world = await organization()
    expect((await change(world)).status).toBeLessThan(300)
    expect(world.reports()).toMatchObject([{ outcome: 'succeeded', count: 12 }])
    expect(await lastMassLoss(world.access, scope)).toMatchObject({
      people: 12,
      of: 30,
      isRefused: false,
    })
    const logged = await world.adapters.audit?.query(scope, { event: 'access.massLoss', limit: 9 })
    expect(logged).toHaveLength(1)
  })

  it.each(groupChanges)(
    'refuses %s where it is told to, and stores nothing (F10)',
    async (_name, change) => {
      const world = await organization({
        ...refuse,
        settingsUrl: 'https://ls.example/scim/settings',
      })
      const before = await world.get(world.path)
      const answer = await change(world)
      expect(answer.status).toBe(503)
      expect(answer.headers.get('Retry-After')).not.toBeNull()
      expect(answer.body.detail).toContain('https://ls.example/scim/settings/status')
      expect((await world.get(world.path)).body).toEqual(before.body)
      expect(world.reports()).toMatchObject([{ outcome: 'refused', count: 12 }])

      await allowMassLoss(world.access, scope, new Date())
      expect((await change(world)).status).toBeLessThan(300)
    },
  )

  it('lets through what takes access from nobody (F10)', async () => {
    const world = await organization(refuse)
    await world.group('Other way in', world.crew)
    const rules = someRules({ roles_groups: [['Manager', 'Other way in']] })
    const { version } = await world.access.rules(scope)
    await world.access.saveRules(scope, rules, { expectedVersion: version, affects: [] })
    expect((await world.delete(world.path)).status).toBe(204)
    expect(world.reports()).toEqual([])
  })

  it('sees people of groups within the group (F10)', async () => {
    const world = await organization(refuse)
    const outer = await world.group('Outer', [world.crewId])
    const rules = someRules({ roles_groups: [['Annotator', 'Outer']] })
    const { version } = await world.access.rules(scope)
    await world.access.saveRules(scope, rules, { expectedVersion: version, affects: [] })
    expect((await world.delete(`/Groups/${outer.id}`)).status).toBe(503)
    const leave = [{ op: 'remove', path: `members[value eq "${world.crewId}"]` }]
    expect((await world.patch(`/Groups/${outer.id}`, leave)).status).toBe(503)
  })

  it('counts deactivations and deletions within the hour (F10, S-INT-10)', async () => {
    let now = Date.parse('2026-03-01T08:00:00Z')
    const clock = () => {
      now += 10
      return new Date(now)
    }
    const world = await organization({ ...refuse, clock })
    const statuses: number[] = []
    for (const [index, id] of world.ids.slice(0, 12).entries()) {
      const answer =
        index % 2 === 0
          ? await world.patch(`/Users/${id}`, deactivate)
          : await world.delete(`/Users/${id}`)
      statuses.push(answer.status)
    }
    expect(statuses.slice(0, 9).every((status) => status < 300)).toBe(true)
    expect(statuses.slice(9)).toEqual([503, 503, 503])
    expect((await world.get(`/Users/${world.ids[11]}`)).body.active).toBe(true)
    now += 3_660_000
    expect((await world.delete(`/Users/${world.ids[11]}`)).status).toBe(204)
  })

  it.each([
    ['has shrunk', 100, 76, 0, 503],
    ['has grown', 12, 6, 400, 204],
  ])(
    'counts people again in a tenant that %s since',
    async (_, before, leaving, coming, status) => {
      let now = Date.parse('2026-03-01T08:00:00Z')
      const provider = await serve(await make(), { ...refuse, clock: () => new Date(now) })
      const create = (n: number) => provider.user(`person-${n}@example.com`)
      const ids: string[] = []
      while (ids.length < before) ids.push((await create(ids.length)).id)
      const rules = someRules({ roles_groups: [['Annotator', 'Crew']] })
      const access = provider.adapters.access as AccessStore
      await access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
      for (const [index, id] of ids.slice(0, leaving).entries()) {
        // The first ones leave together, so that people are counted.
        if (index >= 6) now += 7_200_000
        expect((await provider.patch(`/Users/${id}`, deactivate)).status).toBe(200)
      }
      now += 7_200_000
      const total = before + coming
      while (ids.length < total) ids.push((await create(ids.length)).id)
      const crew = await provider.group('Crew', ids.slice(coming > 0 ? -12 : -20))
      expect((await provider.delete(`/Groups/${crew.id}`)).status).toBe(status)
    },
    60_000,
  )

  it('does not count the same person twice (F10)', async () => {
    const world = await organization(refuse)
    const [id] = world.ids
    for (let turn = 0; turn < 15; turn++) {
      expect((await world.patch(`/Users/${id}`, deactivate)).status).toBeLessThan(300)
      await world.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value: true }])
    }
    expect(world.reports()).toEqual([])
  })
})

const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'

describe('counting the people of a large tenant', () => {
  /** 30 people, and what the count of the active ones waits for. */
  async function slowlyCounted(until: Promise<void>, options: Partial<ScimOptions> = {}) {
    const adapters = memoryAdapters()
    let counts = 0
    const users = {
      ...adapters.users,
      async query(asked: Scope, query: Query) {
        if (query.filter && query.page.limit <= 1) {
          counts += 1
          await until
        }
        return adapters.users.query(asked, query)
      },
    }
    const provider = await serve({ ...adapters, users }, { massLossLeast: 4, ...options })
    const ids: string[] = []
    for (let n = 0; n < 30; n++) ids.push((await provider.user(`person-${n}@example.com`)).id)
    const leave = async (id = '') => (await provider.patch(`/Users/${id}`, deactivate)).status
    return { ids, leave, counts: () => counts, events: provider.events }
  }

  it('lets people out although it does not end', async () => {
    const { ids, leave, counts } = await slowlyCounted(new Promise(() => {}), refuse)
    const startedAt = performance.now()
    for (const id of ids.slice(0, 7)) expect(await leave(id)).toBe(200)
    expect(counts()).toBe(1)
    // They have waited for it together.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('happens once for all who wait, and stops them as soon as it is known', async () => {
    let answer = () => {}
    const counted = new Promise<void>((resolve) => {
      answer = resolve
    })
    const options = { ...refuse, massLossShare: 0.2 }
    const { ids, leave, counts } = await slowlyCounted(counted, options)
    for (const id of ids.slice(0, 6)) expect(await leave(id)).toBe(200)
    const others = ids.slice(6, 12).map(leave)
    answer()
    expect(await Promise.all(others)).toEqual(others.map(() => 503))
    expect(counts()).toBe(1)
  })
})

it('counts what several hosts on one database take together (F10)', async () => {
  let now = Date.now()
  const clock = () => {
    now += 3_000
    return new Date(now)
  }
  const first = await serve(await sql(), { ...refuse, clock })
  const second = await serve(await sql(), { ...refuse, clock })
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push((await first.user(`person-${n}@example.com`)).id)
  const statuses: number[] = []
  for (const [index, id] of ids.entries()) {
    const host = index % 2 === 0 ? first : second
    statuses.push((await host.patch(`/Users/${id}`, deactivate)).status)
  }
  const refused = statuses.filter((status) => status === 503)
  expect(refused.length).toBeGreaterThanOrEqual(20 - 14)
})
