import { memoryAdapters } from '../../adapters/memory/index.js'
import { enterpriseUrn, errorUrn, groupUrn, serve, userUrn } from './server.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0'
const device = 'urn:example:device'
const extension = 'urn:example:Extension:2.0:User'

const hostTypes = {
  schemas: [
    { id: device, name: 'Device', attributes: [{ name: 'serial', uniqueness: 'server' }] },
    { id: extension, name: 'Badge', attributes: [{ name: 'badge', type: 'integer' }] },
  ],
  resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: device }],
  userExtensions: [{ schema: extension }],
} as const

describe('/ServiceProviderConfig', () => {
  it('has every required attribute with its type, and its own location (R-DISC-01, R-DISC-12, R-SPC-01, R-SPC-02, R-SPC-04, R-SPC-05, clients A)', async () => {
    const scim = await serve()
    const { status, body } = await scim.get('/ServiceProviderConfig')
    expect(status).toBe(200)
    const supported = { supported: expect.any(Boolean) }
    expect(body).toEqual({
      schemas: [`${core}:ServiceProviderConfig`],
      patch: supported,
      bulk: {
        ...supported,
        maxOperations: expect.any(Number),
        maxPayloadSize: expect.any(Number),
      },
      filter: { ...supported, maxResults: expect.any(Number) },
      changePassword: supported,
      sort: supported,
      etag: supported,
      authenticationSchemes: [
        expect.objectContaining({
          type: 'oauthbearertoken',
          name: expect.any(String),
          description: expect.any(String),
        }),
      ],
      meta: {
        resourceType: 'ServiceProviderConfig',
        location: `${scim.baseUrl}/ServiceProviderConfig`,
      },
    })
  })

  it('names the documentation where the host says so (R-SPC-03)', async () => {
    const scim = await serve(memoryAdapters(), { documentationUri: 'https://docs.example/scim' })
    const { body } = await scim.get('/ServiceProviderConfig')
    expect(body.documentationUri).toBe('https://docs.example/scim')
  })

  it('advertises paging where the host asks for it (R-SPC-07)', async () => {
    const scim = await serve(memoryAdapters(), { advertisePagination: true })
    const { body } = await scim.get('/ServiceProviderConfig')
    expect(body.pagination).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: expect.any(Number),
      maxPageSize: expect.any(Number),
      cursorTimeout: expect.any(Number),
    })
  })
})

describe('/ResourceTypes', () => {
  it('lists every resource type with its schemas, whatever page is asked for (R-DISC-04, R-DISC-05, R-RT-01, R-RT-02, R-RT-04)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { body } = await scim.get('/ResourceTypes?count=1&startIndex=2&sortBy=name&attributes=x')
    expect(body).toMatchObject({ totalResults: 3, startIndex: 1, itemsPerPage: 3 })
    expect(body.Resources[0]).toEqual({
      schemas: [`${core}:ResourceType`],
      id: 'User',
      name: 'User',
      endpoint: '/Users',
      description: expect.any(String),
      schema: userUrn,
      schemaExtensions: [
        { schema: enterpriseUrn, required: false },
        { schema: extension, required: false },
      ],
      meta: { resourceType: 'ResourceType', location: `${scim.baseUrl}/ResourceTypes/User` },
    })
  })

  it('serves each by its name, and 404 for others (R-DISC-04)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { body } = await scim.get('/ResourceTypes')
    for (const type of body.Resources) {
      expect((await scim.get(`/ResourceTypes/${type.id}`)).body).toEqual(type)
    }
    for (const name of ['Robot', '__proto__', 'constructor']) {
      const { status, body: error } = await scim.get(`/ResourceTypes/${name}`)
      expect([status, error.schemas]).toEqual([404, [errorUrn]])
    }
  })

  it('names schemas that /Schemas serves (R-DISC-09)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { body: types } = await scim.get('/ResourceTypes')
    const { body: schemas } = await scim.get('/Schemas')
    const known = schemas.Resources.map(({ id }: { id: string }) => id)
    for (const { schema, schemaExtensions } of types.Resources) {
      expect(known).toEqual(expect.arrayContaining([schema]))
      for (const each of schemaExtensions) expect(known).toContain(each.schema)
    }
  })
})

