import { memoryAdapters } from '../../adapters/memory/index.js'
import { UnavailableError } from '../../lib/adapter/index.js'
import { protectUsers, unauthorized } from '../../lib/index.js'
import type { ScimOptions } from '../../lib/options.js'
import { altered } from '../protocol/adapters.js'
import {
  type Answer,
  bulkUrn,
  errorUrn,
  groupUrn,
  type ServiceProvider,
  searchUrn,
  serve,
  userUrn,
} from '../protocol/server.js'

const canary = 'canary-7f3a-password'

/**
 * A request that must fail, made in a tenant that has the user `ines@acme.example` and the group
 * `Crew`.
 */
interface Failure {
  readonly name: string
  readonly request: (scim: ServiceProvider, ids: Ids) => Promise<Answer>
  readonly status: number
  readonly scimType?: string
  readonly options?: Partial<ScimOptions>
  readonly protected?: readonly string[]
}

interface Ids {
  readonly user: string
  readonly group: string
}

const failures: readonly Failure[] = [
  {
    name: 'a malformed filter (R-ERR-03)',
    request: (scim) => scim.get('/Users?filter=userName%20xx%20%22a%22'),
    status: 400,
    scimType: 'invalidFilter',
  },
  {
    name: 'an operator that its attribute does not have (R-ERR-03)',
    request: (scim) => scim.get('/Users?filter=active%20gt%20true'),
    status: 400,
    scimType: 'invalidFilter',
  },
  {
    name: 'a malformed filter of a search (R-ERR-03)',
    request: (scim) => scim.post('/Users/.search', { schemas: [searchUrn], filter: 'userName' }),
    status: 400,
    scimType: 'invalidFilter',
  },
  {
    name: 'a malformed filter in a path (R-ERR-03)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [{ op: 'remove', path: 'emails[type xx "a"]' }]),
    status: 400,
    scimType: 'invalidFilter',
  },
  {
    name: 'a query that would have to read too much (R-ERR-04)',
    request: (scim) => scim.get('/?sortBy=id&startIndex=1000'),
    status: 400,
    scimType: 'tooMany',
    options: { limits: { maxScanned: 100 } },
  },
  {
    name: 'a userName that is taken (R-ERR-05)',
    request: (scim) => scim.post('/Users', { schemas: [userUrn], userName: 'ines@acme.example' }),
    status: 409,
    scimType: 'uniqueness',
  },
  {
    name: 'a path to a readOnly attribute (R-ERR-06, R-PATCH-36, R-PATCH-45)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [{ op: 'replace', path: 'id', value: 'x' }]),
    status: 400,
    scimType: 'mutability',
  },
  {
    name: 'the removal of a required attribute (R-ERR-06, R-PATCH-24)',
    request: (scim, { user }) => scim.patch(`/Users/${user}`, [{ op: 'remove', path: 'userName' }]),
    status: 400,
    scimType: 'mutability',
  },
  {
    name: 'an operation that is none (R-ERR-07, R-PATCH-03)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [{ op: 'move', path: 'title', value: 'x' }]),
    status: 400,
    scimType: 'invalidSyntax',
  },
  {
    name: 'a body that is an array (R-ERR-07, R-MT-11)',
    request: (scim) => scim.post('/Users', [{ userName: 'x' }]),
    status: 400,
    scimType: 'invalidSyntax',
  },
  {
    name: 'a malformed path (R-ERR-08, R-PATCH-07)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [{ op: 'replace', path: 'emails..value', value: 'x' }]),
    status: 400,
    scimType: 'invalidPath',
  },
  {
    name: 'a path that no schema has (R-ERR-08, R-PATCH-09)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [{ op: 'replace', path: 'shoeSize', value: 42 }]),
    status: 400,
    scimType: 'invalidPath',
  },
  {
    name: 'a removal without a path (R-ERR-09, R-PATCH-06)',
    request: (scim, { user }) => scim.patch(`/Users/${user}`, [{ op: 'remove' }]),
    status: 400,
    scimType: 'noTarget',
  },
  {
    name: 'a replacement of values that are not there (R-ERR-09, R-PATCH-33)',
    request: (scim, { user }) =>
      scim.patch(`/Users/${user}`, [
        { op: 'replace', path: 'emails[type eq "home"].value', value: 'x@acme.example' },
      ]),
    status: 400,
    scimType: 'noTarget',
    options: { strict: true },
  },
  {
    name: 'a missing required attribute (R-ERR-10, R-CREATE-03)',
    request: (scim) => scim.post('/Users', { schemas: [userUrn], displayName: 'Ines' }),
    status: 400,
    scimType: 'invalidValue',
  },
  {
    name: 'a value of the wrong type (R-ERR-10)',
    request: (scim) => scim.post('/Users', { schemas: [userUrn], userName: 7 }),
    status: 400,
    scimType: 'invalidValue',
  },
  {
    name: 'a member who does not exist (R-ERR-10, R-GROUP-05)',
    request: (scim) =>
      scim.post('/Groups', { schemas: [groupUrn], displayName: 'A', members: [{ value: 'x' }] }),
    status: 400,
    scimType: 'invalidValue',
    options: { unknownMembers: 'refuse' },
  },
  {
    name: 'a cursor that is none (R-ERR-18)',
    request: (scim) => scim.get('/Users?cursor=made-up'),
    status: 400,
    scimType: 'invalidCursor',
  },
  {
    name: 'credentials that are wrong (R-ERR-13)',
    request: (scim) => scim.get('/Users'),
    status: 401,
    options: {
      authenticate: ({ headers }) => {
        if (headers['x-setup'] !== undefined) return principal
        throw unauthorized('Send a token.')
      },
    },
  },
  {
    name: 'a person who is protected (R-ERR-13)',
    request: (scim) => scim.post('/Users', { schemas: [userUrn], userName: 'owner@acme.example' }),
    status: 403,
    protected: ['owner@acme.example'],
  },
  {
    name: 'a resource that is not there (R-ERR-13)',
    request: (scim) => scim.get('/Users/none'),
    status: 404,
  },
  {
    name: 'a method that is not there (R-ERR-13, R-DEL-10)',
    request: (scim) => scim.delete('/Users'),
    status: 405,
  },
  {
    name: 'a method that is not there for discovery (R-ERR-13, R-DEL-10)',
    request: (scim) => scim.delete('/Schemas'),
    status: 405,
  },
  {
    name: 'a version that is not the present one (R-ERR-13)',
    request: (scim, { user }) =>
      scim.delete(`/Users/${user}`, { headers: { 'If-Match': 'W/"old"' } }),
    status: 412,
  },
  {
    name: 'a body that is too large (R-ERR-13, R-ERR-15)',
    request: (scim) =>
      scim.post('/Users', { schemas: [userUrn], userName: 'u', title: 'x'.repeat(3_000) }),
    status: 413,
    options: { limits: { maxPayloadBytes: 2_000 } },
  },
  {
    name: 'too many operations at once (R-ERR-13, R-ERR-15)',
    request: (scim) => {
      const operation = { method: 'DELETE', path: '/Users/none' }
      return scim.post('/Bulk', { schemas: [bulkUrn], Operations: [operation, operation] })
    },
    status: 413,
    options: { limits: { maxBulkOperations: 1 } },
  },
  {
    name: 'a body in another format (R-ERR-13)',
    request: (scim) =>
      scim.post('/Users', { a: 1 }, { headers: { 'Content-Type': 'application/xml' } }),
    status: 415,
  },
  {
    name: 'a feature that is switched off (R-ERR-13)',
    request: (scim, { user }) => scim.patch(`/Users/${user}`, []),
    status: 501,
    options: { features: { patch: false } },
  },
]

