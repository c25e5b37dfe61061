import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from './adapters.js'
import { deleteSuite } from './delete-suite.js'
import { serve } from './server.js'

describe.each([
  ['the memory adapters', memoryAdapters],
  ['minimal adapters', minimalAdapters],
])('DELETE over %s', (_, make) => deleteSuite(make))

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
