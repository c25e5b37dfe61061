import { memoryAdapters } from '../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { recentLosses } from '../../lib/access/recent-losses.js'
import type { ScimOptions } from '../../lib/options.js'
import type { AccessStore, Adapters, Scope } from '../../lib/stores/index.js'
import { serve } from '../protocol/server.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

const deactivate = [{ op: 'replace', path: 'active', value: false }]
const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}
const people = 60
/** More than a quarter of the people is too many. */
const limit = 15
/** What each further host may take before it knows the count of the others. */
const unknown = 4

let database: TestDatabase
const opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})
async function sql(): Promise<Adapters> {
  const adapters = await sqlAdapters({ url: database.url })
  opened.push(adapters)
  return adapters
}

describe.each([
  [
    'memory',
    () => {
      const shared = memoryAdapters()
      return async (): Promise<Adapters> => shared
    },
  ],
  ['SQL', () => sql],
])('hosts on one store that refuse mass losses, on %s', (_, stores) => {
  async function hosts(count: number, options: Partial<ScimOptions> = {}) {
    const make = stores()
    const list: Awaited<ReturnType<typeof serve>>[] = []
    for (let n = 0; n < count; n++) {
      list.push(await serve(await make(), { onMassLoss: 'refuse', ...options }))
    }
    const [first] = list
    if (!first) throw new Error('There is no host.')
    const ids: string[] = []
    for (let n = 0; n < people; n++) ids.push((await first.user(`person-${n}@example.com`)).id)
    const leave = async (host: number, id = '') =>
      (await list[host % count]?.patch(`/Users/${id}`, deactivate))?.status
    const lost = async () => {
      const { body } = await first.get('/Users?count=0&filter=active eq true')
      return people - body.totalResults
    }
    return { first, list, ids, leave, lost }
  }

  it('let exactly the limit through when all leave one host at once', async () => {
    const { ids, leave, lost } = await hosts(1)
    await Promise.all(ids.map((id) => leave(0, id)))
    // Those who are leaving while people are counted may be missing from the count.
    expect(await lost()).toBeGreaterThanOrEqual(limit - unknown)
    expect(await lost()).toBeLessThanOrEqual(limit)
    for (const id of ids) await leave(0, id)
    expect(await lost()).toBe(limit)
  })

  it('let exactly the limit through in a bulk request and beside it', async () => {
    const { first, ids, leave, lost } = await hosts(1)
    const operation = (id: string) => ({
      method: 'PATCH',
      path: `/Users/${id}`,
      data: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: deactivate,
      },
    })
    const bulk = first.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: ids.slice(0, 30).map(operation),
    })
    await Promise.all([bulk, ...ids.slice(30).map((id) => leave(0, id))])
    for (const id of ids) await leave(0, id)
    expect(await lost()).toBe(limit)
  })

  it('never let more through when people leave all hosts at once', async () => {
    const { ids, leave, lost } = await hosts(3)
    await Promise.all(ids.map((id, index) => leave(index, id)))
    expect(await lost()).toBeLessThanOrEqual(limit + 2 * unknown)
  })

  it('let few more through when people leave one host after the other', async () => {
    const { ids, leave, lost } = await hosts(3)
    for (const [index, id] of ids.entries()) await leave(Math.floor(index / 20), id)
    expect(await lost()).toBeGreaterThanOrEqual(limit)
    expect(await lost()).toBeLessThanOrEqual(limit + 2 * unknown)
  })

  it('let nobody more through once they know of each other', async () => {
    const { ids, leave, lost } = await hosts(2)
    for (const [index, id] of ids.slice(0, 12).entries()) await leave(index, id)
    expect(await lost()).toBe(12)
    await Promise.all(ids.slice(12).map((id, index) => leave(index, id)))
    expect(await lost()).toBeLessThanOrEqual(limit)
  })

  it('do not count changes that fail', async () => {
    const deviations = { accessEndsDespiteConflict: false }
    const { first, ids, leave, lost } = await hosts(1, { deviations })
    const taken = { op: 'replace', path: 'userName', value: `person-${people - 1}@example.com` }
    const headers = { 'If-Match': 'W/"other"' }
    const failing = ids
      .slice(0, 20)
      .flatMap((id) => [
        first.patch(`/Users/${id}`, [...deactivate, taken]),
        first.patch(`/Users/${id}`, deactivate, { headers }),
      ])
    const statuses = (await Promise.all(failing)).map(({ status }) => status)
    // 503 for those that would have been too many if all had succeeded.
    expect(statuses.filter((status) => ![409, 412, 503].includes(status))).toEqual([])
    expect(statuses).toContain(409)
    expect(await lost()).toBe(0)
    for (const id of ids.slice(0, limit)) expect(await leave(0, id)).toBe(200)
  })

  it('hold back groups that are emptied at the same time', async () => {
    const { first, ids, lost } = await hosts(1)
    const groups: string[] = []
    for (let n = 0; n < 12; n++) {
      groups.push((await first.group(`Crew ${n}`, ids.slice(n * 4, n * 4 + 4))).id)
    }
    const access = first.adapters.access as AccessStore
    const { rules, version } = await access.rules(scope)
    const roles_groups = groups.map((_, n) => ['Annotator', `Crew ${n}`] as const)
    await access.saveRules(
      scope,
      { ...rules, roles_groups: roles_groups as never },
      { expectedVersion: version, affects: [] },
    )
    const answers = await Promise.all(groups.map((id) => first.delete(`/Groups/${id}`)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 204)).toHaveLength(3)
    expect(statuses.filter((status) => status === 503)).toHaveLength(9)
    expect(await lost()).toBe(0)
  })

  it('count people again before they refuse, if many have come since', async () => {
    const { first, ids, leave } = await hosts(1)
    for (const id of ids.slice(0, 12)) expect(await leave(0, id)).toBe(200)
    for (let n = 0; n < 60; n++) await first.user(`newcomer-${n}@example.com`)
    for (const id of ids.slice(12, 30)) expect(await leave(0, id)).toBe(200)
    expect(await leave(0, ids[30])).toBe(503)
  })
})

