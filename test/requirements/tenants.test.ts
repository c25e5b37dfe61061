import { memoryAdapters } from '../../adapters/memory/index.js'
import { forbidden } from '../../lib/index.js'
import { UniquenessError } from '../../lib/stores/index.js'
import { altered, watched } from '../protocol/adapters.js'
import {
  type Answer,
  bulkUrn,
  enterpriseUrn,
  groupUrn,
  type ServiceProvider,
  searchUrn,
  serve,
  userUrn,
} from '../protocol/server.js'

const globex = { as: 'globex' }

/**
 * Every way to name one resource: what is asked of a foreign id must be answered as for an id that
 * nobody has.
 */
const requests: readonly {
  readonly name: string
  readonly send: (scim: ServiceProvider, id: string) => Promise<Answer>
}[] = [
  { name: 'GET', send: (scim, id) => scim.get(`/Users/${id}`) },
  { name: 'GET of some attributes', send: (scim, id) => scim.get(`/Users/${id}?attributes=id`) },
  {
    name: 'GET if it has changed',
    send: (scim, id) => scim.get(`/Users/${id}`, { headers: { 'If-None-Match': '*' } }),
  },
  {
    name: 'PUT',
    send: (scim, id) => scim.put(`/Users/${id}`, { schemas: [userUrn], userName: 'x' }),
  },
  {
    name: 'PATCH',
    send: (scim, id) => scim.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'x' }]),
  },
  { name: 'DELETE', send: (scim, id) => scim.delete(`/Users/${id}`) },
  {
    name: 'DELETE of any version',
    send: (scim, id) => scim.delete(`/Users/${id}`, { headers: { 'If-Match': '*' } }),
  },
  {
    name: 'a filter by id',
    send: (scim, id) => scim.get(`/Users?filter=${encodeURIComponent(`id eq "${id}"`)}`),
  },
  {
    name: 'a search of all types by id',
    send: (scim, id) => scim.post('/.search', { schemas: [searchUrn], filter: `id eq "${id}"` }),
  },
  {
    name: 'a bulk operation',
    send: (scim, id) =>
      scim.post('/Bulk', {
        schemas: [bulkUrn],
        Operations: [
          { method: 'DELETE', path: `/Users/${id}` },
          { method: 'PUT', path: `/Users/${id}`, data: { schemas: [userUrn], userName: 'x' } },
        ],
      }),
  },
  {
    name: 'a new member',
    send: (scim, id) =>
      scim.post('/Groups', { schemas: [groupUrn], displayName: 'A', members: [{ value: id }] }),
  },
]

describe('the id of a resource of another tenant', () => {
  it.each(requests)(
    'is answered to $name as an id that nobody has (S-AUTHZ-01, S-AUTHZ-05, R-TEN-04, R-TEN-06)',
    async ({ send }) => {
      const scim = await serve(memoryAdapters(), { unknownMembers: 'refuse' })
      const foreign = await scim.user('ines@globex.example', {}, globex)
      const nobody = foreign.id.replace(/[0-9a-f]/g, (digit: string) => (digit === '0' ? '1' : '0'))
      const [one, other] = [await send(scim, foreign.id), await send(scim, nobody)]
      expect(one.status).toBe(other.status)
      expect(JSON.stringify(one.body).replaceAll(foreign.id, '')).toBe(
        JSON.stringify(other.body).replaceAll(nobody, ''),
      )
      const named = ['content-type', 'etag', 'location', 'cache-control']
      expect(named.map((name) => one.headers.get(name))).toEqual(
        named.map((name) => other.headers.get(name)),
      )
      expect((await scim.get(`/Users/${foreign.id}`, globex)).body).toEqual(foreign)
    },
  )

  it('is linked by no reference, as member, as manager or through a bulkId (S-AUTHZ-03, R-TEN-06)', async () => {
    const scim = await serve()
    const foreign = await scim.user('ines@globex.example', {}, globex)
    const user = await scim.user('noor@acme.example', {
      schemas: [userUrn, enterpriseUrn],
      [enterpriseUrn]: { manager: { value: foreign.id } },
    })
    expect(user[enterpriseUrn].manager).toEqual({ value: foreign.id })
    const { body } = await scim.post('/Bulk', {
      schemas: [bulkUrn],
      Operations: [
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g',
          data: { schemas: [groupUrn], displayName: 'A', members: [{ value: foreign.id }] },
        },
      ],
    })
    expect(body.Operations[0].status).toBe('201')
    expect((await scim.get('/Groups')).body.Resources[0].members).toBeUndefined()
    expect((await scim.get(`/Users/${foreign.id}`, globex)).body.groups).toBeUndefined()
  })
})

