import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { type AccessTarget, type Adapters, RefusedError } from '../../lib/stores/index.js'
import { type Answer, bulkUrn, groupUrn, userUrn } from '../protocol/server.js'
import { testDatabase } from '../support/test-database.js'
import { type Organization, organization, scope, statusOf } from './taking-access.js'

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

type Change = readonly [string, (world: Organization) => Promise<Answer>]

const stale = { headers: { 'If-Match': 'W/"stale"' } }
const nonsense = { op: 'replace', path: 'externalId[[', value: 'x' }
const inactive = { op: 'replace', path: 'active', value: false }
const crewOf = ({ crew }: Organization) => `/Groups/${crew}`
const annOf = ({ ann }: Organization) => `/Users/${ann}`
const emptied = { schemas: [groupUrn], displayName: 'Crew' }
const ann = { schemas: [userUrn], userName: 'ann@example.com', active: false }
const removal = ({ ann: id }: Organization) => ({ op: 'remove', path: `members[value eq "${id}"]` })
const rename = (value: string) => ({ op: 'replace', path: 'displayName', value })

/** What takes Ann's access, and is refused for another reason. */
const refused: readonly Change[] = [
  ['400 PATCH of a group', (w) => w.patch(crewOf(w), [removal(w), nonsense])],
  ['400 PUT of a group', (w) => w.put(crewOf(w), { schemas: [groupUrn] })],
  ['412 PATCH of a group', (w) => w.patch(crewOf(w), [removal(w)], stale)],
  ['412 PUT of a group', (w) => w.put(crewOf(w), emptied, stale)],
  ['412 DELETE of a group', (w) => w.delete(crewOf(w), stale)],
  ['400 PATCH of a user', (w) => w.patch(annOf(w), [inactive, nonsense])],
  ['400 PUT of a user', (w) => w.put(annOf(w), { schemas: [userUrn], active: false })],
  ['412 PATCH of a user', (w) => w.patch(annOf(w), [inactive], stale)],
  ['412 PUT of a user', (w) => w.put(annOf(w), ann, stale)],
  ['412 DELETE of a user', (w) => w.delete(annOf(w), stale)],
]

/** What takes Ann's access, and wants a name that somebody else has. */
const conflicting: readonly Change[] = [
  ['409 PATCH of a group', (w) => w.patch(crewOf(w), [removal(w), rename('Inner')])],
  ['409 PUT of a group', (w) => w.put(crewOf(w), { ...emptied, displayName: 'Inner' })],
  [
    '409 PATCH of a user',
    (w) =>
      w.patch(annOf(w), [inactive, { ...inactive, path: 'userName', value: 'bob@example.com' }]),
  ],
  ['409 PUT of a user', (w) => w.put(annOf(w), { ...ann, userName: 'bob@example.com' })],
  [
    '409 PATCH of a user in Bulk',
    (w) => {
      const data = [inactive, { ...inactive, path: 'userName', value: 'bob@example.com' }]
      const operation = { method: 'PATCH', path: annOf(w), data }
      return w.post('/Bulk', { schemas: [bulkUrn], Operations: [operation] })
    },
  ],
]

/** What takes Ann's access. */
const taking: readonly Change[] = [
  ['PATCH of a group', (w) => w.patch(crewOf(w), [removal(w)])],
  ['PATCH of a group and its name', (w) => w.patch(crewOf(w), [removal(w), rename('Other')])],
  ['PATCH of the name of a group', (w) => w.patch(crewOf(w), [rename('Other')])],
  ['PUT of a group', (w) => w.put(crewOf(w), emptied)],
  ['DELETE of a group', (w) => w.delete(crewOf(w))],
  ['PATCH of a user', (w) => w.patch(annOf(w), [inactive])],
  [
    'PATCH of a user, as Entra ID sends it',
    (w) => w.patch(annOf(w), [{ op: 'Replace', path: 'active', value: 'False' }]),
  ],
  [
    'PATCH of a user, without a path',
    (w) => w.patch(annOf(w), [{ op: 'replace', value: { active: false } }]),
  ],
  ['PUT of a user', (w) => w.put(annOf(w), ann)],
  ['DELETE of a user', (w) => w.delete(annOf(w))],
  [
    'DELETE of a user in Bulk',
    (w) =>
      w.post('/Bulk', { schemas: [bulkUrn], Operations: [{ method: 'DELETE', path: annOf(w) }] }),
  ],
  [
    'PUT of a user in Bulk',
    (w) =>
      w.post('/Bulk', {
        schemas: [bulkUrn],
        Operations: [{ method: 'PUT', path: annOf(w), data: ann }],
      }),
  ],
]

