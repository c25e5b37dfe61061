import { memoryAdapters } from '../../adapters/memory/index.js'
import { altered } from '../protocol/adapters.js'
import { bulkUrn, groupUrn, type ServiceProvider, serve, userUrn } from '../protocol/server.js'

const work = { value: 'ines@acme.example', type: 'work', primary: true }

async function find(scim: ServiceProvider, endpoint: string, filter: string): Promise<string[]> {
  const { status, body } = await scim.get(`${endpoint}?filter=${encodeURIComponent(filter)}`)
  expect(status).toBe(200)
  return body.Resources.map(({ id }: { id: string }) => id)
}

describe('the IPSIE profile for account life cycles', () => {
  it('finds people by each attribute it names (R-DRAFT-07)', async () => {
    const scim = await serve()
    const attributes = { externalId: 'E-1', emails: [work] }
    const { id } = await scim.user('ines@acme.example', attributes)
    await scim.user('noor@acme.example', { externalId: 'E-2' })
    for (const filter of [
      'userName eq "ines@acme.example"',
      'externalId eq "E-1"',
      'emails[value eq "ines@acme.example"]',
      'emails[type eq "work" and value eq "ines@acme.example"]',
    ]) {
      expect(await find(scim, '/Users', filter)).toEqual([id])
    }
  })

  it('ends access with active false and with DELETE, before the answer, and lets the name be used again (R-DRAFT-07)', async () => {
    const ended: string[] = []
    const { users, groups } = altered({
      users: {
        deprovision: async (_scope, { userName }, reason) => {
          ended.push(`${userName} ${reason}`)
        },
      },
    })
    const scim = await serve({ users, groups })
    const { id } = await scim.user('ines@acme.example')
    const setActive = (value: boolean) =>
      scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value }])
    expect((await setActive(false)).body.active).toBe(false)
    expect(ended).toEqual(['ines@acme.example deactivated'])
    expect((await setActive(true)).body.active).toBe(true)
    expect((await scim.delete(`/Users/${id}`)).status).toBe(204)
    expect(ended.at(-1)).toBe('ines@acme.example deleted')
    const again = await scim.user('ines@acme.example')
    expect(again.id).not.toBe(id)
  })

  it('finds groups by name, externalId and member, and takes groups without members (R-DRAFT-08)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const { body: crew } = await scim.post('/Groups', {
      schemas: [groupUrn],
      displayName: 'Crew',
      externalId: 'G-1',
      members: [{ value: user.id }],
    })
    const empty = await scim.group('Empty')
    expect(empty.members).toEqual([])
    for (const filter of [
      'displayName eq "Crew"',
      'externalId eq "G-1"',
      `members[value eq "${user.id}"]`,
    ]) {
      expect(await find(scim, '/Groups', filter)).toEqual([crew.id])
    }
  })

  it('changes 50 and 1000 members in one request, and the same again changes nothing (R-DRAFT-08, R-DRAFT-11)', async () => {
    const scim = await serve()
    const ids: string[] = []
    for (let index = 0; index < 1_000; index += 1) ids.push((await scim.user(`user-${index}`)).id)
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    const add = (members: readonly string[]) => [
      { op: 'add', path: 'members', value: members.map((value) => ({ value })) },
    ]
    expect((await scim.patch(path, add(ids.slice(0, 50)))).status).toBe(204)
    expect((await scim.patch(path, add(ids))).status).toBe(204)
    const { body } = await scim.get(path)
    expect(body.members).toHaveLength(1_000)
    await scim.patch(path, add(ids))
    expect((await scim.get(path)).body).toEqual(body)
    const remove = [...ids].map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` }))
    await scim.patch(path, remove)
    await scim.patch(path, remove)
    expect((await scim.get(path)).body.members).toEqual([])
  }, 60_000)

  it('needs no password, and pages of at most 1000 (R-DRAFT-08)', async () => {
    const scim = await serve(memoryAdapters(), { advertisePagination: true })
    const user = await scim.user('ines@acme.example', {
      externalId: 'E-1',
      displayName: 'Ines',
      active: true,
    })
    expect(user.password).toBeUndefined()
    const { body } = await scim.get('/ServiceProviderConfig')
    expect(body.filter.maxResults).toBeLessThanOrEqual(1_000)
    expect(body.pagination.cursor).toBe(true)
  })

  it('lets through 25 requests a second where the host limits them, and says when to come back (R-DRAFT-09, S-DOS-15)', async () => {
    let now = Date.parse('2026-01-31T09:00:00Z')
    const scim = await serve(memoryAdapters(), {
      clock: () => new Date(now),
      rateLimits: { requestsPerSecond: 25 },
    })
    for (let second = 0; second < 4; second += 1) {
      for (let count = 0; count < 25; count += 1) {
        expect((await scim.get('/Users?count=0')).status).toBe(200)
      }
      now += 1_000
    }
    let answer = await scim.get('/Users?count=0')
    for (let count = 0; count < 400 && answer.status === 200; count += 1) {
      answer = await scim.get('/Users?count=0')
    }
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('has bulk requests, and logs every creation, change and deletion (R-DRAFT-09)', async () => {
    const scim = await serve()
    expect((await scim.get('/ServiceProviderConfig')).body.bulk.supported).toBe(true)
    const data = { schemas: [userUrn], userName: 'ines@acme.example' }
    const { body } = await scim.post('/Bulk', {
      schemas: [bulkUrn],
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'u', data },
        { method: 'PUT', path: '/Users/bulkId:u', data: { ...data, title: 'Lead' } },
        { method: 'DELETE', path: '/Users/bulkId:u' },
      ],
    })
    expect(body.Operations.map(({ status }: { status: string }) => status)).toEqual([
      '201',
      '200',
      '204',
    ])
    const told = scim.events.map(({ event }) => event)
    expect(told).toEqual(expect.arrayContaining(['user.created', 'user.replaced', 'user.deleted']))
  })
})

describe('the SCIM interoperability profile', () => {
  it('takes add for replace where an attribute has one value (R-DRAFT-10, R-PATCH-53)', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines@acme.example', { title: 'Lead' })
    const change = async (op: string, value: string) =>
      (await scim.patch(`/Users/${id}`, [{ op, path: 'title', value }])).body.title
    expect(await change('add', 'Head')).toBe('Head')
    expect(await change('replace', 'Chief')).toBe('Chief')
  })

  it('has the operators eq and and (R-DRAFT-10)', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines@acme.example', { title: 'Lead' })
    await scim.user('noor@acme.example', { title: 'Lead' })
    const filter = 'userName eq "ines@acme.example" and title eq "Lead"'
    expect(await find(scim, '/Users', filter)).toEqual([id])
  })

  it('refuses unknown attributes where the host wants it so, and does not claim to follow the profile (R-DRAFT-10, R-COMMON-16)', async () => {
    const body = { schemas: [userUrn], userName: 'ines@acme.example', shoeSize: 42 }
    const strict = await serve(memoryAdapters(), { unknownAttributes: 'reject' })
    const refused = await strict.post('/Users', body)
    expect(refused.status).toBe(400)
    expect(refused.body.detail).toContain('shoeSize')
    const lenient = await serve()
    const { status, body: created } = await lenient.post('/Users', body)
    expect(status).toBe(201)
    expect(created).not.toHaveProperty('shoeSize')
    const config = (await lenient.get('/ServiceProviderConfig')).body
    expect(config).not.toHaveProperty('interopProfileConformant')
  })
})

describe('FastFed Enterprise SCIM', () => {
  it('gets along with userName, externalId and active (R-DRAFT-11)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { externalId: 'E-1', active: true })
    const { id: _, meta: __, ...rest } = user
    expect(rest).toEqual({
      schemas: [userUrn],
      userName: 'ines@acme.example',
      externalId: 'E-1',
      active: true,
    })
  })
})
