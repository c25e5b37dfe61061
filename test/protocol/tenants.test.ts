import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters, watched } from './adapters.js'
import { serve, userUrn } from './server.js'

const other = { as: 'other' }

describe.each([
  ['the memory adapters', memoryAdapters],
  ['minimal adapters', minimalAdapters],
])('two tenants over %s', (_, make) => {
  it('answers for an id of another tenant byte for byte as for one that does not exist (S-AUTHZ-01, R-TEN-04, R-READ-02)', async () => {
    const scim = await serve(make())
    const user = await scim.user('ines')
    const group = await scim.group('Crew')
    const add = [{ op: 'add', path: 'displayName', value: 'x' }]
    const put = { schemas: [userUrn], userName: 'x' }
    for (const [endpoint, id] of [
      ['/Users', user.id],
      ['/Groups', group.id],
    ]) {
      const pairs = [
        [await scim.get(`${endpoint}/${id}`, other), await scim.get(`${endpoint}/none`, other)],
        [
          await scim.patch(`${endpoint}/${id}`, add, other),
          await scim.patch(`${endpoint}/none`, add, other),
        ],
        [
          await scim.delete(`${endpoint}/${id}`, other),
          await scim.delete(`${endpoint}/none`, other),
        ],
        [
          await scim.put(`${endpoint}/${id}`, put, other),
          await scim.put(`${endpoint}/none`, put, other),
        ],
      ]
      for (const [foreign, unknown] of pairs) {
        expect([foreign?.status, foreign?.body]).toEqual([unknown?.status, unknown?.body])
      }
    }
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
    expect((await scim.get(`/Groups/${group.id}`)).body).toEqual(group)
  })

  it('do not see, count, find or conflict with each other (R-TEN-03, R-TEN-06, R-TEN-08, R-COMMON-08, R-QUERY-09, S-ATO-01, S-AUTHZ-13)', async () => {
    const scim = await serve(make())
    const attributes = { externalId: 'E-1', emails: [{ value: 'ines@acme.example' }] }
    const user = await scim.user('ines@acme.example', attributes)
    await scim.group('Crew', [user.id])
    expect((await scim.get('/', other)).body.totalResults).toBe(0)
    const filter = encodeURIComponent('userName eq "ines@acme.example" or externalId eq "E-1"')
    expect((await scim.get(`/Users?filter=${filter}`, other)).body.totalResults).toBe(0)
    const twin = await scim.user('ines@acme.example', attributes, other)
    expect(twin.id).not.toBe(user.id)
    expect(twin.groups).toBeUndefined()
    await scim.group('Crew', [twin.id], other)
    expect((await scim.get('/', other)).body.totalResults).toBe(2)
  })
})

it('has the tenant in the scope of every call of a store (S-AUTHZ-02)', async () => {
  const adapters = watched(memoryAdapters())
  const scim = await serve(adapters)
  const user = await scim.user('ines', {}, other)
  const group = await scim.group('Crew', [user.id], other)
  await scim.get('/', other)
  await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }], other)
  await scim.patch(`/Groups/${group.id}`, [{ op: 'remove', path: 'members' }], other)
  await scim.delete(`/Users/${user.id}`, other)
  expect(adapters.calls.length).toBeGreaterThan(10)
  for (const { name, args } of adapters.calls) {
    const [first] = args as [{ tenant: string }]
    if (name === 'access.claim') expect(first.tenant).toBe('other')
    else if (name === 'access.settle') expect(args[1]).toMatchObject({ tenant: 'other' })
    else expect([name, first.tenant]).toEqual([name, 'other'])
  }
})

it('keeps two routers in one process apart', async () => {
  const [one, two] = [await serve(), await serve()]
  const user = await one.user('ines')
  expect((await two.get('/Users')).body.totalResults).toBe(0)
  expect((await two.user('ines')).meta.location).toContain(two.baseUrl)
  expect((await one.get(`/Users/${user.id}`)).body.meta.location).toContain(one.baseUrl)
  expect(two.events).toHaveLength(1)
})