describe('/Schemas', () => {
  it('lists resource schemas and those of discovery, and no message schemas (R-DISC-02, R-DISC-07, R-DISC-11)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { body } = await scim.get('/Schemas?count=2')
    const ids = body.Resources.map(({ id }: { id: string }) => id)
    expect(ids.sort()).toEqual(
      [
        userUrn,
        groupUrn,
        enterpriseUrn,
        device,
        extension,
        `${core}:Schema`,
        `${core}:ResourceType`,
        `${core}:ServiceProviderConfig`,
      ].sort(),
    )
    for (const schema of body.Resources) {
      expect(schema.schemas).toEqual([`${core}:Schema`])
      expect(schema.meta).toEqual({
        resourceType: 'Schema',
        location: `${scim.baseUrl}/Schemas/${schema.id}`,
      })
    }
  })

  it('serves each by its URN, in any case and encoded too, and 404 for others (R-DISC-03, R-SCH-01)', async () => {
    const scim = await serve()
    const { body } = await scim.get(`/Schemas/${userUrn}`)
    expect(body).toMatchObject({ id: userUrn, name: 'User', description: expect.any(String) })
    expect((await scim.get(`/Schemas/${userUrn.toUpperCase()}`)).body).toEqual(body)
    expect((await scim.get(`/Schemas/${encodeURIComponent(userUrn)}`)).body).toEqual(body)
    expect((await scim.get('/Schemas/urn:none')).status).toBe(404)
  })

  it('describes every attribute with the characteristics that apply to it (R-SCH-02, R-SCH-03, R-SCH-04, R-SCH-05, R-SCH-06)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { body } = await scim.get('/Schemas')
    const describe = (attribute: Record<string, unknown>) => {
      const { type, subAttributes, referenceTypes, uniqueness, caseExact } = attribute
      for (const name of ['name', 'type', 'multiValued', 'description', 'required']) {
        expect(attribute).toHaveProperty(name)
      }
      expect([
        'string',
        'boolean',
        'decimal',
        'integer',
        'dateTime',
        'binary',
        'reference',
        'complex',
      ]).toContain(type)
      expect(['readOnly', 'readWrite', 'immutable', 'writeOnly']).toContain(attribute['mutability'])
      expect(['always', 'never', 'default', 'request']).toContain(attribute['returned'])
      expect(subAttributes !== undefined).toBe(type === 'complex')
      expect(referenceTypes !== undefined).toBe(type === 'reference')
      expect(uniqueness === undefined).toBe(type === 'complex' || type === 'boolean')
      expect(caseExact !== undefined).toBe(
        type === 'string' || type === 'reference' || type === 'binary',
      )
      for (const sub of (subAttributes ?? []) as Record<string, unknown>[]) describe(sub)
    }
    for (const schema of body.Resources) schema.attributes.forEach(describe)
  })

  it('lets Entra ID find externalId in the schemas of resources', async () => {
    const scim = await serve()
    for (const [urn, expected] of [
      [userUrn, true],
      [groupUrn, true],
      [enterpriseUrn, false],
    ] as const) {
      const { body } = await scim.get(`/Schemas/${urn}`)
      const names = body.attributes.map(({ name }: { name: string }) => name)
      expect(names.includes('externalId')).toBe(expected)
    }
  })
})

