import { memoryAdapters } from '../../adapters/memory/index.js'
import { altered, minimalAdapters, watched } from './adapters.js'
import { enterpriseUrn, groupUrn, patchUrn, serve, userUrn } from './server.js'

describe('PATCH of a user', () => {
  it('answers 200 with the resource, its version and its own schemas (R-PATCH-14, R-PATCH-26, R-PATCH-41)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const { status, body, headers } = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: `${enterpriseUrn}:department`, value: 'D' },
    ])
    expect(status).toBe(200)
    expect(body.schemas).toEqual([userUrn, enterpriseUrn])
    expect(headers.get('etag')).toBe(body.meta.version)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(body)
  })

  it('stores all operations or none (R-PATCH-13, S-INT-04)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const before = scim.events.length
    const { status } = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'title', value: 't' },
      { op: 'replace', path: 'nickName', value: 'n' },
      { op: 'replace', path: 'emails[type eq', value: 'x' },
      { op: 'replace', path: 'active', value: false },
    ])
    expect(status).toBe(400)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
    expect(scim.events.slice(before).map(({ event }) => event)).toEqual(['request.refused'])
  })

  it('leaves everything as it was when the store fails, and tells nobody of a change (S-INT-04, R-PATCH-13)', async () => {
    const scim = await serve(
      altered({
        users: {
          replace: async () => {
            throw new Error('disk full: /var/secret')
          },
        },
      }),
    )
    const user = await scim.user('ines')
    const { status, body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'active', value: false },
    ])
    expect(status).toBe(500)
    expect(JSON.stringify(body)).not.toContain('secret')
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
    expect(scim.events.map(({ event }) => event)).toEqual(['user.created', 'request.failed'])
  })

  it('does not change the version by what is so already (R-PATCH-18, R-PATCH-23)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { title: 't', emails: [{ value: 'i@x.example' }] })
    const { status, body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'title', value: 't' },
      { op: 'add', path: 'emails', value: [{ value: 'i@x.example' }] },
      { op: 'remove', path: 'nickName' },
    ])
    expect(status).toBe(200)
    expect(body).toEqual(user)
  })

  it('refuses the userName of another with 409 (R-PATCH-40)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    await scim.user('noor')
    const { body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'userName', value: 'NOOR' },
    ])
    expect(body).toMatchObject({ status: '409', scimType: 'uniqueness' })
  })

  it.each(['id', 'meta.version', 'groups'])(
    'refuses %s by path with 400 mutability (R-PATCH-36, R-PATCH-45, R-USER-21)',
    async (path) => {
      const scim = await serve()
      const user = await scim.user('ines')
      const { body } = await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path, value: 'x' }])
      expect(body).toMatchObject({ status: '400', scimType: 'mutability' })
    },
  )

  it('stores an externalId (R-PATCH-46)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const { body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'externalId', value: 'E-1' },
    ])
    expect(body.externalId).toBe('E-1')
  })

  it('never gives access back by unassigning `active`', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { active: false })
    const { status, body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'remove', path: 'active' },
    ])
    expect(status).toBe(200)
    expect(body.active).toBe(false)
  })

  it('takes {"active": false} without a path as Okta sends it (R-PATCH-56)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const { body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', value: { active: false } },
    ])
    expect(body.active).toBe(false)
  })

  it('answers 404 for an unknown id (R-READ-02)', async () => {
    const scim = await serve()
    const operations = [{ op: 'replace', path: 'title', value: 't' }]
    expect((await scim.patch('/Users/none', operations)).status).toBe(404)
  })

  it('answers 501 where it is switched off, and says so (R-HTTP-09, R-DISC-10)', async () => {
    const scim = await serve(memoryAdapters(), { features: { patch: false } })
    const user = await scim.user('ines')
    expect((await scim.patch(`/Users/${user.id}`, [])).status).toBe(501)
    expect((await scim.get('/ServiceProviderConfig')).body.patch.supported).toBe(false)
  })

  it('asks for the PatchOp schema where the host is strict (R-PATCH-01)', async () => {
    const scim = await serve(memoryAdapters(), { strict: true })
    const user = await scim.user('ines')
    const answer = await scim.patch(`/Users/${user.id}`, [{ op: 'add', path: 'title', value: 't' }])
    expect(answer.status).toBe(200)
    expect((await scim.put(`/Users/${user.id}`, { schemas: [patchUrn] })).status).toBe(400)
  })

  it('refuses more operations than the limit (R-PATCH-50, S-DOS-05)', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxPatchOperations: 3 } })
    const user = await scim.user('ines')
    const add = { op: 'add', path: 'title', value: 't' }
    expect((await scim.patch(`/Users/${user.id}`, [add, add, add])).status).toBe(200)
    const { body } = await scim.patch(`/Users/${user.id}`, [add, add, add, add])
    expect(body).toMatchObject({ status: '400', scimType: 'tooMany' })
  })
})