describe('two tenants', () => {
  it('may have equal userNames, externalIds and group names, under ids of their own (R-TEN-03, R-TEN-05, R-TEN-08, R-COMMON-08, S-ATO-01)', async () => {
    const scim = await serve(memoryAdapters(), { uniqueExternalIds: true })
    const attributes = { externalId: 'E-1', emails: [{ value: 'ines@shared.example' }] }
    const one = await scim.user('ines@shared.example', attributes)
    const other = await scim.user('ines@shared.example', attributes, globex)
    expect(other.id).not.toBe(one.id)
    expect(other.externalId).toBe(one.externalId)
    const crew = await scim.group('Crew', [one.id])
    const theirs = await scim.group('Crew', [other.id], globex)
    expect(theirs.id).not.toBe(crew.id)
    expect((await scim.get(`/Users/${one.id}`)).body).toMatchObject({
      groups: [{ value: crew.id }],
    })
  })

  it('see, count and find only what is theirs (R-QUERY-09, R-QUERY-11, R-TEN-06)', async () => {
    const scim = await serve()
    const own = [await scim.user('a@acme.example'), await scim.user('b@acme.example')]
    for (const name of ['c', 'd', 'e']) await scim.user(`${name}@globex.example`, {}, globex)
    await scim.group('Crew', [], globex)
    const filter = encodeURIComponent('userName pr')
    for (const path of ['/Users', '/', `/Users?filter=${filter}`, '/?sortBy=id', '/Users?cursor']) {
      const { body } = await scim.get(path)
      expect(body.totalResults).toBe(2)
      expect(new Set(body.Resources.map(({ id }: { id: string }) => id))).toEqual(
        new Set(own.map(({ id }) => id)),
      )
    }
    expect((await scim.get('/Users?count=0')).body.totalResults).toBe(2)
    expect((await scim.get('/Users?attributes=userName')).body.Resources[0]).toEqual({
      schemas: [userUrn],
      id: own[0].id,
      userName: 'a@acme.example',
    })
  })

  it('are told apart by the credentials alone, whatever else a request says (R-TEN-02, S-AUTHZ-06)', async () => {
    const scim = await serve()
    await scim.user('ines@globex.example', {}, globex)
    const headers = { 'X-Tenant': 'globex', 'X-Tenant-Id': 'globex', Host: 'globex.example' }
    const { status, body } = await scim.get('/Users?tenant=globex', { headers })
    expect({ status, totalResults: body.totalResults }).toEqual({ status: 200, totalResults: 0 })
    const user = await scim.user('noor@acme.example', { tenant: 'globex' })
    expect((await scim.get(`/Users/${user.id}`, globex)).status).toBe(404)
  })

  it('do not learn from a conflict which other tenant has the name (S-AUTHZ-13, R-TEN-08, S-LEAK-06)', async () => {
    const adapters = altered({
      users: {
        create: async () => {
          throw new UniquenessError('userName')
        },
      },
    })
    const { status, body } = await (await serve(adapters)).post('/Users', {
      schemas: [userUrn],
      userName: 'ines@globex.example',
    })
    expect({ status, scimType: body.scimType }).toEqual({ status: 409, scimType: 'uniqueness' })
    expect(body.detail).not.toMatch(/globex|tenant|organi[sz]ation/i)
  })
})

describe('credentials', () => {
  it('without a tenant reach no store (S-AUTH-13, S-AUTHZ-02)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters, {
      authenticate: () => ({ tenant: '', name: 'idp', scopes: ['scim:read'] }),
    })
    expect((await scim.get('/Users')).status).toBe(403)
    // Keys are declared when the router is made, for no tenant.
    const calls = adapters.calls.filter(({ name }) => !name.endsWith('.useKeys'))
    expect(calls).toEqual([])
  })

  it('that the host takes from other hands are refused as it says (R-TEN-02)', async () => {
    const scim = await serve(memoryAdapters(), {
      authenticate: ({ headers }) => {
        const tenant = String(headers['x-tenant'])
        if (tenant !== 'acme') throw forbidden('This token does not belong to this tenant.')
        return { tenant, name: 'idp', scopes: ['scim:read'] }
      },
    })
    expect((await scim.get('/Users', { headers: { 'X-Tenant': 'acme' } })).status).toBe(200)
    expect((await scim.get('/Users', { headers: { 'X-Tenant': 'globex' } })).status).toBe(403)
  })
})
