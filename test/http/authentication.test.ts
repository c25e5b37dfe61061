import type { Authenticator } from '../../lib/http/authenticate.js'
import type { TransportOptions } from '../../lib/http/transport.js'
import {
  bearer,
  expectError,
  fakeRoutes,
  listen,
  load,
  type Recorded,
  type Running,
  readOnlyToken,
  scim,
  scopelessToken,
  send,
  sendRaw,
  token,
  transportOptions,
} from './support.js'

const library = load(5)
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

async function start(options: Partial<TransportOptions> = {}, mount = '/scim/v2') {
  const recorded: Recorded[] = []
  const resolved = transportOptions(library, options)
  const app = library.express()
  app.use(mount, library.scimTransport(fakeRoutes(recorded), resolved))
  const server = await listen(app)
  running.push(server)
  return { server, recorded, events: resolved.events, errors: resolved.errors }
}

const users = '/scim/v2/Users'

describe('a request without good credentials', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'SEARCH']
  const routePaths = [
    ...new Set(fakeRoutes().map(({ pattern }) => `/${pattern.join('/').replace(':id', '1')}`)),
  ]
  const spellings = (path: string) => [
    path,
    `${path}/`,
    `/${path}`,
    path.toUpperCase(),
    `/%2F${path.slice(1)}`,
    `${path}%2F`,
    path.replace('U', '%55'),
    `${path}?access_token=${token}`,
    `${path}/..`,
    `/v2${path}`,
    `/v1${path}`,
  ]
  const unknown = ['/', '/Nothing', '/%', '/%00', '/Me', '/Users/%E0%A4%A', '/../../etc/passwd']

  it.each([
    ['/', ''],
    ['/scim/v2', '/scim/v2'],
  ])(
    'gets 401 for every method and spelling of every path, mounted at %s (S-AUTH-02, R-AUTH-16, R-AUTH-15)',
    async (mount, base) => {
      const { server, recorded } = await start({ openDiscovery: [] }, mount)
      const paths = [...routePaths.flatMap(spellings), ...unknown]
      const wrong: string[] = []
      for (const path of paths) {
        for (const method of methods) {
          const reply = await send(server, base + path, { method })
          const isScim = method === 'HEAD' || reply.json?.status === '401'
          if (reply.status !== 401 || !isScim || !reply.headers['www-authenticate']) {
            wrong.push(`${method} ${path}: ${reply.status}`)
          }
        }
      }
      expect(wrong).toEqual([])
      expect(recorded).toEqual([])
    },
    60_000,
  )

  it('learns no more from an unknown path than from a known one (R-AUTH-15)', async () => {
    const { server } = await start()
    const known = await send(server, `${users}/1`)
    const missing = await send(server, '/scim/v2/Nothing')
    expect(missing.text).toBe(known.text)
  })

  it('gets a challenge without an error code when it presents none (R-AUTH-01, R-AUTH-02)', async () => {
    const { server } = await start()
    const reply = await send(server, users)
    expectError(reply, 401)
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="SCIM"')
  })

  it('gets invalid_token for an unknown token (R-AUTH-03)', async () => {
    const { server } = await start()
    const reply = await send(server, users, { headers: bearer('wrong') })
    expectError(reply, 401)
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="SCIM", error="invalid_token", error_description="The bearer token is ' +
        'not known here. Copy it into the client again, or make a new one."',
    )
  })

  it('gets 401 before its body is read: a malformed or endless one changes nothing (scimmy-routers S23)', async () => {
    const { server } = await start()
    const malformed = await send(server, users, {
      method: 'POST',
      headers: { 'Content-Type': 'application/scim+json' },
      body: '{bad',
    })
    expectError(malformed, 401)
    // Never sends the body it announces.
    const text = await sendRaw(
      server,
      `POST ${users} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n{`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('is told to use Bearer when it uses the scheme Token', async () => {
    const { server } = await start()
    const reply = await send(server, users, { headers: { Authorization: `Token ${token}` } })
    expect(expectError(reply, 401).detail).toContain('Authorization: Bearer')
  })

  it.each([
    ['Basic dXNlcjpwYXNz', 401],
    ['Bearer', 401],
    ['Bearer ', 401],
    ['', 401],
    [token, 401],
    [`Bearer ${token}, Bearer ${token}`, 401],
    [`Bearer ${token} ${token}`, 401],
    [`Bearer "${token}"`, 401],
    [`Bearer ${'x'.repeat(10_000)}`, 401],
    ['Bearer \u00e4\u00f6', 401],
    [`Bearer\t${token}`, 401],
  ])('gets 4xx for Authorization: %.60s (S-AUTH-08)', async (header, status) => {
    const { server, recorded, errors } = await start()
    const reply = await send(server, users, { headers: { Authorization: header } })
    expectError(reply, status)
    expect([recorded, errors]).toEqual([[], []])
  })

  it('gets 400 invalid_request for two Authorization headers, good or not (R-AUTH-05, S-AUTH-08)', async () => {
    const { server, recorded } = await start()
    const reply = await send(server, users, {
      headers: ['Host', 'a', 'Authorization', `Bearer ${token}`, 'authorization', 'Bearer x'],
    })
    expectError(reply, 400)
    expect(reply.headers['www-authenticate']).toContain('error="invalid_request"')
    expect(recorded).toEqual([])
  })

  it('cannot use a token in the URL, and a second one there is an error (R-AUTH-07, R-AUTH-05)', async () => {
    const { server, recorded } = await start()
    const inUrl = await send(server, `${users}?access_token=${token}`)
    expectError(inUrl, 401)
    expect(inUrl.headers['www-authenticate']).toBe('Bearer realm="SCIM"')
    const both = await send(server, `${users}?access_token=${token}`, { headers: bearer() })
    expectError(both, 400)
    expect(both.headers['www-authenticate']).toContain('error="invalid_request"')
    expect(recorded).toEqual([])
  })

  it('gains nothing from a session cookie or a token in the body (S-AUTH-03)', async () => {
    const { server, recorded } = await start()
    const reply = await send(server, users, {
      method: 'POST',
      headers: {
        Cookie: `sessionid=${token}; token=${token}`,
        'X-Api-Key': token,
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: `access_token=${token}`,
    })
    expectError(reply, 401)
    expect(recorded).toEqual([])
  })

  it('is reported as request.refused without its credentials (S-OPS-01, S-LEAK-05)', async () => {
    const { server, events } = await start()
    await send(server, `${users}?filter=secret`, {
      headers: { ...bearer('guessed-token'), 'X-Request-Id': 'r1' },
    })
    expect(events).toEqual([
      {
        at: '2026-01-31T09:00:00.000Z',
        event: 'request.refused',
        outcome: 'refused',
        tenant: '',
        actor: 'anonymous',
        requestId: 'r1',
        status: 401,
        detail:
          'The bearer token is not known here. Copy it into the client again, or make a new one.',
      },
    ])
  })
})

describe('a request with good credentials', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])(
    'may write the scheme as %j (R-AUTH-08)',
    async (scheme) => {
      const { server } = await start()
      const reply = await send(server, users, { headers: { Authorization: `${scheme} ${token}` } })
      expect(reply.status).toBe(200)
    },
  )

  it('must present the token byte by byte (R-AUTH-08)', async () => {
    const { server } = await start()
    expectError(await send(server, users, { headers: bearer(token.toUpperCase()) }), 401)
  })

  it('reaches its handler as a principal with tenant, name and scopes (R-AUTH-09)', async () => {
    const { server, recorded } = await start()
    await send(server, users, { headers: bearer() })
    expect(recorded[0]?.request.principal).toEqual({
      tenant: 'default',
      name: 'idp',
      scopes: ['scim:read', 'scim:write'],
    })
  })

  it('reads and searches with scim:read, and cannot write anything (S-AUTHZ-11, R-AUTH-04, R-AUTH-14)', async () => {
    const { server, recorded } = await start()
    const outcomes = []
    for (const { method, pattern, write } of fakeRoutes()) {
      const path = `/scim/v2/${pattern.join('/').replace(':id', '1')}`
      const body = ['GET', 'DELETE'].includes(method) ? {} : { body: '{}' }
      const reply = await send(server, path, { method, headers: scim(readOnlyToken), ...body })
      outcomes.push({ method, path, write, status: reply.status })
    }
    expect(outcomes.filter(({ write, status }) => status !== (write ? 403 : 200))).toEqual([])
    expect(recorded.filter(({ request }) => !['GET', 'POST'].includes(request.method))).toEqual([])
  })

  it('is told which scope it lacks (R-AUTH-04, R-AUTH-10, S-AUTH-04)', async () => {
    const { server, events } = await start()
    const write = await send(server, `${users}/1`, {
      method: 'DELETE',
      headers: bearer(readOnlyToken),
    })
    expectError(write, 403)
    expect(write.headers['www-authenticate']).toBe(
      'Bearer realm="SCIM", error="insufficient_scope", scope="scim:write"',
    )
    const read = await send(server, users, { headers: bearer(scopelessToken) })
    expectError(read, 403)
    expect(read.headers['www-authenticate']).toContain('scope="scim:read"')
    expect(events).toMatchObject([
      { event: 'request.refused', tenant: 'default', actor: 'reader', status: 403 },
      { event: 'request.refused', tenant: 'default', actor: 'nobody', status: 403 },
    ])
  })
})

