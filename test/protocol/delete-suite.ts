import type { Adapters } from '../../lib/stores/index.js'
import { serve, userUrn } from './server.js'

/** DELETE over any adapters. */
export function deleteSuite(make: () => Adapters | Promise<Adapters>): void {
  it('answers 204 without a body, and 404 to everything afterwards (R-DEL-01, R-DEL-02, R-DEL-03, R-QUERY-10, R-MT-09)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    const { status, body } = await scim.delete(path)
    expect([status, body]).toEqual([204, undefined])
    expect((await scim.get(path)).status).toBe(404)
    expect((await scim.put(path, { schemas: [userUrn], userName: 'ines' })).status).toBe(404)
    expect((await scim.patch(path, [{ op: 'add', path: 'title', value: 't' }])).status).toBe(404)
    expect((await scim.delete(path)).status).toBe(404)
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('obeys If-Match, and answers 404 rather than 412 for what is not there (R-DEL-07, R-ETAG-05, R-ETAG-11)', async () => {
    const scim = await serve(await make())
    for (const resource of [await scim.user('ines'), await scim.group('Crew')]) {
      const path = resource.meta.location.replace(scim.baseUrl, '')
      const stale = await scim.delete(path, { headers: { 'If-Match': 'W/"stale"' } })
      expect(stale.status).toBe(412)
      expect((await scim.get(path)).body).toEqual(resource)
      const headers = { 'If-Match': resource.meta.version }
      expect((await scim.delete(path, { headers })).status).toBe(204)
      expect((await scim.delete(path, { headers })).status).toBe(404)
    }
  })

  it('of a group deletes no user (R-DEL-08)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    expect((await scim.get(`/Users/${user.id}`)).body.groups).toHaveLength(1)
    expect((await scim.delete(`/Groups/${group.id}`)).status).toBe(204)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
  })
}
