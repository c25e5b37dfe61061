import { memoryAdapters } from '../../adapters/memory/index.js'
import { altered, watched } from './adapters.js'
import { enterpriseUrn, errorUrn, serve, userUrn } from './server.js'

describe('GET of one resource', () => {
  it('answers the resource as it was stored, with ETag and Location (R-READ-01, R-ETAG-01, R-ETAG-02)', async () => {
    const scim = await serve()
    const user = await scim.user('Ines@Acme.example', { title: 'Lead', externalId: 'E-1' })
    const { status, headers, body } = await scim.get(`/Users/${user.id}`)
    expect(status).toBe(200)
    expect(body).toEqual(user)
    expect(headers.get('etag')).toBe(user.meta.version)
    expect(headers.get('location')).toBe(user.meta.location)
  })

  it('answers 404 alike for unknown, deleted and other ids, and for the id of another type (R-READ-02, R-READ-06)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const gone = await scim.user('noor@acme.example')
    await scim.delete(`/Users/${gone.id}`)
    const group = await scim.group('Crew')
    for (const path of [
      '/Users/none',
      `/Users/${gone.id}`,
      `/Users/${group.id}`,
      `/Groups/${user.id}`,
    ]) {
      const { status, body } = await scim.get(path)
      expect(status).toBe(404)
      expect(body).toEqual({
        schemas: [errorUrn],
        status: '404',
        detail: 'The resource was not found.',
      })
    }
  })

  it('takes ids for opaque text (R-HTTP-18, S-INP-12)', async () => {
    const scim = await serve()
    for (const id of ['..%2FGroups%2Fx', '__proto__', 'toString', '%00', 'a%2Fb', 'é']) {
      expect((await scim.get(`/Users/${id}`)).status).toBe(404)
    }
  })

  it('ignores a filter on one resource (R-READ-04)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const filter = encodeURIComponent('userName eq "noor"')
    expect((await scim.get(`/Users/${user.id}?filter=${filter}`)).body.id).toBe(user.id)
  })

  it('returns always the id and the schemas, and of the rest what is asked for (R-READ-03, R-PROJ-03, R-PROJ-11, R-PROJ-15)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { name: { givenName: 'I', familyName: 'M' } })
    const { body } = await scim.get(`/Users/${user.id}?attributes=NAME.givenname`)
    expect(body).toEqual({ schemas: [userUrn], id: user.id, name: { givenName: 'I' } })
  })

  it('refuses attributes together with excludedAttributes (R-PROJ-02)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const path = `/Users/${user.id}?attributes=title&excludedAttributes=name`
    expect((await scim.get(path)).body.scimType).toBe('invalidValue')
  })

  it('has the same version whatever attributes are asked for (R-PROJ-14)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const { headers } = await scim.get(`/Users/${user.id}?attributes=userName`)
    expect(headers.get('etag')).toBe(user.meta.version)
  })
})

