import type { Adapters } from '../../lib/stores/adapters.js'
import { aGroup, aScope, aUser, writeOf } from '../adapters/support.js'
import { groupUrn, type ServiceProvider, serve } from './server.js'

const size = 1_200
const scope = aScope('acme')

/** A group that is read, represented and written in parts (scale 1). */
export function largeGroups(open: () => Promise<Adapters>): void {
  let adapters: Adapters
  let scim: ServiceProvider
  let ids: string[]
  let url: string
  beforeAll(async () => {
    adapters = await open()
    ids = []
    for (let n = 0; n < size; n += 1) {
      const user = aUser({ userName: `person-${n}@example.com`, displayName: `Person "${n}" é` })
      await adapters.users.create(scope, user, writeOf(user))
      ids.push(user.id)
    }
    ids.sort()
    const group = aGroup({ displayName: 'Crew' })
    await adapters.groups.create(scope, group, writeOf(group))
    const at = new Date().toISOString()
    await adapters.groups.changeMembers?.(
      scope,
      group.id,
      { add: ids.slice(1), remove: [] },
      { now: at },
    )
    url = `/Groups/${group.id}`
  }, 60_000)
  beforeEach(async () => {
    scim = await serve(adapters)
  })

  const valuesIn = (group: { members: { value: string }[] }) =>
    group.members.map(({ value }) => value).sort()

  it('answers all its members, as those of a small group, and its ETag', async () => {
    const small = await scim.group('Small', ids.slice(1, 2))
    const { status, headers, body } = await scim.get(url)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/scim\+json/)
    expect(headers.get('etag')).toBe(body.meta.version)
    expect(valuesIn(body)).toEqual(ids.slice(1))
    expect(body.members).toContainEqual(small.members[0])
    expect(body).toMatchObject({ schemas: [groupUrn], displayName: 'Crew' })
  })

  it('answers what of it is asked for', async () => {
    const names = await scim.get(`${url}?attributes=members.display`)
    expect(names.body.members).toHaveLength(size - 1)
    expect(names.body.members[0]).toEqual({ display: expect.stringMatching(/^Person "\d+" é$/) })
    const without = await scim.get(`${url}?excludedAttributes=members`)
    expect(without.body).not.toHaveProperty('members')
    const headless = await scim.get(`${url}?attributes=displayName`)
    expect(headless.body).toMatchObject({ displayName: 'Crew' })
    expect(headless.body).not.toHaveProperty('members')
  })

  it('answers it in a list among others', async () => {
    await scim.group('Pair', ids.slice(0, 2))
    await scim.group('Empty')
    const { body } = await scim.get('/Groups')
    const sizes = body.Resources.map((each: { displayName: string; members?: unknown[] }) => [
      each.displayName,
      each.members?.length,
    ])
    expect(Object.fromEntries(sizes)).toEqual({
      Crew: size - 1,
      Small: 1,
      Pair: 2,
      Empty: undefined,
    })
    expect(body).toMatchObject({ totalResults: 4, itemsPerPage: 4 })
  })

  it('answers a PUT with it', async () => {
    const members = ids.slice(0, -1).map((value) => ({ value }))
    const body = { schemas: [groupUrn], displayName: 'Crew', members }
    const answer = await scim.put(url, body)
    expect(answer.status).toBe(200)
    expect(valuesIn(answer.body)).toEqual(ids.slice(0, -1))
  })

  it('reads a PUT of thousands as one of a few: any spelling, each once, all or nothing', async () => {
    const listed = ids.slice(1).map((value) => ({ VALUE: value, colour: 'red' }))
    const body = { schemas: [groupUrn], displayName: 'Crew', Members: [...listed, ...listed] }
    const answer = await scim.put(url, body)
    expect(answer.status).toBe(200)
    expect(valuesIn(answer.body)).toEqual(ids.slice(1))
    for (const wrong of [{}, { value: '' }, { value: 5 }, 7]) {
      const refused = await scim.put(url, { ...body, Members: [...listed.slice(1), wrong] })
      expect(refused).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } })
    }
    expect(valuesIn((await scim.get(url)).body)).toEqual(ids.slice(1))
  })

  it('answers the members of one version while others change it', async () => {
    // Either the first is in it or the last, at any time.
    const [first = '', last = ''] = [ids[0], ids.at(-1)]
    let isOver = false
    const changing = (async () => {
      for (let turn = 0; !isOver; turn += 1) {
        const [add, remove] = turn % 2 === 0 ? [first, last] : [last, first]
        const change = { add: [add], remove: [remove] }
        const now = new Date().toISOString()
        await adapters.groups.changeMembers?.(scope, url.slice('/Groups/'.length), change, { now })
        await new Promise((resolve) => setTimeout(resolve, turn % 4))
      }
    })()
    for (let reading = 0; reading < 40; reading += 1) {
      const { body } = await scim.get(url)
      const values = new Set(valuesIn(body))
      expect(values.size).toBe(size - 1)
      expect([values.has(first), values.has(last)].filter(Boolean)).toHaveLength(1)
    }
    isOver = true
    await changing
  }, 60_000)
}
