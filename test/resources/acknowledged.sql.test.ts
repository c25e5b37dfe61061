import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { AccessTarget, Adapters } from '../../lib/stores/index.js'
import { aGate } from '../access/recording-target.js'
import { type Answer, groupUrn } from '../protocol/server.js'
import { testDatabase } from '../support/test-database.js'
import { type Crew, crewOf } from './crew.js'

let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function sql(target: AccessTarget): Promise<Adapters> {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url, target })
  ends = [...ends, adapters.close, database.drop]
  return adapters
}
const memory = (target: AccessTarget): Adapters => memoryAdapters({ target })

describe.each([
  ['memory', memory],
  ['SQL', sql],
])('a group through which many have access, on %s', (_, make) => {
  it('has shut all of more than a thousand when its new name is answered (R19)', async () => {
    const patient = { deprovisionTimeoutMs: 120_000, requestTimeoutMs: 120_000 }
    const { patch, path, shut } = await crewOf(make, 1_001, patient)
    const operations = [{ op: 'replace', path: 'displayName', value: 'Other' }]
    expect((await patch(path, operations)).status).toBeLessThan(300)
    expect(shut()).toBe(1_001)
  }, 120_000)

  const changes: [string, number, (crew: Crew) => Promise<Answer>][] = [
    [
      'PATCH of its name',
      204,
      ({ patch, path }) => patch(path, [{ op: 'replace', path: 'displayName', value: 'Other' }]),
    ],
    [
      'PUT of its name',
      200,
      async ({ get, put, path }) => put(path, { ...(await get(path)).body, displayName: 'Other' }),
    ],
    [
      'PUT of nobody',
      200,
      ({ put, path }) => put(path, { schemas: [groupUrn], displayName: 'Crew' }),
    ],
    ['PATCH of nobody', 204, ({ patch, path }) => patch(path, [{ op: 'remove', path: 'members' }])],
    ['DELETE', 404, ({ path, ...crew }) => crew.delete(path)],
  ]

  it.each(changes)(
    'is not acknowledged by a repeated %s before all are shut (R19)',
    async (_name, done, change) => {
      // Enough for a few people on a busy machine, so that each attempt gets further.
      const crew = await crewOf(make, 20, { deprovisionTimeoutMs: 300 })
      const slow = aGate()
      crew.host.haveTrouble(() => slow.opened)
      const first = await change(crew)
      expect([first.status, first.headers.get('Retry-After')]).toEqual([503, '10'])
      expect((await change(crew)).status).toBe(503)
      slow.open()
      let answer = await change(crew)
      while (answer.status === 503) answer = await change(crew)
      expect([answer.status, crew.shut()]).toEqual([done, 20])
      expect(await crew.world.adapters.access.getValue(crew.world.scope, noteOf(crew))).toBe(
        undefined,
      )
    },
  )

  it.each(changes)(
    'is not acknowledged by a repeated %s where a process ended after the first was stored (G6)',
    async (_name, done, change) => {
      const ending = endingAfterGroups()
      const crew = await crewOf(async (target) => ending.wrapped(await make(target)), 3, {
        deprovisionTimeoutMs: 100,
      })
      const slow = aGate()
      crew.host.haveTrouble(() => slow.opened)
      ending.isNear = true
      expect((await change(crew)).status).toBe(500)
      ending.isNear = false
      expect((await change(crew)).status).toBe(503)
      slow.open()
      let answer = await change(crew)
      while (answer.status === 503) answer = await change(crew)
      expect([answer.status, crew.shut()]).toEqual([done, 3])
    },
  )

  it('is not acknowledged by a PUT of nobody that changes more than the first one', async () => {
    const crew = await crewOf(make, 3, { deprovisionTimeoutMs: 100 })
    const slow = aGate()
    crew.host.haveTrouble(() => slow.opened)
    const put = (more: object) =>
      crew.put(crew.path, { schemas: [groupUrn], displayName: 'Crew', ...more })
    expect((await put({})).status).toBe(503)
    expect((await put({ externalId: 'x-1' })).status).toBe(503)
    slow.open()
    let answer = await put({ externalId: 'x-2' })
    while (answer.status === 503) answer = await put({ externalId: 'x-2' })
    expect([answer.status, crew.shut()]).toEqual([200, 3])
  })

  it('reads no member when its externalId alone changes', async () => {
    const { patch, path, world } = await crewOf(make, 3)
    const { groups } = world.adapters
    const reads: unknown[] = []
    const get = groups.get.bind(groups)
    groups.get = (scope, id, read) => {
      reads.push(read.omit.has('members'))
      return get(scope, id, read)
    }
    const operations = [{ op: 'add', path: 'externalId', value: 'x-1' }]
    expect((await patch(path, operations)).status).toBeLessThan(300)
    expect(reads).not.toContain(false)
    expect(await world.adapters.access.summary(world.scope)).toMatchObject({ pending: 0 })
  })
})

const noteOf = ({ path }: Crew) => `unfinished:${path.split('/').pop()}`

/** Groups of a process that ends once it has written one. */
function endingAfterGroups() {
  const ending = {
    isNear: false,
    wrapped(adapters: Adapters): Adapters {
      const groups = { ...adapters.groups }
      const all = groups as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
      for (const name of ['replace', 'delete', 'changeMembers']) {
        const write = all[name]?.bind(adapters.groups)
        all[name] = async (...given) => {
          const result = await write?.(...given)
          if (ending.isNear) throw new Error('the process ends here')
          return result
        }
      }
      return { ...adapters, groups }
    },
  }
  return ending
}
