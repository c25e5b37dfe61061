import fc from 'fast-check'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { resolveOptions } from '../../lib/http/resolve-options.js'
import type { Adapters, ScimOptions } from '../../lib/index.js'
import { scimRoutes } from '../../lib/protocol/routes.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import {
  bearer,
  type ExpressVersion,
  expectError,
  type Library,
  listen,
  load,
  type Running,
  scim,
  send,
  token,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

interface Setup {
  readonly version?: ExpressVersion
  readonly mount?: string
  readonly parsers?: boolean
  readonly adapters?: Adapters
  readonly options?: Partial<ScimOptions>
}

async function start(setup: Setup = {}): Promise<Running> {
  const { version = 5, mount = '/scim/v2', parsers = false, options } = setup
  const { express, scimRouter, bearerTokens } = libraries[version]
  const app = express()
  if (parsers) app.use(express.json({ type: () => true }), express.urlencoded({ extended: true }))
  const authenticate = bearerTokens([{ name: 'idp', token }])
  app.use(mount, scimRouter(setup.adapters ?? memoryAdapters(), { authenticate, ...options }))
  const server = await listen(app)
  running.push(server)
  return server
}

const aUser = (userName: string) =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName })

const setups = ([4, 5] as const).flatMap((version) =>
  ['/', '/scim/v2'].flatMap((mount) =>
    [false, true].map((parsers) => ({ version, mount, parsers })),
  ),
)

describe.each(setups)(
  'the router on Express $version at $mount, body parsers first: $parsers',
  (setup) => {
    const base = setup.mount === '/' ? '' : setup.mount

    it('creates, reads, finds, changes, replaces and deletes (R-HTTP-06, R-HTTP-07, R-HTTP-17)', async () => {
      const server = await start(setup)
      const at = (path: string, method = 'GET', body?: string) =>
        send(server, base + path, { method, headers: scim(), ...(body && { body }) })
      const created = await at('/Users', 'POST', aUser('ada'))
      expect(created.status).toBe(201)
      const path = `/Users/${created.json.id}`
      expect(created.headers.location).toBe(`${server.origin}${base}${path}`)
      expect((await at(path)).json).toEqual(created.json)
      // Express 5 has no writable query: paging must not depend on it (scimmy-routers S8).
      const second = await at('/Users?startIndex=2&count=2&filter=userName+sw+%22a%22')
      expect(second.json).toMatchObject({ totalResults: 1, startIndex: 2, itemsPerPage: 0 })
      const patched = await at(
        path,
        'PATCH',
        '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}',
      )
      expect(patched.json.active).toBe(false)
      expect((await at(path, 'PUT', aUser('lovelace'))).json.userName).toBe('lovelace')
      expect((await at(path, 'DELETE')).status).toBe(204)
      expectError(await at(path), 404)
      expectError(await at(path, 'PUT', aUser('ada')), 404)
    })
  },
)

describe('the routes of a router', () => {
  const options = {
    authenticate: libraries[5].bearerTokens([{ name: 'idp', token }]),
    schemas: [{ id: 'urn:example:Device', name: 'Device', attributes: [{ name: 'serial' }] }],
    resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: 'urn:example:Device' }],
  }
  const adapters = memoryAdapters()
  const resolved = resolveOptions(options, adapters)
  const routes = scimRoutes({
    types: compileResourceTypes(resolved),
    adapters,
    options: resolved,
    clock: resolved.clock,
    newId: resolved.newId,
    onPending: resolved.onPending,
    emit: () => {},
  })
  const targets = routes.map(({ method, pattern, discovery, write }) => ({
    method,
    path: `/${pattern.map((segment) => (segment.startsWith(':') ? 'x1' : segment)).join('/')}`,
    isOpen: discovery === true && pattern[0] === 'ServiceProviderConfig',
    write,
  }))

  it('all need credentials, with every method and spelling (S-AUTH-02, R-AUTH-16)', async () => {
    const server = await start({ options })
    const wrong: string[] = []
    for (const { path, isOpen } of targets) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        for (const spelling of [path, `${path}/`, `/${path}`, `/v2${path}`, path.toLowerCase()]) {
          const { status } = await send(server, `/scim/v2${spelling}`, { method })
          const mayBeOpen = isOpen && ['GET', 'HEAD'].includes(method)
          if (status !== 401 && !(mayBeOpen && status === 200)) {
            wrong.push(`${method} ${spelling}: ${status}`)
          }
        }
      }
    }
    expect(targets.length).toBeGreaterThan(30)
    expect(wrong).toEqual([])
  })

  it('write exactly with POST, PUT, PATCH and DELETE, searches aside (S-AUTHZ-11)', () => {
    const unexpected = targets.filter(
      ({ method, path, write }) => write !== (method !== 'GET' && !path.endsWith('/.search')),
    )
    expect(unexpected).toEqual([])
  })
})