describe('discovery without credentials', () => {
  it.each([
    [undefined, { ServiceProviderConfig: 200, ResourceTypes: 401, Schemas: 401 }],
    [[], { ServiceProviderConfig: 401, ResourceTypes: 401, Schemas: 401 }],
    [
      ['ServiceProviderConfig', 'ResourceTypes', 'Schemas'],
      { ServiceProviderConfig: 200, ResourceTypes: 200, Schemas: 200 },
    ],
  ] as const)(
    'is open as openDiscovery %j says (R-AUTH-12, S-LEAK-12)',
    async (openDiscovery, expected) => {
      const { server } = await start(openDiscovery && { openDiscovery })
      for (const [name, status] of Object.entries(expected)) {
        expect((await send(server, `/scim/v2/${name}`)).status).toBe(status)
        expect((await send(server, `/scim/v2/${name}`, { method: 'HEAD' })).status).toBe(status)
      }
    },
  )

  it('stays closed to other methods and to what lies below', async () => {
    const { server } = await start()
    expectError(await send(server, '/scim/v2/ServiceProviderConfig', { method: 'POST' }), 401)
    expectError(await send(server, '/scim/v2/ServiceProviderConfig/x'), 401)
    expectError(await send(server, '/scim/v2/serviceproviderconfig'), 401)
  })

  it('still checks credentials that are presented, so that a connection test with a bad token fails', async () => {
    const { server } = await start()
    const reply = await send(server, '/scim/v2/ServiceProviderConfig', { headers: bearer('wrong') })
    expectError(reply, 401)
  })

  it('hands its handler a principal that has no tenant', async () => {
    const { server, recorded } = await start()
    await send(server, '/scim/v2/ServiceProviderConfig')
    expect(recorded[0]?.request.principal).toEqual({ tenant: '', name: 'anonymous', scopes: [] })
  })
})

