import { memoryAdapters } from '../../adapters/memory/index.js'
import { altered } from '../protocol/adapters.js'
import { enterpriseUrn, groupUrn, serve, userUrn } from '../protocol/server.js'

const badgeUrn = 'urn:example:params:scim:schemas:extension:badge:2.0:User'
const badge = {
  schemas: [
    {
      id: badgeUrn,
      name: 'Badge',
      attributes: [
        { name: 'number', mutability: 'immutable' },
        { name: 'level', type: 'integer' },
      ],
    },
  ],
  userExtensions: [{ schema: badgeUrn }],
} as const

describe('a request body', () => {
  it('means the same in any order of members and of schemas (R-MT-10)', async () => {
    const scim = await serve()
    const { status, body } = await scim.post('/Users', {
      [enterpriseUrn]: { department: 'D' },
      name: { familyName: 'M', givenName: 'I' },
      userName: 'ines@acme.example',
      schemas: [enterpriseUrn, userUrn],
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      userName: 'ines@acme.example',
      name: { givenName: 'I', familyName: 'M' },
      [enterpriseUrn]: { department: 'D' },
    })
    expect(new Set(body.schemas)).toEqual(new Set([userUrn, enterpriseUrn]))
  })

  it('may spell attributes in any case, and comes back as the schema spells them (R-MT-15, R-MT-16)', async () => {
    const scim = await serve()
    const { body } = await scim.post('/Users', {
      SCHEMAS: [userUrn.toUpperCase(), enterpriseUrn.toLowerCase()],
      USERNAME: 'ines@acme.example',
      displayname: 'Ines',
      NAME: { GIVENNAME: 'I' },
      Emails: [{ VALUE: 'ines@acme.example', TYPE: 'work', Primary: true }],
      [enterpriseUrn.toUpperCase()]: { DEPARTMENT: 'D' },
    })
    const { id: _, meta: __, ...rest } = body
    expect(rest).toEqual({
      schemas: [userUrn, enterpriseUrn],
      userName: 'ines@acme.example',
      displayName: 'Ines',
      name: { givenName: 'I' },
      emails: [{ value: 'ines@acme.example', type: 'work', primary: true }],
      active: true,
      [enterpriseUrn]: { department: 'D' },
    })
  })

  it('sets immutable attributes when it creates, and never after that (R-CREATE-08, R-PATCH-37)', async () => {
    const scim = await serve(memoryAdapters(), badge)
    const user = await scim.user('ines@acme.example', {
      schemas: [userUrn, badgeUrn],
      [badgeUrn]: { number: 'B-1' },
    })
    expect(user[badgeUrn]).toEqual({ number: 'B-1' })
    const path = `${badgeUrn}:number`
    const changed = await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path, value: 'B-2' }])
    expect(changed.status).toBe(400)
    expect(changed.body.scimType).toBe('mutability')
  })
})

describe('meta', () => {
  it('has the type of the endpoint, whatever the client says (R-COMMON-11, R-COMMON-10)', async () => {
    const scim = await serve()
    const meta = { resourceType: 'Group', created: '2001-01-01T00:00:00Z', version: 'W/"x"' }
    const user = await scim.user('ines@acme.example', { meta })
    const group = await scim.group('Crew')
    expect(user.meta.resourceType).toBe('User')
    expect(user.meta.created).not.toBe(meta.created)
    expect(group.meta.resourceType).toBe('Group')
  })

  it('has equal instants of creation and change until something changes (R-COMMON-12)', async () => {
    let now = Date.parse('2026-01-31T09:00:00.000Z')
    const scim = await serve(memoryAdapters(), { clock: () => new Date(now) })
    const { id, meta } = await scim.user('ines@acme.example')
    expect(meta.created).toBe('2026-01-31T09:00:00.000Z')
    expect(meta.lastModified).toBe(meta.created)
    now += 60_000
    await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'Lead' }])
    const { body } = await scim.get(`/Users/${id}`)
    expect(body.meta.created).toBe(meta.created)
    expect(body.meta.lastModified).toBe('2026-01-31T09:01:00.000Z')
  })

  it.each(['/Users', '/Groups'])(
    'has the location and the version that the headers of %s have (R-COMMON-13, R-COMMON-14)',
    async (endpoint) => {
      const scim = await serve()
      const created = await scim.post(endpoint, {
        schemas: [endpoint === '/Users' ? userUrn : groupUrn],
        userName: 'ines@acme.example',
        displayName: 'Crew',
      })
      const path = `${endpoint}/${created.body.id}`
      expect(created.body.meta.location).toBe(`${scim.baseUrl}${path}`)
      for (const { headers, body } of [created, await scim.get(path)]) {
        expect(headers.get('location')).toBe(body.meta.location)
        expect(headers.get('etag')).toBe(body.meta.version)
        expect(body.meta.version).toMatch(/^W\/"[^"]+"$/)
      }
    },
  )
})

