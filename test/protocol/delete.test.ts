import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from './adapters.js'
import { serve, userUrn } from './server.js'

describe.each([
  ['the memory adapters', memoryAdapters],
  ['minimal adapters', minimalAdapters],
])('DELETE over %s', (_, make) => {
  it('answers 204 without a body, and 404 to everything afterwards (R-DEL-01, R-DEL-02, R-DEL-03, R-QUERY-10, R-MT-09)', async () => {
    const scim = await serve(make())
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
    const scim = await serve(make())
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
    const scim = await serve(make())
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    expect((await scim.get(`/Users/${user.id}`)).body.groups).toHaveLength(1)
    expect((await scim.delete(`/Groups/${group.id}`)).status).toBe(204)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
  })
})

it('takes a deleted user out of all groups, whose versions change, for good (R-DEL-06, S-INT-08, R-ETAG-03)', async () => {
  const scim = await serve()
  const [a, b] = [await scim.user('a'), await scim.user('b')]
  const group = await scim.group('Crew', [a.id, b.id])
  await scim.delete(`/Users/${a.id}`)
  const { body } = await scim.get(`/Groups/${group.id}`)
  expect(body.members).toMatchObject([{ value: b.id }])
  expect(body.meta.version).not.toBe(group.meta.version)
  const again = await scim.user('a')
  expect((await scim.get(`/Users/${again.id}`)).body.groups).toBeUndefined()
})

it.each(['/', '/Users', '/Groups', '/.search', '/Schemas', '/Bulk'])(
  'answers 405 to DELETE %s (R-DEL-10, R-HTTP-10)',
  async (path) => {
    const scim = await serve()
    const { status, headers } = await scim.delete(path)
    expect(status).toBe(405)
    expect(headers.get('allow')).toMatch(/GET|POST/)
  },
)

it('ends circles and diamonds of groups within groups (R-GROUP-07, S-DOS-12)', async () => {
  const scim = await serve()
  const user = await scim.user('a')
  const inner = await scim.group('Inner', [user.id])
  const left = await scim.group('Left', [inner.id])
  const right = await scim.group('Right', [inner.id])
  const outer = await scim.group('Outer', [left.id, right.id])
  const circle = [{ op: 'add', path: 'members', value: [{ value: outer.id }] }]
  expect((await scim.patch(`/Groups/${inner.id}`, circle)).status).toBe(204)
  const { body } = await scim.get(`/Users/${user.id}`)
  const types = body.groups.map((group: { display: string; type: string }) => [
    group.display,
    group.type,
  ])
  expect(types.sort()).toEqual([
    ['Inner', 'direct'],
    ['Left', 'indirect'],
    ['Outer', 'indirect'],
    ['Right', 'indirect'],
  ])
})
