import { memoryAdapters } from '../../adapters/memory/index.js'
import { cpuMsOf } from '../support/cpu-time.js'
import { altered } from './adapters.js'
import {
  bulkUrn,
  type CallOptions,
  enterpriseUrn,
  errorUrn,
  groupUrn,
  patchUrn,
  type ServiceProvider,
  serve,
  userUrn,
} from './server.js'

const responseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'

const bulk = (
  scim: ServiceProvider,
  operations: unknown,
  { options, ...more }: { failOnErrors?: number; options?: CallOptions } = {},
) => scim.post('/Bulk', { schemas: [bulkUrn], Operations: operations, ...more }, options)

const postUser = (bulkId: string, attributes: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { schemas: [userUrn], userName: `${bulkId}@acme.example`, ...attributes },
})

const postGroup = (bulkId: string, members: readonly string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: {
    schemas: [groupUrn],
    displayName: bulkId,
    members: members.map((value) => ({ value })),
  },
})

const statusesOf = (body: { Operations: { status: string }[] }) =>
  body.Operations.map(({ status }) => status)

const idOf = (operation: { location: string }) => operation.location.split('/').at(-1) ?? ''

describe('a bulk request', () => {
  it('answers 200 with a result for each operation (R-BULK-02, R-BULK-03, R-BULK-06, R-BULK-08, R-BULK-10)', async () => {
    const scim = await serve()
    const [a, b, c] = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
    const { status, body } = await bulk(scim, [
      postUser('u1'),
      {
        method: 'PUT',
        path: `/Users/${a.id}`,
        data: { schemas: [userUrn], userName: 'a2' },
      },
      {
        method: 'PATCH',
        path: `/Users/${b.id}`,
        bulkId: 'p',
        data: {
          schemas: [patchUrn],
          Operations: [{ op: 'add', path: 'title', value: 't' }],
        },
      },
      { method: 'DELETE', path: `/Users/${c.id}` },
    ])
    expect(status).toBe(200)
    expect(body.schemas).toEqual([responseUrn])
    const created = (await scim.get(`/Users/${idOf(body.Operations[0])}`)).body
    expect(body.Operations).toEqual([
      {
        method: 'POST',
        bulkId: 'u1',
        location: created.meta.location,
        version: created.meta.version,
        status: '201',
      },
      {
        method: 'PUT',
        location: a.meta.location,
        version: (await scim.get(`/Users/${a.id}`)).body.meta.version,
        status: '200',
      },
      {
        method: 'PATCH',
        bulkId: 'p',
        location: b.meta.location,
        version: expect.stringMatching(/^W\//),
        status: '200',
      },
      { method: 'DELETE', location: c.meta.location, status: '204' },
    ])
    expect((await scim.get(`/Users/${b.id}`)).body.title).toBe('t')
    expect((await scim.get(`/Users/${c.id}`)).status).toBe(404)
  })

  it('goes on after failures, each with its SCIM error, and with what came before stored (R-BULK-07, R-BULK-09, R-BULK-19)', async () => {
    const scim = await serve()
    const { status, body } = await bulk(scim, [
      postUser('u1'),
      postUser('u2', { userName: 'u1@acme.example' }),
      { method: 'DELETE', path: '/Users/none' },
      postUser('u3'),
    ])
    expect(status).toBe(200)
    expect(statusesOf(body)).toEqual(['201', '409', '404', '201'])
    expect(body.Operations[1]).toEqual({
      method: 'POST',
      bulkId: 'u2',
      status: '409',
      response: {
        schemas: [errorUrn],
        status: '409',
        scimType: 'uniqueness',
        detail: expect.any(String),
      },
    })
    expect(body.Operations[2].location).toBe(`${scim.baseUrl}/Users/none`)
    expect((await scim.get('/Users')).body.totalResults).toBe(2)
  })

  it('stops when failOnErrors is reached, with the results so far (R-BULK-07)', async () => {
    const scim = await serve()
    const wrong = { method: 'DELETE', path: '/Users/none' }
    const operations = [postUser('u1'), wrong, postUser('u2'), wrong, postUser('u3')]
    const { body } = await bulk(scim, operations, { failOnErrors: 2 })
    expect(statusesOf(body)).toEqual(['201', '404', '201', '404'])
    expect((await scim.get('/Users')).body.totalResults).toBe(2)
  })

  it.each([
    ['GET', { method: 'GET', path: '/Users/x' }],
    ['a method in lower case', { method: 'delete', path: '/Users/x' }],
    ['no method', { path: '/Users/x' }],
    ['POST without a bulkId', { method: 'POST', path: '/Users', data: {} }],
    ['POST without data', { method: 'POST', path: '/Users', bulkId: 'x' }],
    ['PATCH without data', { method: 'PATCH', path: '/Users/x' }],
    ['a number for a path', { method: 'DELETE', path: 7 }],
    ['an object for a bulkId', { method: 'POST', path: '/Users', bulkId: {}, data: {} }],
    ['a number for a version', { method: 'DELETE', path: '/Users/x', version: 1 }],
  ])(
    'refuses %s in its operation alone (R-BULK-03, R-BULK-04, R-BULK-05, R-BULK-21)',
    async (_, operation) => {
      const scim = await serve()
      const { body } = await bulk(scim, [operation, postUser('u1')])
      expect(statusesOf(body)).toEqual(['400', '201'])
      expect(body.Operations[0].response.scimType).toBe('invalidSyntax')
    },
  )

  it.each([
    '/Bulk',
    '/Me',
    '/Schemas/x',
    '/Users/.search/x',
    'https://evil.example/Users/x',
    '//evil.example/Users/x',
    '/Users/../Groups/x',
    '/Users/x/y',
    '/Users/%zz',
    '/Users/x?attributes=id',
    '/Users',
    '/UsersX/x',
    'Users/x',
    '',
  ])('leads %j nowhere (R-BULK-20, S-INP-12)', async (path) => {
    const scim = await serve()
    const { body } = await bulk(scim, [{ method: 'DELETE', path }])
    expect(statusesOf(body)).toEqual(['404'])
  })

  it('refuses the second use of a bulkId (R-BULK-04)', async () => {
    const scim = await serve()
    const { body } = await bulk(scim, [postUser('u1'), postUser('u1', { userName: 'other' })])
    expect(statusesOf(body)).toEqual(['201', '400'])
  })

  it.each([
    [{}, 400],
    [[], 400],
    [{ schemas: [userUrn], Operations: [] }, 400],
    [{ schemas: [bulkUrn] }, 400],
    [{ schemas: [bulkUrn], Operations: {} }, 400],
    [{ schemas: [bulkUrn], Operations: ['x'] }, 400],
    [{ schemas: [bulkUrn], Operations: [], failOnErrors: 'x' }, 400],
    [{ schemas: [bulkUrn], Operations: [], failOnErrors: 1.5 }, 400],
    [{ schemas: [bulkUrn], Operations: [] }, 200],
    [{ schemas: [bulkUrn], operations: [], FailOnErrors: 1 }, 200],
  ])('answers %j with %i (R-BULK-02)', async (request, status) => {
    const scim = await serve()
    expect((await scim.post('/Bulk', request)).status).toBe(status)
  })

  it('asks for the BulkRequest schema where the host is strict (R-BULK-02)', async () => {
    const scim = await serve(memoryAdapters(), { strict: true })
    expect((await scim.post('/Bulk', { Operations: [] })).body.scimType).toBe('invalidSyntax')
  })

  it('refuses more operations and bytes than advertised with 413 that names the limit (R-BULK-15, R-BULK-16, R-ERR-15, S-DOS-11)', async () => {
    const limits = { maxBulkOperations: 2, maxPayloadBytes: 2000 }
    const scim = await serve(memoryAdapters(), { limits })
    const config = (await scim.get('/ServiceProviderConfig')).body.bulk
    expect(config).toEqual({ supported: true, maxOperations: 2, maxPayloadSize: 2000 })
    const three = await bulk(scim, [postUser('a'), postUser('b'), postUser('c')])
    expect([three.status, three.body.status]).toEqual([413, '413'])
    expect(three.body.detail).toContain('2 operations')
    const long = await bulk(scim, [postUser('a', { title: 'x'.repeat(3000) })])
    expect(long.status).toBe(413)
    expect(long.body.detail).toContain('2000')
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('answers 501 where it is switched off, and says so (R-BULK-01, R-HTTP-09)', async () => {
    const scim = await serve(memoryAdapters(), { features: { bulk: false } })
    expect((await bulk(scim, [])).status).toBe(501)
    expect((await scim.get('/ServiceProviderConfig')).body.bulk.supported).toBe(false)
  })

  it('takes a version for If-Match (R-BULK-14)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    const { body } = await bulk(scim, [
      { method: 'DELETE', path, version: 'W/"stale"' },
      {
        method: 'PUT',
        path,
        version: user.meta.version,
        data: { schemas: [userUrn], userName: 'i2' },
      },
      { method: 'DELETE', path, version: user.meta.version },
    ])
    expect(statusesOf(body)).toEqual(['412', '200', '412'])
  })

  it('takes PATCH data without schemas and as the operations alone, unless the host is strict (R-BULK-05)', async () => {
    const operations = [{ op: 'add', path: 'title', value: 't' }]
    for (const [strict, expected] of [
      [false, ['200', '200']],
      [true, ['400', '400']],
    ] as const) {
      const scim = await serve(memoryAdapters(), { strict })
      const [a, b] = [await scim.user('a'), await scim.user('b')]
      const { body } = await bulk(scim, [
        { method: 'PATCH', path: `/Users/${a.id}`, data: operations },
        { method: 'PATCH', path: `/Users/${b.id}`, data: { Operations: operations } },
      ])
      expect(statusesOf(body)).toEqual(expected)
    }
  })

  it('is confined to the tenant, in paths and in references (R-BULK-18, S-AUTHZ-05, R-TEN-06)', async () => {
    const scim = await serve(memoryAdapters(), { unknownMembers: 'refuse' })
    const foreign = await scim.user('ines', {}, { as: 'other' })
    const { body } = await bulk(scim, [
      { method: 'DELETE', path: `/Users/${foreign.id}` },
      postGroup('g', [foreign.id]),
    ])
    expect(statusesOf(body)).toEqual(['404', '400'])
    expect((await scim.get(`/Users/${foreign.id}`, { as: 'other' })).body).toEqual(foreign)
  })

  it('is audited operation by operation (R-BULK-18, S-OPS-01)', async () => {
    const scim = await serve()
    await bulk(scim, [postUser('a'), postUser('b', { userName: 'a@acme.example' }), postUser('c')])
    expect(scim.events.map(({ event }) => event)).toEqual([
      'user.created',
      'request.refused',
      'user.created',
    ])
  })

  it('reports a failure nobody expected as 500 in its operation, and to the host (R-BULK-09, S-LEAK-04)', async () => {
    const scim = await serve(
      altered({
        groups: {
          create: async () => {
            throw new Error('secret')
          },
        },
      }),
    )
    const { status, body } = await bulk(scim, [postGroup('g', []), postUser('u')])
    expect(status).toBe(200)
    expect(statusesOf(body)).toEqual(['500', '201'])
    expect(JSON.stringify(body)).not.toContain('secret')
    expect(scim.errors).toEqual([new Error('secret')])
  })

  it('lets other requests have their turn (S-DOS-11)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    let isDone = false
    const job = bulk(
      scim,
      Array.from({ length: 1000 }, (_, index) => postUser(`u${index}`)),
    ).finally(() => {
      isDone = true
    })
    let answered = 0
    while (!isDone) {
      expect((await scim.get(`/Users/${user.id}`)).status).toBe(200)
      answered += isDone ? 0 : 1
    }
    expect((await job).body.Operations).toHaveLength(1000)
    expect(answered).toBeGreaterThan(5)
  })
})

