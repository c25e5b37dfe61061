import { memoryAdapters } from '../../adapters/memory/index.js'
import { bulkUrn, enterpriseUrn, type ServiceProvider, serve, userUrn } from './server.js'

/** Every resource of a collection, page by page. */
async function everything(scim: ServiceProvider, endpoint: string, as: string) {
  const found = []
  for (let startIndex = 1; ; startIndex += 3) {
    const { body } = await scim.get(`${endpoint}?startIndex=${startIndex}&count=3`, { as })
    found.push(...body.Resources)
    if (found.length >= body.totalResults) return found
  }
}

it('moves all people and groups of a tenant into another, attribute by attribute (UC-01)', async () => {
  const scim = await serve()
  const source = { as: 'source' }
  const ids: string[] = []
  for (let index = 0; index < 8; index += 1) {
    const user = await scim.user(
      `user-${index}@acme.example`,
      {
        externalId: `E-${index}`,
        active: index % 2 === 0,
        name: { givenName: `G${index}`, familyName: 'F' },
        emails: [{ value: `user-${index}@acme.example`, type: 'work', primary: true }],
        [enterpriseUrn]: { department: `D${index}` },
      },
      source,
    )
    ids.push(user.id)
  }
  await scim.group('Crew', ids.slice(0, 5), source)
  await scim.group('Staff', ids.slice(3), source)
  const users = await everything(scim, '/Users', 'source')
  const groups = await everything(scim, '/Groups', 'source')
  const operation = (path: string, resource: { id: string }) => ({
    method: 'POST',
    path,
    bulkId: resource.id,
    data: resource,
  })
  const refer = (group: { id: string; members: { value: string }[] }) => ({
    ...group,
    members: group.members.map(({ value }) => ({ value: `bulkId:${value}` })),
  })
  const { body } = await scim.post(
    '/Bulk',
    {
      schemas: [bulkUrn],
      Operations: [
        ...groups.map((group) => operation('/Groups', refer(group))),
        ...users.map((user) => operation('/Users', user)),
      ],
    },
    { as: 'target' },
  )
  expect(body.Operations.map(({ status }: { status: string }) => status)).toEqual(
    Array(10).fill('201'),
  )
  const plain = ({
    id: _,
    meta: __,
    groups: ___,
    members,
    ...attributes
  }: Record<string, unknown>) => ({
    ...attributes,
    ...(members !== undefined && {
      members: (members as { display: string }[]).map(({ display }) => display).sort(),
    }),
  })
  const moved = [
    ...(await everything(scim, '/Users', 'target')),
    ...(await everything(scim, '/Groups', 'target')),
  ]
  expect(moved.map(plain)).toEqual(expect.arrayContaining([...users, ...groups].map(plain)))
  expect(moved).toHaveLength(10)
})

it('gives a client only the attributes it asks for (UC-04)', async () => {
  const scim = await serve()
  await scim.user('ines', { title: 't', nickName: 'n', name: { givenName: 'I', familyName: 'M' } })
  const { body } = await scim.get('/Users?attributes=name.familyName,title')
  expect(body.Resources).toEqual([
    { schemas: [userUrn], id: expect.any(String), title: 't', name: { familyName: 'M' } },
  ])
})

it('tells a client what changed since it looked last (UC-05)', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const scim = await serve(memoryAdapters(), { clock: () => new Date(now) })
  const users = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
  now += 60_000
  const since = new Date(now).toISOString()
  await scim.patch(`/Users/${users[1].id}`, [{ op: 'add', path: 'title', value: 't' }])
  const filter = encodeURIComponent(`meta.lastModified ge "${since}"`)
  const { body } = await scim.get(`/Users?filter=${filter}&attributes=userName`)
  expect(body.Resources.map(({ userName }: { userName: string }) => userName)).toEqual(['b'])
  const headers = { 'If-None-Match': users[0].meta.version }
  const alone = `/Users/${users[0].id}?attributes=userName`
  expect((await scim.get(alone, { headers })).status).toBe(304)
})