describe.each([
  ['a store of deltas', memoryAdapters],
  ['a store of whole groups', minimalAdapters],
])('PATCH of a group over %s', (_, make) => {
  const idsIn = (body: { members?: { value: string }[] }) =>
    (body.members ?? []).map(({ value }) => value)

  it('answers 204 with the new version, and 200 when attributes are asked for (R-PATCH-14)', async () => {
    const scim = await serve(make())
    const user = await scim.user('a')
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    const added = await scim.patch(path, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect([added.status, added.body]).toEqual([204, undefined])
    const read = await scim.get(path)
    expect(added.headers.get('etag')).toBe(read.body.meta.version)
    expect(added.headers.get('location')).toBe(group.meta.location)
    expect(read.body.meta.version).not.toBe(group.meta.version)
    const asked = await scim.patch(`${path}?attributes=members`, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect([asked.status, idsIn(asked.body)]).toEqual([200, [user.id]])
    const excluded = await scim.patch(`${path}?excludedAttributes=members`, [])
    expect([excluded.status, excluded.body.displayName]).toEqual([200, 'Crew'])
  })

  it('does nothing for a member who is there already or not at all (R-PATCH-18, R-PATCH-23, R-GROUP-08)', async () => {
    const scim = await serve(make())
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id, a.id])
    expect(idsIn(group)).toEqual([a.id])
    const path = `/Groups/${group.id}`
    for (const operation of [
      { op: 'add', path: 'members', value: [{ value: a.id }, { value: a.id }] },
      { op: 'remove', path: `members[value eq "${b.id}"]` },
      { op: 'remove', path: 'members', value: [{ value: b.id }] },
    ]) {
      expect((await scim.patch(path, [operation])).status).toBe(204)
    }
    expect((await scim.get(path)).body).toEqual(group)
  })

  it('changes attributes and members in one request, with If-Match too (R-PATCH-12, R-PATCH-47)', async () => {
    const scim = await serve(make())
    const [a, b, c] = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
    const group = await scim.group('Crew', [a.id, b.id])
    const path = `/Groups/${group.id}`
    const operations = [
      { op: 'replace', value: { id: group.id, displayName: 'Team' } },
      { op: 'add', path: 'members', value: [{ value: c.id }] },
      { op: 'remove', path: `members[value eq "${a.id}"]` },
    ]
    const stale = await scim.patch(path, operations, { headers: { 'If-Match': 'W/"stale"' } })
    expect(stale.status).toBe(412)
    expect((await scim.get(path)).body).toEqual(group)
    const headers = { 'If-Match': group.meta.version }
    expect((await scim.patch(path, operations, { headers })).status).toBe(204)
    const { body } = await scim.get(path)
    expect(body.displayName).toBe('Team')
    expect(idsIn(body).sort()).toEqual([b.id, c.id].sort())
    expect((await scim.patch(path, operations, { headers })).status).toBe(412)
  })

  it('replaces all members, and removes all of them (R-PATCH-28, R-PATCH-20, R-GROUP-09)', async () => {
    const scim = await serve(make())
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id])
    const path = `/Groups/${group.id}`
    await scim.patch(path, [{ op: 'replace', path: 'members', value: [{ value: b.id }] }])
    expect(idsIn((await scim.get(path)).body)).toEqual([b.id])
    await scim.patch(path, [{ op: 'remove', path: 'members' }])
    expect((await scim.get(path)).body.members).toBeUndefined()
  })

  it.each([
    ['value null', null, [204, 400]],
    ['an empty list', [], [204, 400]],
    ['unknown ids', [{ value: 'nobody' }], [204]],
    ['malformed values', [{ ids: ['x'] }], [400]],
    ['a number', 7, [400]],
  ])(
    'never empties a group by a remove with %s (S-INT-06, R-PATCH-25)',
    async (__, value, statuses) => {
      const scim = await serve(make())
      const user = await scim.user('a')
      const group = await scim.group('Crew', [user.id])
      const path = `/Groups/${group.id}`
      const { status } = await scim.patch(path, [{ op: 'remove', path: 'members', value }])
      expect(statuses).toContain(status)
      expect(idsIn((await scim.get(path)).body)).toEqual([user.id])
    },
  )

  it('refuses unknown members, naming them, and changes nothing (R-GROUP-05, S-AUTHZ-03)', async () => {
    const scim = await serve(make())
    const user = await scim.user('a')
    const foreign = await scim.user('b', {}, { as: 'other' })
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    for (const id of ['nobody', foreign.id]) {
      const value = [{ value: user.id }, { value: id }]
      for (const { status, body } of [
        await scim.patch(path, [{ op: 'add', path: 'members', value }]),
        await scim.put(path, { ...group, members: value }),
        await scim.post('/Groups', { ...group, displayName: 'N', members: value }),
      ]) {
        expect([status, body.scimType]).toEqual([400, 'invalidValue'])
        expect(body.detail).toContain(id)
      }
    }
    expect((await scim.get(path)).body).toEqual(group)
    expect((await scim.get('/Groups')).body.totalResults).toBe(1)
  })

  it('leaves unknown members out where the host chose so', async () => {
    const scim = await serve(make(), { unknownMembers: 'ignore' })
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const members = [{ value: 'nobody' }, { value: a.id }]
    const { body: group } = await scim.post('/Groups', {
      schemas: [groupUrn],
      displayName: 'C',
      members,
    })
    expect(idsIn(group)).toEqual([a.id])
    const path = `/Groups/${group.id}`
    const added = [{ value: b.id }, { value: 'nobody' }]
    expect((await scim.patch(path, [{ op: 'add', path: 'members', value: added }])).status).toBe(
      204,
    )
    expect(idsIn((await scim.get(path)).body)).toEqual([a.id, b.id])
    const put = await scim.put(path, { ...group, members: [{ value: 'nobody' }, { value: b.id }] })
    expect(idsIn(put.body)).toEqual([b.id])
  })

  it('keeps all of 100 members added by as many requests at the same time (S-INT-02, R-PATCH-52)', async () => {
    const scim = await serve(make(), { maxRetries: 100 })
    const ids = []
    for (let index = 0; index < 100; index += 1) ids.push((await scim.user(`user-${index}`)).id)
    const group = await scim.group('Crew')
    const answers = await Promise.all(
      ids.map((value) =>
        scim.patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value }] }]),
      ),
    )
    expect(answers.filter(({ status }) => status !== 204)).toEqual([])
    const { body } = await scim.get(`/Groups/${group.id}`)
    expect(idsIn(body).sort()).toEqual([...ids].sort())
  })
})

