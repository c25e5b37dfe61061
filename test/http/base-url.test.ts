import type { Express } from 'express'
import type { TransportOptions } from '../../lib/http/transport.js'
import {
  bearer,
  type ExpressVersion,
  expectError,
  fakeRoutes,
  type Library,
  listen,
  load,
  type Recorded,
  type Running,
  send,
  transportOptions,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

async function start(
  version: ExpressVersion,
  options: Partial<TransportOptions> = {},
  {
    mount = '/scim/v2',
    prepare = () => {},
  }: { mount?: string; prepare?: (app: Express) => void } = {},
) {
  const library = libraries[version]
  const recorded: Recorded[] = []
  const app = library.express()
  prepare(app)
  app.use(mount, library.scimTransport(fakeRoutes(recorded), transportOptions(library, options)))
  const server = await listen(app)
  running.push(server)
  const get = (path: string, headers: Record<string, string> = {}) =>
    send(server, path, { headers: { Host: 'a.example', ...bearer(), ...headers } })
  return { server, get, baseUrls: () => recorded.map(({ request }) => request.baseUrl) }
}

describe.each([4, 5] as const)('the base URL on Express %s', (version) => {
  const forwarded = { 'X-Forwarded-Host': 'scim.example.com, b', 'X-Forwarded-Proto': 'https' }

  it('follows X-Forwarded headers of a trusted proxy (R-HTTP-17)', async () => {
    const { get, baseUrls } = await start(
      version,
      {},
      {
        prepare: (app) => app.set('trust proxy', 'loopback'),
      },
    )
    await get('/scim/v2/Users/1', forwarded)
    await get('/scim/v2/Users/1')
    expect(baseUrls()).toEqual(['https://scim.example.com/scim/v2', 'http://a.example/scim/v2'])
  })

  it('ignores them when another proxy is trusted (S-INP-11)', async () => {
    const { get, baseUrls } = await start(
      version,
      {},
      {
        prepare: (app) => app.set('trust proxy', '10.0.0.1'),
      },
    )
    await get('/scim/v2/Users/1', forwarded)
    expect(baseUrls()).toEqual(['http://a.example/scim/v2'])
  })

  it('refuses a forwarded host that is none, even from a trusted proxy (S-INP-11)', async () => {
    const { get, baseUrls } = await start(
      version,
      {},
      {
        prepare: (app) => app.set('trust proxy', true),
      },
    )
    expectError(await get('/scim/v2/Users/1', { 'X-Forwarded-Host': 'a/b?c' }), 400)
    expect(baseUrls()).toEqual([])
  })

  it('is what the option says, whatever the request says (R-HTTP-17, S-INP-11)', async () => {
    const { get, baseUrls } = await start(version, { baseUrl: 'https://id.example.com/x/scim' })
    await get('/scim/v2/Users/1', { ...forwarded, Host: '<wild>' })
    expect(baseUrls()).toEqual(['https://id.example.com/x/scim'])
  })

  it('is what the function says for the request', async () => {
    const { get, baseUrls } = await start(version, {
      baseUrl: (request) => `https://${request.get('x-tenant')}.example.com/scim/`,
    })
    await get('/scim/v2/Users/1', { 'X-Tenant': 'acme' })
    expect(baseUrls()).toEqual(['https://acme.example.com/scim'])
  })

  it('is a failure when the function tells no URL', async () => {
    const { get } = await start(version, { baseUrl: () => '/scim' })
    expectError(await get('/scim/v2/Users/1'), 500)
  })

  it('has the mount path of nested routers and of a nested app (R-HTTP-01)', async () => {
    const library = libraries[version]
    const recorded: Recorded[] = []
    const outer = library.express.Router()
    const inner = library.express()
    inner.use('/v2', library.scimTransport(fakeRoutes(recorded), transportOptions(library)))
    outer.use('/scim', inner)
    const app = library.express().use('/api', outer)
    const server = await listen(app)
    running.push(server)
    await send(server, '/api/scim/v2/Users/1', { headers: { Host: 'a.example', ...bearer() } })
    expect(recorded[0]?.request.baseUrl).toBe('http://a.example/api/scim/v2')
  })
})

describe('requireHttps', () => {
  it('refuses what did not come over TLS, before it looks at a token (R-SEC-01)', async () => {
    const { server, get, baseUrls } = await start(5, { requireHttps: true })
    expectError(await get('/scim/v2/Users/1'), 403)
    expectError(await send(server, '/scim/v2/ServiceProviderConfig'), 403)
    expectError(await get('/scim/v2/Users/1', { 'X-Forwarded-Proto': 'https' }), 403)
    expect(baseUrls()).toEqual([])
  })

  it('believes a trusted proxy that it was TLS (R-SEC-01)', async () => {
    const { get } = await start(
      5,
      { requireHttps: true },
      {
        prepare: (app) => app.set('trust proxy', 'loopback'),
      },
    )
    expect((await get('/scim/v2/Users/1', { 'X-Forwarded-Proto': 'https' })).status).toBe(200)
    expectError(await get('/scim/v2/Users/1'), 403)
  })
})

describe('the version in the path', () => {
  it('may be v2 or absent below a mount path without one, and locations keep it (R-HTTP-02, R-HTTP-04)', async () => {
    const { get, baseUrls } = await start(5, {}, { mount: '/scim' })
    expect((await get('/scim/v2/Users/1')).json).toEqual({ id: '1' })
    expect((await get('/scim/Users/1')).json).toEqual({ id: '1' })
    expect(baseUrls()).toEqual(['http://a.example/scim/v2', 'http://a.example/scim'])
  })

  it.each(['/v1/Users', '/v3/Users/1', '/v1', '/V1.1/Users', '/v20/Users', '/v1/Nothing'])(
    'is refused with invalidVers at %s (R-HTTP-03, R-ERR-11)',
    async (path) => {
      const root = await start(5, {}, { mount: '/' })
      expectError(await root.get(path), 400, 'invalidVers')
      const mounted = await start(5, {}, { mount: '/scim' })
      expectError(await mounted.get(`/scim${path}`), 400, 'invalidVers')
    },
  )

  it('is not looked for below a mount path that ends in one', async () => {
    const { get } = await start(5)
    expectError(await get('/scim/v2/v2/Users'), 404)
    expectError(await get('/scim/v2/v1/Users'), 404)
  })

  it('is no endpoint that only begins like one', async () => {
    const { get } = await start(5, {}, { mount: '/' })
    expectError(await get('/v2x/Users'), 404)
    expectError(await get('/version/Users'), 404)
  })
})

describe('caseInsensitivePaths', () => {
  it('lets endpoint names match in any case, ids never (R-HTTP-20)', async () => {
    const { get } = await start(5, { caseInsensitivePaths: true })
    expect((await get('/scim/v2/users/AbC')).json).toEqual({ id: 'AbC' })
    expect((await get('/scim/v2/SERVICEPROVIDERCONFIG')).status).toBe(200)
  })
})