describe('attributes in answers', () => {
  it('that are multi-valued are arrays, with one value too (R-TYPE-12, R-TYPE-13)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', {
      emails: { value: 'ines@acme.example' },
      roles: ['editor'],
    })
    expect(user.emails).toEqual([{ value: 'ines@acme.example' }])
    expect(user.roles).toEqual([{ value: 'editor' }])
    const group = await scim.group('Crew', [user.id])
    expect(group.members).toHaveLength(1)
    expect((await scim.get(`/Users/${user.id}`)).body.groups).toHaveLength(1)
  })

  it('are found by a filter with the value that was returned, also where it is a default (R-FILTER-34)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    expect(user.active).toBe(true)
    const filter = encodeURIComponent('active eq true')
    expect((await scim.get(`/Users?filter=${filter}`)).body.totalResults).toBe(1)
  })

  it('that name the schema of an attribute have one of the eight types (R-SCH-03)', async () => {
    const scim = await serve(memoryAdapters(), badge)
    const { body } = await scim.get('/Schemas')
    const types = body.Resources.flatMap((schema: { attributes: object[] }) =>
      schema.attributes.flatMap(typesOf),
    )
    const known = 'string boolean decimal integer dateTime binary reference complex'.split(' ')
    expect([...new Set(types)].filter((type) => !known.includes(type as string))).toEqual([])
    expect(types.length).toBeGreaterThan(100)
  })
})

describe('references', () => {
  it('are held to resources that exist, of members and managers where the host wants it (R-TYPE-09)', async () => {
    const scim = await serve(memoryAdapters(), {
      unknownManager: 'refuse',
      unknownMembers: 'refuse',
    })
    const members = [{ value: 'nobody' }]
    const group = await scim.post('/Groups', { schemas: [groupUrn], displayName: 'Crew', members })
    const user = await scim.post('/Users', {
      schemas: [userUrn, enterpriseUrn],
      userName: 'ines@acme.example',
      [enterpriseUrn]: { manager: { value: 'nobody' } },
    })
    for (const { status, body } of [group, user]) {
      expect({ status, scimType: body.scimType }).toEqual({ status: 400, scimType: 'invalidValue' })
    }
  })
})

describe('a user', () => {
  it('who is made inactive has lost access in the host when the client is answered (R-USER-10, S-ATO-08)', async () => {
    const ended: string[] = []
    const adapters = altered({
      users: {
        deprovision: async (_scope, { userName }) => {
          ended.push(userName)
        },
      },
    })
    const scim = await serve({ users: adapters.users, groups: adapters.groups })
    const user = await scim.user('ines@acme.example')
    const operations = [{ op: 'replace', path: 'active', value: false }]
    expect((await scim.patch(`/Users/${user.id}`, operations)).body.active).toBe(false)
    expect(ended).toEqual(['ines@acme.example'])
  })

  it('is renamed with the e-mail address in one request, both or neither (R-USER-25)', async () => {
    const scim = await serve()
    await scim.user('taken@acme.example')
    const emails = [{ value: 'ines@acme.example', type: 'work', primary: true }]
    const user = await scim.user('ines@acme.example', { emails })
    const rename = (name: string) =>
      scim.patch(`/Users/${user.id}`, [
        { op: 'replace', path: 'emails[type eq "work"].value', value: name },
        { op: 'replace', path: 'userName', value: name },
      ])
    expect((await rename('taken@acme.example')).status).toBe(409)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
    const { body } = await rename('roux@acme.example')
    expect([body.userName, body.emails[0].value]).toEqual([
      'roux@acme.example',
      'roux@acme.example',
    ])
  })

  it.each([
    ['letters of full width', 'ｉｎｅｓ@acme.example'],
    ['capital letters', 'INES@Acme.EXAMPLE'],
    ['decomposed letters', 'inés@acme.example'.normalize('NFD')],
  ])(
    'cannot have the userName of another in %s (R-SEC-06, R-USER-03, S-ATO-05)',
    async (_, name) => {
      const scim = await serve()
      await scim.user(name.includes('e\u0301') ? 'inés@acme.example' : 'ines@acme.example')
      const { status, body } = await scim.post('/Users', { schemas: [userUrn], userName: name })
      expect({ status, scimType: body.scimType }).toEqual({ status: 409, scimType: 'uniqueness' })
    },
  )
})

interface AttributeDocument {
  readonly type: string
  readonly subAttributes?: readonly AttributeDocument[]
}

function typesOf(attribute: object): string[] {
  const { type, subAttributes = [] } = attribute as AttributeDocument
  return [type, ...subAttributes.flatMap(typesOf)]
}