/** Everything of a resource but its version, which tells of a change that was undone. */
async function contentOf(world: Organization) {
  const resources = [(await world.get(crewOf(world))).body, (await world.get(annOf(world))).body]
  return resources.map(({ meta: _, ...content }) => content)
}

describe.each([
  ['memory', memory],
  ['SQL', sql],
])('a change that takes access, on %s', (_, make) => {
  async function ready() {
    const world = await organization(make)
    await world.reconciler.drain()
    expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
    return { world, before: await contentOf(world) }
  }

  it.each(refused)('changes nothing when it is answered %s', async (name, change) => {
    const { world, before } = await ready()
    expect((await change(world)).status).toBe(Number(name.slice(0, 3)))
    await world.reconciler.drain()
    expect(await contentOf(world)).toEqual(before)
    expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
  })

  it.each([...refused, ...taking].filter(([name]) => name.includes('of a user')))(
    'tells that a leaver is still in, also when the host refuses it: %s',
    async (name, change) => {
      const { world } = await ready()
      world.host.haveTrouble(() => {
        throw new RefusedError('Not this person.')
      })
      const status = statusOf(await change(world))
      const told = world.events.filter(({ event }) => event === 'access.notEnded')
      const outcome = status >= 500 ? 'failed' : 'refused'
      expect([name, told]).toMatchObject([name, [{ outcome, status, target: { id: world.ann } }]])
      const query = { event: 'access.notEnded', limit: 9 } as const
      expect(await world.adapters.audit?.query(scope, query)).toMatchObject(told)
    },
  )

  it('tells of those whom a bulk request leaves out after a failure', async () => {
    const { world } = await ready()
    const Operations = [
      { method: 'DELETE', path: '/Users/nobody' },
      { method: 'DELETE', path: annOf(world) },
    ]
    await world.post('/Bulk', { schemas: [bulkUrn], failOnErrors: 1, Operations })
    expect(world.events.filter(({ event }) => event === 'access.notEnded')).toMatchObject([
      { outcome: 'failed', detail: expect.stringContaining('failOnErrors') },
    ])
  })

  it('tells nothing of who is out, whatever else is refused', async () => {
    const { world } = await ready()
    await world.patch(annOf(world), [inactive])
    for (const [name, change] of refused) if (name.includes('of a user')) await change(world)
    await world.patch(`/Users/${world.bob}`, [{ ...inactive, value: true }, nonsense])
    expect(world.events.filter(({ event }) => event === 'access.notEnded')).toEqual([])
  })

  it.each(conflicting)(
    'has taken it, and no more, when it is answered %s',
    async (name, change) => {
      const { world, before } = await ready()
      const answer = await change(world)
      expect(statusOf(answer)).toBe(Number(name.slice(0, 3)))
      expect(JSON.stringify(answer.body)).toContain('has ended all the same')
      expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
      const [group, user] = await contentOf(world)
      expect([group, user]).toMatchObject([
        { displayName: 'Crew' },
        { userName: 'ann@example.com' },
      ])
      expect(statusOf(await change(world))).toBe(Number(name.slice(0, 3)))
      expect(await contentOf(world)).toEqual([group, user])
      expect(before).not.toEqual([group, user])
      expect(world.events.filter(({ event }) => event === 'access.notEnded')).toEqual([])
    },
  )

  it.each(conflicting)('changes nothing when the host is strict: %s', async (name, change) => {
    const world = await organization(make, {
      deviations: { accessEndsDespiteConflict: false },
    })
    const before = await contentOf(world)
    expect(statusOf(await change(world))).toBe(Number(name.slice(0, 3)))
    await world.reconciler.drain()
    expect(await contentOf(world)).toEqual(before)
    expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
  })

  it.each(taking)('changes nothing when the host refuses it: %s', async (_name, change) => {
    const { world, before } = await ready()
    world.host.haveTrouble(() => {
      throw new RefusedError('Not this person.')
    })
    const status = statusOf(await change(world))
    expect([status >= 400, status < 500]).toEqual([true, true])
    world.host.haveTrouble(() => {})
    await world.reconciler.drain()
    expect(await contentOf(world)).toEqual(before)
    expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
  })

  it.each(taking)('has taken it when it is answered: %s', async (_name, change) => {
    const { world } = await ready()
    expect(statusOf(await change(world))).toBeLessThan(300)
    expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
    await world.reconciler.drain()
    expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
  })
})