describe('bulkId references', () => {
  it('stand for the ids of resources created before, in data and in paths (R-BULK-11)', async () => {
    const scim = await serve()
    const { body } = await bulk(scim, [
      postUser('u1'),
      postUser('u2', { [enterpriseUrn]: { manager: { value: 'bulkId:u1' } } }),
      postGroup('g1', ['bulkId:u1']),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g1',
        data: {
          schemas: [patchUrn],
          Operations: [
            { op: 'add', path: 'members', value: [{ value: 'bulkId:u2' }] },
            { op: 'remove', path: 'members[value eq "bulkId:u1"]' },
          ],
        },
      },
    ])
    expect(statusesOf(body)).toEqual(['201', '201', '201', '204'])
    const [u1, u2, g1] = body.Operations.map(idOf)
    expect((await scim.get(`/Users/${u2}`)).body[enterpriseUrn].manager.value).toBe(u1)
    expect((await scim.get(`/Groups/${g1}`)).body.members).toMatchObject([{ value: u2 }])
    expect(body.Operations[3].location).toBe(`${scim.baseUrl}/Groups/${g1}`)
  })

  it('may come before the operation they name, and nothing is created twice (R-BULK-12, R-BULK-17)', async () => {
    const scim = await serve()
    const { body } = await bulk(scim, [postGroup('g1', ['bulkId:u1']), postUser('u1')])
    expect(statusesOf(body)).toEqual(['201', '201'])
    const groups = (await scim.get('/Groups')).body.Resources
    expect(groups).toHaveLength(1)
    expect(groups[0].members).toMatchObject([{ value: idOf(body.Operations[1]) }])
  })

  it('may go round in a circle (R-BULK-12, R-GROUP-07)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const { body } = await bulk(scim, [
      postGroup('a', ['bulkId:b', user.id]),
      postGroup('b', ['bulkId:c']),
      postGroup('c', ['bulkId:a']),
    ])
    expect(statusesOf(body)).toEqual(['201', '201', '201'])
    const membersOf = async (id: string) =>
      (await scim.get(`/Groups/${id}`)).body.members.map(({ value }: { value: string }) => value)
    const [a = '', b = '', c = ''] = body.Operations.map(idOf)
    expect((await membersOf(a)).sort()).toEqual([b, user.id].sort())
    expect(await membersOf(b)).toEqual([c])
    expect(await membersOf(c)).toEqual([a])
    expect((await scim.get('/Groups')).body.totalResults).toBe(3)
    const { body: read } = await scim.get(`/Groups/${a}`)
    expect(body.Operations[0].version).toBe(read.meta.version)
  })

  it("may make two people each other's manager (R-BULK-12)", async () => {
    const scim = await serve()
    const managedBy = (value: string) => ({
      [enterpriseUrn]: { department: 'D', manager: { value } },
    })
    const { body } = await bulk(scim, [
      postUser('a', managedBy('bulkId:b')),
      postUser('b', managedBy('bulkId:a')),
    ])
    expect(statusesOf(body)).toEqual(['201', '201'])
    const [a, b] = body.Operations.map(idOf)
    const managerOf = async (id: string) => (await scim.get(`/Users/${id}`)).body[enterpriseUrn]
    expect(await managerOf(a)).toMatchObject({ department: 'D', manager: { value: b } })
    expect(await managerOf(b)).toMatchObject({ department: 'D', manager: { value: a } })
  })

  it('leave nothing behind when a circle cannot be closed (R-BULK-12, R-BULK-13)', async () => {
    const scim = await serve()
    const { body } = await bulk(scim, [
      postGroup('a', ['bulkId:b']),
      {
        ...postGroup('b', ['bulkId:a']),
        data: { schemas: [groupUrn], members: [{ value: 'bulkId:a' }] },
      },
    ])
    expect(statusesOf(body)).toEqual(['409', '400'])
    expect((await scim.get('/Groups')).body.totalResults).toBe(0)
  })

  it('fail with 409 when they name nothing, or something that failed; nothing literal is stored (R-BULK-12, R-BULK-13)', async () => {
    const scim = await serve()
    const { body } = await bulk(scim, [
      postGroup('g1', ['bulkId:none']),
      postUser('u1', { userName: 7 }),
      postGroup('g2', ['bulkId:u1']),
      { method: 'DELETE', path: '/Users/bulkId:u1' },
      postUser('u2', { [enterpriseUrn]: { manager: { value: 'bulkId:__proto__' } } }),
    ])
    expect(statusesOf(body)).toEqual(['409', '400', '409', '409', '409'])
    expect((await scim.get('/')).body.totalResults).toBe(0)
  })

  it('can form a chain of 1000, forwards too, in time that grows with its length (S-DOS-11)', async () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) =>
        postGroup(`g${index}`, index + 1 < length ? [`bulkId:g${index + 1}`] : []),
      )
    const timeOf = async (length: number) => {
      const scim = await serve()
      return cpuMsOf(async () => {
        const { body } = await bulk(scim, chain(length))
        expect(new Set(statusesOf(body))).toEqual(new Set(['201']))
      })
    }
    await timeOf(50)
    const [short, long] = [await timeOf(250), await timeOf(1000)]
    expect(long).toBeLessThan(20 * short)
  })
})