describe('every discovery endpoint', () => {
  const paths = [
    '/ServiceProviderConfig',
    '/ResourceTypes',
    '/ResourceTypes/User',
    '/Schemas',
    `/Schemas/${userUrn}`,
  ]

  it.each(paths)('%s answers 403 to a filter (R-DISC-06)', async (path) => {
    const scim = await serve()
    const { status, body } = await scim.get(`${path}?filter=name%20eq%20%22User%22`)
    expect([status, body.status]).toEqual([403, '403'])
  })

  it.each(paths)('%s answers 405 to writes (R-DISC-08, R-HTTP-10)', async (path) => {
    const scim = await serve()
    for (const { status, headers } of [
      await scim.post(path, {}),
      await scim.put(path, {}),
      await scim.patch(path, []),
      await scim.delete(path),
    ]) {
      expect(status).toBe(405)
      expect(headers.get('allow')).toContain('GET')
    }
  })

  it.each(paths)('%s ignores attributes and excludedAttributes (R-DISC-13)', async (path) => {
    const scim = await serve()
    const { body } = await scim.get(path)
    expect((await scim.get(`${path}?attributes=id`)).body).toEqual(body)
    expect((await scim.get(`${path}?excludedAttributes=name,meta`)).body).toEqual(body)
  })

  it('answers 404 to names of SCIM 1.1 (R-DISC-14)', async () => {
    const scim = await serve()
    expect((await scim.get('/ServiceProviderConfigs')).status).toBe(404)
  })
})

describe('a resource type of the host', () => {
  it('has all operations, uniqueness and queries (R-SCH-10, R-DRAFT-03, R-DRAFT-06)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const { status, body } = await scim.post('/Devices', { schemas: [device], serial: 'S1' })
    expect(status).toBe(201)
    expect(body.meta).toMatchObject({
      resourceType: 'Device',
      location: `${scim.baseUrl}/Devices/${body.id}`,
    })
    expect((await scim.post('/Devices', { schemas: [device], serial: 's1' })).status).toBe(409)
    const path = `/Devices/${body.id}`
    const found = await scim.get(`/Devices?filter=${encodeURIComponent('serial eq "s1"')}`)
    expect(found.body.Resources).toEqual([body])
    expect((await scim.put(path, { schemas: [device], serial: 'S2' })).body.serial).toBe('S2')
    const patched = await scim.patch(path, [{ op: 'replace', path: 'serial', value: 'S3' }])
    expect([patched.status, patched.body.serial]).toEqual([200, 'S3'])
    expect((await scim.get('/')).body.totalResults).toBe(1)
    expect((await scim.delete(path)).status).toBe(204)
    expect(scim.events.map(({ event }) => event)).toEqual([
      'resource.created',
      'request.refused',
      'resource.replaced',
      'resource.patched',
      'resource.deleted',
    ])
  })

  it('needs a store (R-SCH-10)', async () => {
    const { resourceStore: _, ...adapters } = memoryAdapters()
    await expect(serve(adapters, hostTypes)).rejects.toMatchObject({ code: 'ERR_SCIM_NO_STORE' })
  })

  it('stores attributes of an extension of the host under its URN (R-COMMON-15)', async () => {
    const scim = await serve(memoryAdapters(), hostTypes)
    const user = await scim.user('ines', { [extension]: { badge: 7 }, badge: 8 })
    expect(user[extension]).toEqual({ badge: 7 })
    expect(user.badge).toBeUndefined()
    const found = await scim.get(`/Users?filter=${encodeURIComponent(`${extension}:badge ge 7`)}`)
    expect(found.body.totalResults).toBe(1)
  })
})

it('/Schemas has the password also where no host takes one; changePassword tells which (A25)', async () => {
  const setPassword = async () => {}
  const adapters = memoryAdapters()
  const taking = { ...adapters, users: { ...adapters.users, setPassword } }
  for (const [scim, isTaken] of [
    [await serve(adapters), false],
    [await serve(taking), true],
  ] as const) {
    const { body: one } = await scim.get(`/Schemas/${userUrn}`)
    const { body: all } = await scim.get('/Schemas')
    const user = all.Resources.find(({ id }: { id: string }) => id === userUrn)
    for (const { attributes } of [one, user]) {
      const names = attributes.map(({ name }: { name: string }) => name)
      expect(names).toContain('password')
    }
    const { body: config } = await scim.get('/ServiceProviderConfig')
    expect(config.changePassword.supported).toBe(isTaken)
  }
})