const principal = { tenant: 'acme', name: 'setup', scopes: ['scim:read', 'scim:write'] }

describe('an answer that says what was wrong', () => {
  it.each(failures)('about $name', async (failure) => {
    const { request, status, scimType, options = {}, protected: names = [] } = failure
    const scim = await serve(protectUsers(memoryAdapters(), names), options)
    const ids = await prepare(scim)
    const { headers, body, ...answer } = await request(scim, ids)
    expect(headers.get('content-type')).toMatch(/^application\/scim\+json/)
    expect({ status: answer.status, body }).toEqual({
      status,
      body: {
        schemas: [errorUrn],
        status: String(status),
        ...(scimType !== undefined && { scimType }),
        detail: expect.stringMatching(/^[A-Z"].*\.$/s),
      },
    })
  })

  it('has nothing of a password, of whatever part of a request it complains (R-ERR-16, S-LEAK-01)', async () => {
    const adapters = altered({ users: { setPassword: async () => {} } })
    const scim = await serve(adapters)
    const { user } = await prepare(scim)
    const secret = { password: canary }
    const patch = (operation: object) => scim.patch(`/Users/${user}`, [operation])
    const filter = encodeURIComponent(`password eq "${canary}"`)
    const answers = [
      await scim.post('/Users', { schemas: [userUrn], ...secret }),
      await scim.post('/Users', { schemas: [userUrn], userName: 'n', password: [canary, canary] }),
      await scim.post('/Users', { schemas: [userUrn], userName: 'n', password: { value: canary } }),
      await scim.post('/Users', { schemas: [userUrn], userName: 'ines@acme.example', ...secret }),
      await scim.put(`/Users/${user}`, { schemas: [userUrn], userName: '', ...secret }),
      await patch({ op: 'add', path: 'password', value: { a: canary } }),
      await patch({ op: 'add', path: `password[value eq "${canary}"]`, value: 'x' }),
      await patch({ op: 'remove', path: 'password.value', value: canary }),
      await patch({ op: 'nothing', path: 'password', value: canary }),
      await scim.get(`/Users?filter=${filter}`),
      await scim.post('/Users/.search', {
        schemas: [searchUrn],
        filter: `password sw "${canary}"`,
      }),
      await scim.post('/Bulk', {
        schemas: [bulkUrn],
        Operations: [{ method: 'POST', path: '/Users', bulkId: 'q', data: secret }],
      }),
    ]
    for (const { status, body } of answers) {
      const failed = body.Operations?.[0] ?? { status }
      expect(Number(failed.status)).toBeGreaterThanOrEqual(400)
      expect(JSON.stringify(body)).not.toContain(canary)
    }
    expect(JSON.stringify([scim.events, scim.errors])).not.toContain(canary)
  })
})

async function prepare(scim: ServiceProvider): Promise<Ids> {
  const headers = { 'X-Setup': 'yes' }
  const user = await scim.user('ines@acme.example', {}, { headers })
  const group = await scim.group('Crew', [user.id], { headers })
  return { user: user.id, group: group.id }
}

it.each(['get', 'patch', 'delete', 'put'] as const)(
  'a store that is down under %s is told once, with the request id of the answer',
  async (method) => {
    const down = async () => {
      throw new UnavailableError('down')
    }
    const scim = await serve(altered({ users: { get: down } }))
    const options = { headers: { 'X-Request-Id': 'r-503' } }
    const body = { schemas: [userUrn], userName: 'ines' }
    const answer =
      method === 'put' || method === 'patch'
        ? await scim[method]('/Users/1', method === 'put' ? body : [], options)
        : await scim[method]('/Users/1', options)
    expect(answer.status).toBe(503)
    expect(scim.events).toMatchObject([
      { event: 'request.failed', status: 503, requestId: 'r-503', tenant: 'acme' },
    ])
  },
)