describe('the path of a bulk operation', () => {
  it('is read as over HTTP: with a slash too many, without one, with parameters (A19, E10)', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const patchOf = (path: string) => ({
      method: 'PATCH',
      path,
      data: {
        schemas: [patchUrn],
        Operations: [{ op: 'replace', path: 'title', value: path }],
      },
    })
    const paths = [`/Users/${id}/`, `Users/${id}`, `/Users/${id}?attributes=userName`]
    const { body } = await bulk(scim, [
      ...paths.map(patchOf),
      { ...postUser('a'), path: 'Users' },
      { ...postUser('b'), path: '/Users/' },
      { ...postUser('c'), path: '/Users?x=1' },
      { method: 'DELETE', path: `Users/bulkId:a/` },
      { method: 'DELETE', path: `Users/bulkId:b?x=1` },
    ])
    const { length } = paths
    const expected = [...paths.map(() => '200'), '201', '201', '201', '204', '204']
    expect(statusesOf(body)).toEqual(expected)
    const location = `${scim.baseUrl}/Users/${id}`
    expect(body.Operations.slice(0, length)).toEqual(
      paths.map(() => expect.objectContaining({ location })),
    )
    expect((await scim.get('/Users')).body.totalResults).toBe(2)
  })

  it.each([
    '//Users/ID',
    '/Users/ID//',
    '/Users/ID/x',
    '/Groups/../Users/ID',
    '/users/ID',
    '/Users',
    '/UsersID',
    '/Users/%00',
    '/Users/ID%00',
    '/Users/%zz',
    '',
    '/',
    '?',
    '/Bulk',
    'http://other.example/Users/ID',
  ])('%s leads nowhere (A19)', async (path) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const operation = { method: 'DELETE', path: path.replace('ID', id) }
    expect(statusesOf((await bulk(scim, [operation])).body)).toEqual(['404'])
    expect((await scim.get('/Users')).body.totalResults).toBe(1)
  })

  it('is read in any case with caseInsensitivePaths, the id as it is (A19)', async () => {
    const scim = await serve(memoryAdapters(), { caseInsensitivePaths: true, generateId: ids() })
    const { body } = await bulk(scim, [
      { ...postUser('a'), path: '/users' },
      { method: 'DELETE', path: '/USERS/bulkId:a' },
      { ...postUser('b'), path: 'uSERS' },
    ])
    expect(statusesOf(body)).toEqual(['201', '204', '201'])
    const id = idOf(body.Operations[2])
    const wrong = await bulk(scim, [{ method: 'DELETE', path: `/users/${id.toUpperCase()}` }])
    expect(statusesOf(wrong.body)).toEqual(['404'])
  })
})

