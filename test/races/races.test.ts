import type { AccessStore, AuditStore } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'
import { type Answer, groupUrn, type ServiceProvider, userUrn } from '../protocol/server.js'
import { type Hosts, settings } from './hosts.js'

const scope = aScope('acme')

/** How many answers had each status. No answer of a race may be a 5xx. */
function counts(answers: readonly Answer[]): Record<number, number> {
  const found: Record<number, number> = {}
  for (const { status } of answers) found[status] = (found[status] ?? 0) + 1
  return found
}

function successes(answers: readonly Answer[]): number {
  return answers.filter(({ status }) => status < 300).length
}

const add = (ids: readonly string[]) => [
  { op: 'add', path: 'members', value: ids.map((value) => ({ value })) },
]
const remove = (ids: readonly string[]) => [
  { op: 'remove', path: 'members', value: ids.map((value) => ({ value })) },
]
const rename = (userName: string) => [{ op: 'replace', path: 'userName', value: userName }]

async function membersOf(scim: ServiceProvider, id: string): Promise<string[]> {
  const { members = [] } = (await scim.get(`/Groups/${id}`)).body
  return members.map(({ value }: { value: string }) => value).sort()
}

/** The same elements in an order of its own for each number. */
function shuffled(ids: readonly string[], number: number): string[] {
  const key = (id: string) => id.charCodeAt(number % 30) * 1000 + id.charCodeAt((number * 7) % 30)
  return [...ids].sort((a, b) => key(a) - key(b))
}

