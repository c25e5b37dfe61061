import { memoryAdapters } from '../../adapters/memory/index.js'
import {
  type Answer,
  groupUrn,
  type ServiceProvider,
  searchUrn,
  serve,
  userUrn,
} from '../protocol/server.js'

type Parameters = 'attributes=userName' | 'excludedAttributes=name,meta'

/** Every request whose answer has a user in it. */
const requests: readonly {
  readonly name: string
  readonly send: (scim: ServiceProvider, id: string, parameters: Parameters) => Promise<Answer>
  readonly resource: (body: Answer['body']) => unknown
}[] = [
  {
    name: 'GET',
    send: (scim, id, parameters) => scim.get(`/Users/${id}?${parameters}`),
    resource: (body) => body,
  },
  {
    name: 'a list',
    send: (scim, id, parameters) =>
      scim.get(`/Users?${parameters}&filter=${encodeURIComponent(`id eq "${id}"`)}`),
    resource: (body) => body.Resources[0],
  },
  {
    name: 'a search',
    send: (scim, id, parameters) => {
      const [name = '', value = ''] = parameters.split('=')
      const query = { filter: `id eq "${id}"`, [name]: value.split(',') }
      return scim.post('/Users/.search', { schemas: [searchUrn], ...query })
    },
    resource: (body) => body.Resources[0],
  },
  {
    name: 'POST',
    send: async (scim, id, parameters) => {
      await scim.delete(`/Users/${id}`)
      return scim.post(`/Users?${parameters}`, ines)
    },
    resource: (body) => body,
  },
  {
    name: 'PUT',
    send: (scim, id, parameters) => scim.put(`/Users/${id}?${parameters}`, ines),
    resource: (body) => body,
  },
  {
    name: 'PATCH',
    send: (scim, id, parameters) =>
      scim.patch(`/Users/${id}?${parameters}`, [
        { op: 'replace', path: 'displayName', value: 'Ines' },
      ]),
    resource: (body) => body,
  },
]

const ines = {
  schemas: [userUrn],
  userName: 'ines@acme.example',
  displayName: 'Ines',
  name: { familyName: 'Moreau' },
}

describe('the answer to', () => {
  it.each(requests)(
    '$name has the attributes that are asked for (R-PROJ-01, R-PROJ-03, R-PROJ-04)',
    async ({ send, resource }) => {
      const scim = await serve()
      const { id } = await scim.user(ines.userName, ines)
      const excluded = await send(scim, id, 'excludedAttributes=name,meta')
      const { schemas, userName, displayName } = ines
      const anyId = expect.any(String)
      expect(resource(excluded.body)).toEqual({
        schemas,
        id: anyId,
        userName,
        displayName,
        active: true,
      })
      const present = (await scim.get('/Users')).body.Resources[0].id
      const named = await send(scim, present, 'attributes=userName')
      expect(resource(named.body)).toEqual({ schemas, id: anyId, userName })
    },
  )
})

describe('an id', () => {
  it('is given by the service provider, to one resource, for its whole life, and is exact (R-COMMON-04, R-COMMON-05, R-COMMON-06)', async () => {
    const scim = await serve()
    const wanted = { id: 'wanted-by-the-client' }
    const user = await scim.user('ines', wanted)
    const group = await scim.post('/Groups', { schemas: [groupUrn], displayName: 'A', ...wanted })
    const ids = [user.id, group.body.id, (await scim.user('noor', wanted)).id]
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) {
      expect(id).toMatch(/^[\w.~-]+$/)
      expect(id).not.toMatch(/bulkId|wanted/i)
    }
    const path = `/Users/${user.id}`
    await scim.put(path, { schemas: [userUrn], userName: 'ines.m', ...wanted })
    await scim.patch(path, [{ op: 'replace', path: 'userName', value: 'ines.r' }])
    expect((await scim.get(`${path}?attributes=userName`)).body).toEqual({
      schemas: [userUrn],
      id: user.id,
      userName: 'ines.r',
    })
    expect((await scim.get(`/Users/${user.id.toUpperCase()}`)).status).toBe(404)
  })
})

describe('If-Modified-Since', () => {
  it('decides nothing, with If-None-Match and without (R-ETAG-13)', async () => {
    const scim = await serve()
    const { id, meta } = await scim.user('ines')
    const since = { 'If-Modified-Since': 'Fri, 31 Dec 9999 23:59:59 GMT' }
    expect((await scim.get(`/Users/${id}`, { headers: since })).status).toBe(200)
    const other = { ...since, 'If-None-Match': 'W/"other"' }
    expect((await scim.get(`/Users/${id}`, { headers: other })).status).toBe(200)
    const same = {
      'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT',
      'If-None-Match': meta.version,
    }
    const alone = `/Users/${id}?excludedAttributes=groups`
    expect((await scim.get(alone, { headers: same })).status).toBe(304)
  })
})

describe('a resource type of the host whose attributes are all readOnly', () => {
  it('is listed, read, found and described, and takes nothing from clients (R-DRAFT-03)', async () => {
    const urn = 'urn:example:params:scim:schemas:core:2.0:Role'
    const adapters = memoryAdapters()
    const scim = await serve(adapters, {
      schemas: [
        {
          id: urn,
          name: 'Role',
          attributes: [
            { name: 'value', mutability: 'readOnly', caseExact: true },
            { name: 'supported', type: 'boolean', mutability: 'readOnly' },
          ],
        },
      ],
      resourceTypes: [{ name: 'Role', endpoint: '/Roles', schema: urn }],
    })
    const types = (await scim.get('/ResourceTypes')).body.Resources
    expect(types.map(({ name }: { name: string }) => name)).toContain('Role')
    const { attributes } = (await scim.get(`/Schemas/${urn}`)).body
    expect(attributes).toContainEqual(
      expect.objectContaining({ name: 'value', mutability: 'readOnly' }),
    )
    const { body } = await scim.post('/Roles', { schemas: [urn], value: 'mine', supported: true })
    expect(body).not.toHaveProperty('value')
    const edit = [{ op: 'replace', path: 'value', value: 'mine' }]
    expect((await scim.patch(`/Roles/${body.id}`, edit)).body.scimType).toBe('mutability')
    const filter = encodeURIComponent('value eq "mine"')
    expect((await scim.get(`/Roles?filter=${filter}`)).body.totalResults).toBe(0)
    expect((await scim.get('/Roles')).body.totalResults).toBe(1)
  })
})