describe('two routers in one process', () => {
  it('know nothing of each other: data, base URL, limits, tokens', async () => {
    const { express, scimRouter, bearerTokens } = libraries[5]
    const app = express()
    for (const [name, maxResults] of [
      ['a', 5],
      ['b', 7],
    ] as const) {
      app.use(
        `/${name}`,
        scimRouter(memoryAdapters(), {
          authenticate: bearerTokens([{ name, token: `token-of-the-router-${name}` }]),
          limits: { maxResults },
        }),
      )
    }
    const server = await listen(app)
    running.push(server)
    const at = (path: string, owner: string, sending = {}) =>
      send(server, path, { headers: scim(`token-of-the-router-${owner}`), ...sending })
    const created = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const name = index % 2 === 0 ? 'a' : 'b'
        return at(`/${name}/Users`, name, { method: 'POST', body: aUser(`u${index >> 1}`) })
      }),
    )
    created.forEach(({ status, json }, index) => {
      expect(status).toBe(201)
      const base = `${server.origin}/${index % 2 === 0 ? 'a' : 'b'}/`
      expect(json.meta.location.startsWith(base)).toBe(true)
    })
    expect((await at('/a/Users', 'a')).json).toMatchObject({ totalResults: 20, itemsPerPage: 5 })
    expect((await at('/b/Users', 'b')).json).toMatchObject({ totalResults: 20, itemsPerPage: 7 })
    expectError(await at(`/b/Users/${created[0]?.json.id}`, 'b'), 404)
    expectError(await at('/b/Users', 'a'), 401)
  })
})

describe('a store that fails in a way of its own', () => {
  it('gives 500 without a word of it, at every route that asks it (S-LEAK-04, R-ERR-17)', async () => {
    const { users, ...others } = memoryAdapters()
    const fail = () => Promise.reject(new Error('canary: relation "scim_users" at /srv/db.js:1'))
    const broken = { ...users, create: fail, get: fail, query: fail, replace: fail, delete: fail }
    const errors: unknown[] = []
    const events: string[] = []
    const server = await start({
      adapters: { ...others, users: broken },
      options: {
        onError: (error) => errors.push(error),
        onEvent: ({ event }) => events.push(event),
      },
    })
    for (const [method, path, body] of [
      ['GET', '/Users/1'],
      ['GET', '/Users'],
      ['POST', '/Users', aUser('a')],
      ['PUT', '/Users/1', aUser('a')],
      ['DELETE', '/Users/1'],
    ] as const) {
      const reply = await send(server, `/scim/v2${path}`, {
        method,
        headers: scim(),
        ...(body && { body }),
      })
      expectError(reply, 500)
      expect(reply.text + JSON.stringify(reply.headers)).not.toContain('canary')
    }
    expect(errors).toHaveLength(5)
    expect(events).toEqual(Array(5).fill('request.failed'))
  })

  it('fails no request when it is only a listener to events', async () => {
    const errors: unknown[] = []
    const server = await start({
      options: {
        onEvent: () => {
          throw new Error('listener')
        },
        onError: (error) => errors.push(error),
      },
    })
    const reply = await send(server, '/scim/v2/Users', {
      method: 'POST',
      headers: scim(),
      body: aUser('a'),
    })
    expect(reply.status).toBe(201)
    expect(errors).toContainEqual(new Error('listener'))
  })
})

describe('whatever a client sends', () => {
  const hostileText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '\0',
      '\ud800',
      'userName',
      'active',
      '../x',
      '%',
      '"',
    ),
  )
  const attribute = fc.oneof(
    fc.constantFrom('userName', 'emails', 'name', 'active', 'members', 'schemas', 'Operations'),
    fc.constantFrom('meta', 'id', 'externalId', 'op', 'path', 'value', 'filter', 'password'),
    hostileText,
  )
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      hostileText,
      fc.constantFrom(null, true, 'add', 'replace', 'remove', 'emails[type eq "work"].value'),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(attribute, tie('value'), { maxKeys: 5 }),
    ),
  })).value

  const path = fc.oneof(
    fc.constantFrom('/Users', '/Groups', '/Users/x1', '/Bulk', '/Me', '/.search', '/Users/.search'),
    fc
      .array(hostileText, { maxLength: 3 })
      .map((parts) => `/${parts.map(encodeLoosely).join('/')}`),
  )
  const query = fc
    .array(
      fc.tuple(
        fc.constantFrom('filter', 'sortBy', 'count', 'startIndex', 'cursor', 'attributes'),
        hostileText,
      ),
      { maxLength: 3 },
    )
    .map((pairs) => pairs.map(([name, value]) => `${name}=${encodeLoosely(value)}`).join('&'))

  function encodeLoosely(text: string): string {
    return text.replace(/[^A-Za-z0-9%._~"-]/g, (char) => {
      const bytes = Buffer.from(char)
      return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    })
  }

  it('is answered with less than 500 and a SCIM body (S-OPS-08, R-SEC-04, R-HTTP-15)', async () => {
    const failures: unknown[] = []
    const server = await start({ options: { onError: (error) => failures.push(error) } })
    const created = await send(server, '/scim/v2/Users', {
      method: 'POST',
      headers: scim(),
      body: aUser('x1'),
    })
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
    await fc.assert(
      fc.asyncProperty(method, path, query, json, async (verb, target, search, body) => {
        const real = target.replace('x1', created.json.id)
        const reply = await send(server, `/scim/v2${real}?${search}`, {
          method: verb === 'DELETE' && real !== target ? 'GET' : verb,
          headers: verb === 'GET' || verb === 'DELETE' ? bearer() : scim(),
          ...(['POST', 'PUT', 'PATCH'].includes(verb) && { body: JSON.stringify(body) }),
        })
        const status = { status: reply.status, failures }
        expect(status).toEqual({ status: expect.any(Number), failures: [] })
        expect(reply.status).toBeLessThan(500)
        if (reply.status >= 400) expect(reply.json.status).toBe(String(reply.status))
      }),
      { numRuns: 400 },
    )
  }, 60_000)
})