/** Ids whose case matters. */
function ids(): () => string {
  let count = 0
  return () => {
    count += 1
    return `id-${count}`
  }
}

it.each([['urn:example:nonsense'], [42], [''], [{}], [['urn:example:nonsense']], [[42]], [true]])(
  'a bulk request with schemas %j is refused (E7)',
  async (schemas) => {
    const scim = await serve()
    const { status, body } = await scim.post('/Bulk', { schemas, Operations: [] })
    expect([status, body.scimType]).toEqual([400, 'invalidSyntax'])
  },
)

it.each([[bulkUrn], [[bulkUrn.toUpperCase()]], [null], [[]], [undefined]])(
  'a bulk request with schemas %j is read (E7)',
  async (schemas) => {
    const scim = await serve()
    expect((await scim.post('/Bulk', { schemas, Operations: [] })).status).toBe(200)
  },
)

describe('a bulk request past its deadline', () => {
  /** Adapters whose users take their time when `isSlow` says so. */
  function slowly(isSlow: (userName: string) => boolean) {
    const { create } = memoryAdapters().users
    const adapters = altered({})
    return {
      ...adapters,
      users: {
        ...adapters.users,
        create: async (...given: Parameters<typeof create>) => {
          if (isSlow(given[1].userName)) await new Promise((resolve) => setTimeout(resolve, 300))
          return adapters.users.create(...given)
        },
      },
    }
  }

  it('answers what was done, and 503 for each of the rest (D16)', async () => {
    const scim = await serve(
      slowly((name) => name.startsWith('slow')),
      { requestTimeoutMs: 150 },
    )
    const { status, body } = await bulk(scim, [
      postUser('a'),
      postUser('b'),
      postUser('slow'),
      postUser('d'),
      { method: 'DELETE', path: '/Users/unknown' },
    ])
    expect(status).toBe(200)
    expect(statusesOf(body)).toEqual(['201', '201', '503', '503', '503'])
    expect(body.Operations[3]).toMatchObject({ method: 'POST', bulkId: 'd' })
    expect(body.Operations[4]).toMatchObject({
      location: `${scim.baseUrl}/Users/unknown`,
      response: { schemas: [errorUrn], status: '503' },
    })
  })

  it('takes back all of a circle that it interrupts (D16)', async () => {
    const adapters = altered({})
    const { replace } = adapters.users
    const users = {
      ...adapters.users,
      replace: async (...given: Parameters<typeof replace>) => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        return replace(...given)
      },
    }
    const scim = await serve({ ...adapters, users }, { requestTimeoutMs: 150 })
    const managedBy = (value: string) => ({ [enterpriseUrn]: { manager: { value } } })
    const { body } = await bulk(scim, [
      postUser('a', managedBy('bulkId:b')),
      postUser('b', managedBy('bulkId:a')),
    ])
    expect(statusesOf(body)).toEqual(['503', '503'])
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })
})