describe.each(settings)('at the same time, with %s', (_, open) => {
  let world: Hosts
  beforeEach(async () => {
    world = await open()
  })
  afterEach(async () => {
    expect(await world.deadlocks()).toBe(0)
    await world.close()
  })

  const people = async (count: number, name = 'person') => {
    const users = await world.race(count, (scim, index) =>
      scim.post('/Users', { schemas: [userUrn], userName: `${name}-${index}` }),
    )
    return users.map(({ body }) => body.id as string)
  }

  it('100 creations of one name make one user', async () => {
    const names = ['ines', 'Ines', 'INES']
    const answers = await world.race(100, (scim, index) =>
      scim.post('/Users', { schemas: [userUrn], userName: names[index % 3] }),
    )
    expect(counts(answers)).toEqual({ 201: 1, 409: 99 })
    const { body } = await world.scim.get('/Users')
    expect(body.totalResults).toBe(1)
    const { access, audit } = world.scim.adapters
    expect((await (access as AccessStore).summary(scope)).pending).toBe(1)
    const entries = await (audit as AuditStore).query(scope, { limit: 1000 })
    expect(entries.filter(({ event }) => event === 'user.created')).toHaveLength(1)
  })

  it('50 renamings to one name give it to one user', async () => {
    const ids = await people(50)
    const answers = await world.race(50, (scim, index) =>
      scim.patch(`/Users/${ids[index]}`, rename('ines')),
    )
    expect(counts(answers)).toEqual({ 200: 1, 409: 49 })
    const { body } = await world.scim.get('/Users?filter=userName%20eq%20%22ines%22')
    expect(body.totalResults).toBe(1)
  })

  it('100 additions of members leave all of them in the group', async () => {
    const ids = await people(100)
    const { id } = await world.scim.group('Crew')
    const answers = await world.race(100, (scim, index) =>
      scim.patch(`/Groups/${id}`, add([ids[index] ?? ''])),
    )
    expect(successes(answers)).toBe(100)
    expect(await membersOf(world.scim, id)).toEqual([...ids].sort())
  })

  it('100 additions of one member add it once', async () => {
    const [user = ''] = await people(1)
    const { id } = await world.scim.group('Crew')
    const answers = await world.race(100, (scim) => scim.patch(`/Groups/${id}`, add([user])))
    expect(successes(answers)).toBe(100)
    expect(await membersOf(world.scim, id)).toEqual([user])
    const events = world.hosts.flatMap((host) => host.events)
    expect(events.filter(({ event }) => event === 'member.added')).toHaveLength(1)
  })

  it('50 changes with one If-Match: one is made, the others learn that they are late', async () => {
    const { id, meta } = await world.scim.user('ines')
    const headers = { 'If-Match': meta.version }
    const answers = await world.race(50, (scim, index) =>
      scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: `${index}` }], {
        headers,
      }),
    )
    expect(counts(answers)).toEqual({ 200: 1, 412: 49 })
    const winner = answers.findIndex(({ status }) => status === 200)
    expect((await world.scim.get(`/Users/${id}`)).body.title).toBe(`${winner}`)
  })

  it('50 changes without If-Match are all made', async () => {
    const { id } = await world.scim.user('ines')
    const answers = await world.race(50, (scim, index) =>
      scim.patch(`/Users/${id}`, [
        { op: 'add', path: 'emails', value: [{ value: `${index}@acme.example` }] },
      ]),
    )
    expect(counts(answers)).toEqual({ 200: 50 })
    expect((await world.scim.get(`/Users/${id}`)).body.emails).toHaveLength(50)
  })

  it('40 replacements of a group leave one of them, whole', async () => {
    const ids = await people(40)
    const { id } = await world.scim.group('Crew')
    const bodyOf = (index: number) => ({
      schemas: [groupUrn],
      displayName: 'Crew',
      externalId: `${index}`,
      members: [ids[index], ids[(index + 1) % 40]].map((value) => ({ value })),
    })
    const answers = await world.race(40, (scim, index) => scim.put(`/Groups/${id}`, bodyOf(index)))
    expect(successes(answers)).toBe(40)
    const { body } = await world.scim.get(`/Groups/${id}`)
    const winner = Number(body.externalId)
    expect(await membersOf(world.scim, id)).toEqual([ids[winner], ids[(winner + 1) % 40]].sort())
  })

  it('replacements of a large group, beside people who leave, end as one of them', async () => {
    const ids: string[] = []
    for (const name of ['one', 'two', 'three']) ids.push(...(await people(400, name)))
    const [gone, inactive, ...rest] = ids as [string, string, ...string[]]
    const { body } = await world.scim.post('/Groups', { schemas: [groupUrn], displayName: 'Crew' })
    const url = `/Groups/${body.id}`
    const halves = [rest.slice(0, 590), rest.slice(590)].map((half) => [gone, inactive, ...half])
    const answers = await world.race(10, (scim, index) => {
      if (index === 8) return scim.delete(`/Users/${gone}`)
      if (index === 9) {
        return scim.patch(`/Users/${inactive}`, [{ op: 'replace', path: 'active', value: false }])
      }
      const members = halves[index % 2]?.map((value) => ({ value }))
      return scim.put(url, { schemas: [groupUrn], displayName: 'Crew', members })
    })
    expect(counts(answers)).toEqual({ 200: 9, 204: 1 })
    const members = await membersOf(world.scim, body.id)
    const wanted = halves.map((half) => half.filter((id) => id !== gone).sort())
    expect(wanted).toContainEqual(members)
    expect((await world.scim.get(`/Users/${gone}`)).status).toBe(404)
    expect((await world.scim.get(`/Users/${inactive}`)).body.active).toBe(false)
  }, 60_000)

  it('groups that give and take the same people in opposite orders end as each was told', async () => {
    const ids = await people(40)
    const [coming, going] = [ids.slice(0, 20), ids.slice(20)]
    const groups = await Promise.all(
      Array.from({ length: 6 }, (__, index) => world.scim.group(`Crew ${index}`, going)),
    )
    const answers = await world.race(60, (scim, index) => {
      const group = groups[index % 6]
      const [some, others] = [shuffled(coming, index), shuffled(going, index + 1)]
      const operations = index % 2 === 0 ? [...add(some), ...remove(others)] : [...remove(others)]
      const name = { op: 'replace', path: 'externalId', value: `${index}` }
      return scim.patch(`/Groups/${group.id}`, index % 3 === 0 ? [...operations, name] : operations)
    })
    expect(successes(answers)).toBe(60)
    for (const [index, { id }] of groups.entries()) {
      // Only requests with an even number add somebody, and those of a group are all even or all
      // odd.
      expect(await membersOf(world.scim, id)).toEqual(index % 2 === 0 ? [...coming].sort() : [])
    }
  })

  it('people who are deleted while they are added are in no group afterwards', async () => {
    const ids = await people(30)
    const groups = await Promise.all(
      Array.from({ length: 4 }, (__, index) => world.scim.group(`Crew ${index}`, ids.slice(0, 15))),
    )
    const answers = await world.race(60, (scim, index) =>
      index % 2 === 0
        ? scim.delete(`/Users/${ids[index / 2]}`)
        : scim.patch(`/Groups/${groups[index % 4]?.id}`, add(shuffled(ids, index))),
    )
    expect(counts(answers.filter((__, index) => index % 2 === 0))).toEqual({ 204: 30 })
    expect(answers.filter(({ status }) => status >= 300)).toEqual([])
    for (const { id } of groups) expect(await membersOf(world.scim, id)).toEqual([])
    expect((await world.scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('a group that is deleted while members are added is gone, and its name is free', async () => {
    const ids = await people(30)
    const { id } = await world.scim.group('Crew', ids.slice(0, 10))
    const answers = await world.race(31, (scim, index) =>
      index === 15
        ? scim.delete(`/Groups/${id}`)
        : scim.patch(`/Groups/${id}`, add([ids[index % 30] ?? ''])),
    )
    expect(answers[15]?.status).toBe(204)
    expect(answers.filter(({ status }) => status >= 300 && status !== 404)).toEqual([])
    expect((await world.scim.get(`/Groups/${id}`)).status).toBe(404)
    const again = await world.scim.group('Crew')
    expect(await membersOf(world.scim, again.id)).toEqual([])
    const { body } = await world.scim.get(`/Users?filter=groups.value%20eq%20%22${id}%22`)
    expect(body.totalResults).toBe(0)
  })

  it('30 deletions of one user: one finds it', async () => {
    const { id } = await world.scim.user('ines')
    const answers = await world.race(30, (scim) => scim.delete(`/Users/${id}`))
    expect(counts(answers)).toEqual({ 204: 1, 404: 29 })
  })
})