describe('what is computed on reading', () => {
  it('says of a user which groups they are in, directly and through others (R-USER-21, R-USER-22, R-GROUP-07)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const crew = await scim.group('Crew', [user.id])
    const staff = await scim.group('Staff', [crew.id])
    const { body } = await scim.get(`/Users/${user.id}`)
    expect(body.groups).toEqual([
      { value: crew.id, $ref: crew.meta.location, display: 'Crew', type: 'direct' },
      { value: staff.id, $ref: staff.meta.location, display: 'Staff', type: 'indirect' },
    ])
  })

  it('does not change the version of a user with a membership (R-ETAG-03)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    await scim.group('Crew', [user.id])
    expect((await scim.get(`/Users/${user.id}`)).body.meta.version).toBe(user.meta.version)
  })

  it('says of a member what it is and where, in references that can be followed (R-GROUP-04, R-GROUP-06, R-TYPE-08)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { displayName: 'Ines M.' })
    const inner = await scim.group('Inner')
    const { members } = await scim.group('Crew', [user.id, inner.id])
    expect(members).toEqual([
      { value: user.id, $ref: user.meta.location, type: 'User', display: 'Ines M.' },
      { value: inner.id, $ref: inner.meta.location, type: 'Group', display: 'Inner' },
    ])
    const followed = await scim.get(members[0].$ref.replace(scim.baseUrl, ''))
    expect(followed.body.id).toBe(user.id)
  })

  it('links a manager who is a user of this tenant, with their name (R-ENT-03, R-ENT-04)', async () => {
    const scim = await serve()
    const boss = await scim.user('boss@acme.example', { displayName: 'Boss' })
    const user = await scim.user('ines@acme.example', {
      schemas: [userUrn, enterpriseUrn],
      [enterpriseUrn]: { department: 'D', manager: { value: boss.id, displayName: 'Someone' } },
    })
    expect(user[enterpriseUrn]).toEqual({
      department: 'D',
      manager: { value: boss.id, $ref: boss.meta.location, displayName: 'Boss' },
    })
    expect(user.schemas).toEqual([userUrn, enterpriseUrn])
  })

  it('keeps an unknown and a foreign manager as text and links neither (S-AUTHZ-03, R-DEL-06, R-TEN-06)', async () => {
    const scim = await serve()
    const foreign = await scim.user('boss@other.example', { displayName: 'B' }, { as: 'other' })
    for (const value of [foreign.id, 'nobody']) {
      const user = await scim.user(`of-${value}`, {
        [enterpriseUrn]: { manager: { value, $ref: `${scim.baseUrl}/Users/${value}` } },
      })
      expect(user[enterpriseUrn].manager).toEqual({ value })
    }
  })

  it('refuses an unknown and a foreign manager alike where managers must exist (S-AUTHZ-03)', async () => {
    const scim = await serve(memoryAdapters(), { unknownManager: 'refuse' })
    const foreign = await scim.user('boss@other.example', {}, { as: 'other' })
    const details = []
    for (const value of [foreign.id, 'nobody']) {
      const { status, body } = await scim.post('/Users', {
        schemas: [userUrn],
        userName: 'ines',
        [enterpriseUrn]: { manager: { value } },
      })
      expect(status).toBe(400)
      details.push(body.detail)
    }
    expect(new Set(details).size).toBe(1)
  })

  it('lets a manager who is deleted be a text again (R-DEL-06)', async () => {
    const scim = await serve()
    const boss = await scim.user('boss@acme.example', { displayName: 'Boss' })
    const user = await scim.user('ines@acme.example', {
      [enterpriseUrn]: { manager: { value: boss.id } },
    })
    await scim.delete(`/Users/${boss.id}`)
    const { body } = await scim.get(`/Users/${user.id}`)
    expect(body[enterpriseUrn].manager).toEqual({ value: boss.id })
  })
})