describe('the cost of a membership', () => {
  it('is one call of the store with the difference, and no look at the group (R-PATCH-51, S-DOS-09)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id])
    adapters.calls.length = 0
    const { status } = await scim.patch(`/Groups/${group.id}`, [
      { op: 'add', path: 'members', value: [{ value: b.id }] },
    ])
    expect(status).toBe(204)
    const calls = adapters.calls.filter(({ name }) => !name.startsWith('access.'))
    expect(calls.map(({ name }) => name)).toEqual(['groups.changeMembers'])
    expect(calls[0]?.args[2]).toEqual({ add: [b.id], remove: [] })
  })

  it('refuses more members in one request than the limit (R-PATCH-50, S-DOS-05)', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxMembers: 50 } })
    const ids: string[] = []
    for (let index = 0; index < 51; index += 1) ids.push((await scim.user(`user-${index}`)).id)
    const group = await scim.group('Crew')
    const add = (count: number) => ({
      op: 'add',
      path: 'members',
      value: ids.slice(0, count).map((value) => ({ value })),
    })
    const { body } = await scim.patch(`/Groups/${group.id}`, [add(51)])
    expect(body).toMatchObject({ status: '400', scimType: 'tooMany' })
    expect((await scim.patch(`/Groups/${group.id}`, [add(50)])).status).toBe(204)
  })
})
