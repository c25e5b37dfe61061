import type { Adapters } from '../../lib/stores/index.js'
import { serve, userUrn } from './server.js'

const other = { as: 'other' }

/** Two tenants over any adapters. */
export function tenantSuite(make: () => Adapters | Promise<Adapters>): void {
  it('answers for an id of another tenant byte for byte as for one that does not exist (S-AUTHZ-01, R-TEN-04, R-READ-02)', async () => {
    const scim = await serve(await make())
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
    const scim = await serve(await make())
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
}
