import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { scimRouter } from '../../lib/http/router.js'
import type { AccessTarget, Adapters } from '../../lib/stores/index.js'
import { aGate } from '../access/recording-target.js'
import { type Answer, groupUrn, userUrn } from '../protocol/server.js'
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
const behindGate = { gateIsOnlyWayIn: true }
const deactivate = [{ op: 'replace', path: 'active', value: false }]

it('needs a store that keeps access', () => {
  const { access: _, ...adapters } = memoryAdapters()
  const options = { ...behindGate, authenticate: () => ({ tenant: 'a', name: 'a', scopes: [] }) }
  expect(() => scimRouter(adapters, options)).toThrow('gateIsOnlyWayIn')
})

describe.each([
  ['memory', memory],
  ['SQL', sql],
])('where the gate is the only way in, on %s', (_, make) => {
  const groupChanges: [string, (crew: Crew) => Promise<Answer>][] = [
    [
      'a rename',
      ({ patch, path }) => patch(path, [{ op: 'replace', path: 'displayName', value: 'Other' }]),
    ],
    ['a PUT of nobody', ({ put, path }) => put(path, { schemas: [groupUrn], displayName: 'Crew' })],
    ['a PATCH of nobody', ({ patch, path }) => patch(path, [{ op: 'remove', path: 'members' }])],
    ['a DELETE', ({ path, ...crew }) => crew.delete(path)],
  ]

  it.each(groupChanges)(
    'hundreds are refused once %s is answered, and are shut out later (F10)',
    async (_name, change) => {
      const crew = await crewOf(make, 400, behindGate)
      const { host, people } = crew
      const stuck = aGate()
      host.haveTrouble(() => stuck.opened)
      expect((await change(crew)).status).toBeLessThan(300)
      const standings = await Promise.all(people.map(crew.standingOf))
      expect([...new Set(standings)]).toEqual(['deprovisioned'])
      expect(crew.shut()).toBe(0)
      const drained = crew.reconciler.drain()
      stuck.open()
      await drained
      expect(crew.shut()).toBe(400)
    },
  )

  const userChanges: [string, (crew: Crew, id: string, userName: string) => Promise<Answer>][] = [
    ['PATCH', ({ patch }, id) => patch(`/Users/${id}`, deactivate)],
    [
      'PUT',
      ({ put }, id, userName) =>
        put(`/Users/${id}`, { schemas: [userUrn], userName, active: false }),
    ],
    ['DELETE', (crew, id) => crew.delete(`/Users/${id}`)],
  ]

  it.each(userChanges)(
    'somebody is refused once a %s is answered, and is shut out later (F10)',
    async (_name, change) => {
      const crew = await crewOf(make, 2, behindGate)
      const [ann, bob] = crew.people
      const stuck = aGate()
      crew.host.haveTrouble(() => stuck.opened)
      expect((await change(crew, ann!.id, ann!.userName)).status).toBeLessThan(300)
      expect(await Promise.all([ann!, bob!].map(crew.standingOf))).toEqual([
        'deprovisioned',
        'active',
      ])
      expect(crew.shut()).toBe(0)
      const drained = crew.reconciler.drain()
      stuck.open()
      await drained
      expect(crew.shut()).toBe(1)
      const logged = await crew.adapters.audit?.query(crew.world.scope, {
        event: 'user.deprovisioned',
        limit: 9,
      })
      expect(logged).toMatchObject([{ target: { id: ann!.id } }])
    },
  )

  it('somebody is refused and shut out who is deleted before a reconciler came by (F10)', async () => {
    const crew = await crewOf(make, 1, behindGate)
    const newcomer = await crew.user('new@example.com')
    expect((await crew.delete(`/Users/${newcomer.id}`)).status).toBe(204)
    expect(await crew.standingOf(newcomer)).toBe('deprovisioned')
    await crew.reconciler.drain()
    expect(crew.host.calls).toContainEqual({
      kind: 'deprovision',
      user: 'new@example.com',
      reason: 'deleted',
    })
    expect(await crew.standingOf(newcomer)).toBe('deprovisioned')
  })
})