describe('the shared count', () => {
  const shared = () => memoryAdapters().access as AccessStore
  const clock = () => new Date('2026-03-01T08:00:00Z')
  const loss = (...ids: string[]) => ({ ids, kind: 'inactive' }) as const

  it('is told two seconds after somebody was counted, unless something else tells it', async () => {
    jest.useFakeTimers()
    try {
      const access = shared()
      const [one, other] = [recentLosses(access, clock), recentLosses(access, clock)]
      one.add(scope, loss('a', 'b'))
      await jest.advanceTimersByTimeAsync(1_999)
      expect(await access.getValue(scope, 'lossHosts')).toBeUndefined()
      await jest.advanceTimersByTimeAsync(201)
      const seen = other.exchange(scope)
      await jest.advanceTimersByTimeAsync(200)
      await seen
      expect(other.known()).toBe(2)
    } finally {
      jest.useRealTimers()
    }
  })

  it('takes back what a change held that failed', async () => {
    const access = shared()
    const [one, other] = [recentLosses(access, clock), recentLosses(access, clock)]
    const change = {}
    one.hold(change, ['a', 'b'])
    await one.exchange(scope)
    await other.exchange(scope)
    expect(other.known()).toBe(2)
    one.release(scope, change)
    await one.exchange(scope)
    await other.exchange(scope)
    expect(other.known()).toBe(0)
  })

  it('shows two that exchange at the same time to each other', async () => {
    const access = shared()
    const both = [recentLosses(access, clock), recentLosses(access, clock)]
    for (const each of both) each.hold({}, ['a'])
    await Promise.all(both.map((each) => each.exchange(scope)))
    expect(both.map((each) => each.known())).toEqual([2, 2])
  })

  it('stays as it is while the store fails, and is told whole afterwards', async () => {
    const access = shared()
    let isDown = true
    const failing: AccessStore = {
      ...access,
      setValue: async (...given) => {
        if (isDown) throw new Error('down')
        return access.setValue(...given)
      },
    }
    const [one, other] = [recentLosses(failing, clock), recentLosses(access, clock)]
    one.add(scope, loss('a'))
    await one.exchange(scope)
    expect(one.known()).toBe(1)
    isDown = false
    one.add(scope, loss('b'))
    await one.exchange(scope)
    await other.exchange(scope)
    expect(other.known()).toBe(2)
  })

  it('forgets hosts that have been silent for an hour', async () => {
    let now = Date.parse('2026-03-01T08:00:00Z')
    const later = () => new Date(now)
    const access = shared()
    const one = recentLosses(access, later)
    one.add(scope, loss('a'))
    await one.exchange(scope)
    now += 3_660_000
    const other = recentLosses(access, later)
    await other.exchange(scope)
    expect(other.known()).toBe(0)
    const hosts = await access.getValue(scope, 'lossHosts')
    expect(JSON.parse(hosts ?? '[]')).toHaveLength(1)
  })
})