describe('the cost of reading', () => {
  it('does not read members that are excluded, of one group and of a list (R-READ-05, S-DOS-09)', async () => {
    const omitted: boolean[] = []
    const adapters = memoryAdapters()
    const { get, query } = adapters.groups
    const groups = {
      ...adapters.groups,
      get: (...args: Parameters<typeof get>) => {
        omitted.push(args[2].omit.has('members'))
        return get(...args)
      },
      query: (...args: Parameters<typeof query>) => {
        omitted.push(args[1].omit.has('members'))
        return query(...args)
      },
    }
    const scim = await serve({ ...adapters, groups })
    const user = await scim.user('ines@acme.example')
    const group = await scim.group('Crew', [user.id])
    omitted.length = 0
    const one = await scim.get(`/Groups/${group.id}?excludedAttributes=members`)
    const list = await scim.get('/Groups?excludedAttributes=members')
    const named = await scim.get('/Groups?attributes=displayName')
    expect(omitted).toEqual([true, true, true])
    expect(one.body.members).toBeUndefined()
    expect(list.body.Resources[0].members).toBeUndefined()
    expect(named.body.Resources[0].displayName).toBe('Crew')
  })

  it('shows an empty list of members when an empty group is read alone (clients H)', async () => {
    const scim = await serve()
    const { id } = await scim.group('Empty')
    const read = async (query: string) => (await scim.get(`/Groups${query}`)).body
    for (const query of ['', '?attributes=members', '?attributes=members.value']) {
      expect((await read(`/${id}${query}`)).members).toEqual([])
    }
    for (const query of ['?excludedAttributes=members', '?attributes=displayName']) {
      expect(await read(`/${id}${query}`)).not.toHaveProperty('members')
    }
    expect((await read('')).Resources[0]).not.toHaveProperty('members')
  })

  it('takes as many store calls for a page of 50 users as for one of 1 (S-DOS-09)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    const boss = await scim.user('boss@acme.example')
    const ids = []
    for (let index = 0; index < 50; index += 1) {
      const manager = { value: boss.id }
      ids.push((await scim.user(`user-${index}`, { [enterpriseUrn]: { manager } })).id)
    }
    await scim.group('Crew', ids)
    const callsOf = async (path: string) => {
      adapters.calls.length = 0
      await scim.get(path)
      return adapters.calls.map(({ name }) => name)
    }
    const many = await callsOf('/Users?count=50')
    expect(many).toEqual(['users.query', 'groups.groupsOf', 'users.getMany'])
    expect(await callsOf('/Users?count=2')).toEqual(many)
    const plain = await callsOf('/Users?excludedAttributes=groups&attributes=')
    expect(plain).toEqual(['users.query', 'users.getMany'])
    expect(await callsOf('/Users?attributes=userName')).toEqual(['users.query'])
  })
})

describe('a store that breaks its contract', () => {
  const broken = {
    'without an id': { id: undefined },
    'with another id': { id: 'other' },
    'with an id that contains bulkId': { id: 'bulkId:1' },
    'without meta': { meta: undefined },
    'without a version': { meta: { resourceType: 'User', created: 'x', lastModified: 'x' } },
    'of another type': {
      meta: { resourceType: 'Group', created: 'x', lastModified: 'x', version: 'x' },
    },
    'without a userName': { userName: undefined },
    'with a number for userName': { userName: 7 },
    'with a text for active': { active: 'yes' },
  }

  it.each(Object.entries(broken))(
    '%s: answers 500 and forwards nothing (S-INT-12, R-COMMON-05)',
    async (_, change) => {
      const adapters = memoryAdapters()
      const { get } = adapters.users
      const scim = await serve(
        altered({
          users: {
            get: async (...args) =>
              ({
                id: args[1],
                userName: 'canary',
                active: true,
                meta: { resourceType: 'User', created: 'x', lastModified: 'x', version: 'x' },
                ...change,
              }) as Awaited<ReturnType<typeof get>>,
          },
        }),
      )
      const { status, body } = await scim.get('/Users/u1')
      expect(status).toBe(500)
      expect(JSON.stringify(body)).not.toContain('canary')
      expect(scim.errors).toHaveLength(1)
    },
  )

  it('answers 500 for a page with a malformed resource, without a total, or longer than asked for (S-INT-12)', async () => {
    const meta = { resourceType: 'User', created: 'x', lastModified: 'x', version: 'x' }
    const user = { id: 'u1', userName: 'canary', active: true, meta }
    const pages = [
      { resources: [{ ...user, id: '' }], totalResults: 1 },
      { resources: [user], totalResults: undefined },
      { resources: [user, user], totalResults: 2 },
    ]
    for (const page of pages) {
      const scim = await serve(altered({ users: { query: async () => page as never } }))
      const { status, body } = await scim.get('/Users?count=1')
      expect(status).toBe(500)
      expect(JSON.stringify(body)).not.toContain('canary')
    }
  })
})
