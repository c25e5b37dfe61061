import { memoryAdapters } from '../../adapters/memory/index.js'
import { altered, minimalAdapters, watched } from './adapters.js'
import { groupOperationsSuite, groupPatchSuite } from './group-patch-suite.js'
import { repeatSuite } from './repeat-suite.js'
import { enterpriseUrn, patchUrn, serve, userUrn } from './server.js'

describe('a PATCH that is repeated', () => repeatSuite(memoryAdapters))

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
    expect(scim.events.slice(before).map(({ event }) => event)).toEqual([
      'request.refused',
      'access.notEnded',
    ])
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
    expect(scim.events.map(({ event }) => event)).toEqual([
      'user.created',
      'access.notEnded',
      'request.failed',
    ])
  })

  it('bounds paths as filters are bounded (S-DOS-03)', async () => {
    const scim = await serve(memoryAdapters(), {
      limits: { maxFilterBytes: 64, maxFilterNodes: 2, maxFilterDepth: 1 },
    })
    const user = await scim.user('ines')
    const pathAnswers = async (path: string) => {
      const { status, body } = await scim.patch(`/Users/${user.id}`, [
        { op: 'replace', path, value: 'x@example.com' },
      ])
      return [status, body.scimType, body.detail]
    }
    const value = 'x'.repeat(40)
    expect(await pathAnswers('emails[type eq "work"].value')).toEqual([200, undefined, undefined])
    for (const [path, scimType, told] of [
      [`emails[type eq "${value}"].display`, 'invalidPath', /64/],
      ['emails[type pr and value pr and display pr].value', 'invalidFilter', /2 expressions/],
      ['emails[not (type eq "work")].value', 'invalidFilter', /1 levels/],
    ] as const) {
      expect(await pathAnswers(path)).toEqual([400, scimType, expect.stringMatching(told)])
    }
    expect((await scim.get(`/Users/${user.id}`)).body.emails[0].value).toBe('x@example.com')
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

  it('ends access when `active` is unassigned, and never gives any back (R-PATCH-19)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const remove = () => scim.patch(`/Users/${user.id}`, [{ op: 'remove', path: 'active' }])
    expect(await remove()).toMatchObject({ status: 200, body: { id: user.id } })
    expect((await scim.get(`/Users/${user.id}`)).body).not.toHaveProperty('active')
    const names = scim.events.map(({ event }) => event)
    expect(names).toEqual(expect.arrayContaining(['user.deactivated', 'user.deprovisioned']))
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }])
    await remove()
    await scim.put(`/Users/${user.id}`, { schemas: [userUrn], userName: 'ines' })
    expect(scim.events.map(({ event }) => event)).not.toContain('user.activated')
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
])('PATCH of a group over %s', (_, make) => groupPatchSuite(make))

describe('several operations on a group', () => groupOperationsSuite(memoryAdapters))

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