describe('an authenticator of the host', () => {
  const fails = async (authenticate: unknown, options: Partial<TransportOptions> = {}) => {
    const context = await start({ authenticate: authenticate as Authenticator, ...options })
    return { ...context, reply: await send(context.server, users, { headers: bearer() }) }
  }

  it.each([undefined, null, '', 0, false])(
    'that names the tenant %j gets 403 (S-AUTH-13)',
    async (tenant) => {
      const { reply, recorded } = await fails(() => ({ tenant, name: 'x', scopes: ['scim:read'] }))
      expectError(reply, 403)
      expect(recorded).toEqual([])
    },
  )

  it.each([undefined, null, 'scim:read', {}])(
    'that names the scopes %j may do nothing (S-AUTH-04)',
    async (scopes) => {
      const { reply, recorded } = await fails(() => ({ tenant: 'a', name: 'x', scopes }))
      expectError(reply, 403)
      expect(recorded).toEqual([])
    },
  )

  it.each([undefined, null, false, true, 'admin'])(
    'that returns %j lets nobody in (S-AUTH-10)',
    async (result) => {
      const { reply, recorded } = await fails(() => result)
      expectError(reply, 401)
      expect(recorded).toEqual([])
    },
  )

  it.each([
    [
      'throws',
      () => {
        throw new Error('marker-7f3 db down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('marker-7f3 db down'))],
    ['rejects with nothing', () => Promise.reject()],
  ])('that %s answers 500 and reveals nothing (S-AUTH-10, S-LEAK-04)', async (_, authenticate) => {
    const { reply, recorded, errors } = await fails(authenticate)
    expectError(reply, 500)
    expect(reply.text).not.toContain('marker-7f3')
    expect(recorded).toEqual([])
    expect(errors).toHaveLength(1)
  })

  it('that does not answer in time gives 503 with Retry-After (S-AUTH-10)', async () => {
    const { reply, recorded } = await fails(() => new Promise(() => {}), {
      authenticateTimeoutMs: 20,
    })
    expectError(reply, 503)
    expect(reply.headers['retry-after']).toBe('10')
    expect(recorded).toEqual([])
  })

  it('may answer with the promise of another library, which has only "then"', async () => {
    const principal = { tenant: 'acme', name: 'x', scopes: ['scim:read'] }
    const later = (settle: (done: (value: unknown) => void, fail: typeof done) => void) => () => ({
      // biome-ignore lint/suspicious/noThenProperty: this is what such a promise has
      then(done: (value: unknown) => void, fail: (error: unknown) => void) {
        setImmediate(() => settle(done, fail))
      },
    })
    const accepted = await fails(later((done) => done(principal)))
    expect(accepted.reply.status).toBe(200)
    expect(accepted.recorded[0]?.request).toMatchObject({ principal })
    const refused = await fails(later((_, fail) => fail(library.unauthorized('No.'))))
    expectError(refused.reply, 401)
    const never = await fails(
      later(() => {}),
      { authenticateTimeoutMs: 20 },
    )
    expectError(never.reply, 503)
  })

  it('may refuse with errors of its own, and a 401 always carries a challenge (R-AUTH-01)', async () => {
    const { reply } = await fails(() => {
      throw new library.ScimError(401, 'Sign in first.')
    })
    expect(expectError(reply, 401).detail).toBe('Sign in first.')
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="SCIM"')
  })

  it('cannot break the challenge with what it says (R-AUTH-06, S-AUTH-11)', async () => {
    const { reply } = await fails(() => {
      throw library.unauthorized('a"b\\c\r\nSet-Cookie: x=1\u0000 \u00e4', 'invalid_token')
    })
    expectError(reply, 401)
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="SCIM", error="invalid_token", error_description="abcSet-Cookie: x=1 "',
    )
    expect(reply.headers).not.toHaveProperty('set-cookie')
  })

  it('may read the tenant from the mount path (R-TEN-01, R-TEN-07)', async () => {
    const authenticate: Authenticator = (request) => ({
      tenant: String(request.params['tenant']),
      name: 'x',
      scopes: ['scim:read'],
    })
    const { server, recorded } = await start({ authenticate }, '/t/:tenant/scim/v2')
    await send(server, '/t/acme/scim/v2/Users', { headers: { Host: 'a.example' } })
    expect(recorded[0]?.request).toMatchObject({
      principal: { tenant: 'acme' },
      baseUrl: 'http://a.example/t/acme/scim/v2',
    })
  })
})
