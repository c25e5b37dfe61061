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
  scim,
  send,
  sendRaw,
  transportOptions,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }

const setups = ([4, 5] as const).flatMap((version) =>
  ['/', '/scim/v2'].flatMap((mount) =>
    [false, true].map((parsers) => ({ version, mount, parsers })),
  ),
)

describe.each(setups)(
  'the transport on Express $version at $mount, body parsers first: $parsers',
  ({ version, mount, parsers }) => {
    const library = libraries[version]
    const base = mount === '/' ? '' : mount
    const recorded: Recorded[] = []
    let server: Running

    beforeAll(async () => {
      const app = library.express()
      if (parsers) {
        app.use(library.express.json())
        app.use(library.express.urlencoded({ extended: true }))
        app.use(library.express.text({ type: 'text/*' }))
      }
      app.use(mount, library.scimTransport(fakeRoutes(recorded), transportOptions(library)))
      server = await listen(app)
    })
    afterAll(() => server.close())
    beforeEach(() => {
      recorded.length = 0
    })

    const get = (path: string, headers: object = {}) =>
      send(server, base + path, { headers: { ...bearer(), ...headers } })
    const post = (path: string, body: string | Buffer, headers: object = {}) =>
      send(server, base + path, { method: 'POST', headers: { ...scim(), ...headers }, body })

    it('answers below the mount path with SCIM media type, no-store and nosniff (R-HTTP-01, R-MT-04, R-HTTP-23, S-LEAK-11, S-INP-10)', async () => {
      const reply = await get('/Users/1')
      expect(reply.status).toBe(200)
      expect(reply.json).toEqual({ id: '1' })
      expect(reply.headers).toMatchObject({
        'content-type': 'application/scim+json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-length': String(Buffer.byteLength(reply.text)),
      })
      expect(reply.headers).not.toHaveProperty('x-powered-by')
      expect(reply.headers).not.toHaveProperty('etag')
    })

    it('answers a trailing slash as the path without it, and only one (R-HTTP-21)', async () => {
      expect((await get('/Users/')).status).toBe(200)
      expect((await get('/Users/1/')).json).toEqual({ id: '1' })
      expectError(await get('/Users//'), 404)
    })

    it('answers a path with one slash too many before it, as a base URL pasted with a slash makes it (R-HTTP-21)', async () => {
      expect((await get('//Users/1')).json).toEqual({ id: '1' })
    })

    it.each([
      ['a%40b.c', 'a@b.c'],
      ['a%2Fb', 'a/b'],
      ['a%252Fb', 'a%2Fb'],
      ['a+b', 'a+b'],
      ['a%20b', 'a b'],
      ['..', '..'],
      ['.', '.'],
      ['%2e%2e', '..'],
      ['..%2FGroups', '../Groups'],
      ['a:b;c=1', 'a:b;c=1'],
      ['%C3%A4', 'ä'],
      ['.SEARCH', '.SEARCH'],
    ])(
      'takes the id %s for %s, decoded once (R-HTTP-05, R-HTTP-18, S-INP-12)',
      async (sent, id) => {
        const reply = await get(`/Users/${sent}`)
        expect(reply.json).toEqual({ id })
        expect(recorded[0]?.parameters).toEqual({ id })
      },
    )

    it.each(['/Users/%E0%A4%A', '/Users/%', '/Users/%ff', '/%zz', '/Users?filter=%E0%A4%A'])(
      'answers 400 for the malformed escape in %s (R-HTTP-05)',
      async (path) => {
        const reply = await get(path)
        expect(reply.status).toBe(400)
        expect(reply.json.status).toBe('400')
        expect(recorded).toEqual([])
      },
    )

    it.each([
      '/Nothing',
      '/users',
      '/USERS/1',
      '/Users/1/2',
      '/Users//1',
      '/Users/1//',
      '/./Users',
      '/Groups/../Users',
      '/Users%2F1',
      '/Users/%00',
      '/Users/1%00',
      '/ServiceProviderConfigs',
      '/favicon.ico',
      '/..%2f..%2fetc/passwd',
    ])(
      'answers 404 with a SCIM error for %s (R-HTTP-14, R-HTTP-18, R-HTTP-20, R-DISC-14, S-INP-12)',
      async (path) => {
        expectError(await get(path), 404)
        expect(recorded).toEqual([])
      },
    )

    it('says how a path is written of which only the case is wrong (clients J)', async () => {
      expect((await get('/users')).json.detail).toContain('It is written "/Users".')
    })

    it('answers 405 with Allow for a method no route of the path has (R-HTTP-10, R-DISC-08, R-HTTP-15)', async () => {
      const onUsers = await send(server, `${base}/Users`, { method: 'DELETE', headers: bearer() })
      expectError(onUsers, 405)
      expect(onUsers.headers.allow).toBe('GET, POST, HEAD, OPTIONS')
      const onSchemas = await post('/Schemas', '{}')
      expectError(onSchemas, 405)
      expect(onSchemas.headers.allow).toBe('GET, HEAD, OPTIONS')
    })

    it('takes /Users/.search for the search and never for a user (R-SEARCH-01)', async () => {
      expectError(await get('/Users/.search'), 405)
      expect((await post('/Users/.search', '{}')).status).toBe(200)
      expect(recorded[0]?.parameters).toEqual({})
    })

    it('answers OPTIONS with 204 and Allow, and grants no other origin anything', async () => {
      const reply = await send(server, `${base}/Users`, { method: 'OPTIONS', headers: bearer() })
      expect([reply.status, reply.text]).toEqual([204, ''])
      expect(reply.headers.allow).toBe('GET, POST, HEAD, OPTIONS')
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
    })

    it('answers HEAD like GET without a body (R-HTTP-11)', async () => {
      const viaGet = await get('/Users/1')
      const reply = await send(server, `${base}/Users/1`, { method: 'HEAD', headers: bearer() })
      expect([reply.status, reply.text]).toEqual([200, ''])
      expect(reply.headers['content-length']).toBe(viaGet.headers['content-length'])
      expect(recorded[1]?.request.method).toBe('GET')
    })

    it('answers HEAD of an unknown path like GET without a body (R-HTTP-11)', async () => {
      const reply = await send(server, `${base}/Nothing`, { method: 'HEAD', headers: bearer() })
      expect([reply.status, reply.text]).toEqual([404, ''])
    })

    it('reads the query as form data, names in any case, unknown ones ignored (R-HTTP-12)', async () => {
      await get('/Users?FILTER=a+eq+%22x%2By%22&startIndex=2&unknown=1&unknown=2&&=&count=')
      expect(recorded[0]?.request.query).toEqual(
        new Map([
          ['filter', 'a eq "x+y"'],
          ['startindex', '2'],
          ['count', ''],
        ]),
      )
    })

    it.each([
      ['a+eq+%22x%2By%22', 'a eq "x+y"'],
      ['a+eq+%22x+y%20z%22', 'a eq "x y z"'],
      ['a%20eq%20%22x+y%22', 'a eq "x+y"'],
      ['a%20eq%20%22x%2By%20z%22', 'a eq "x+y z"'],
    ])('reads the blanks of ?filter=%s as its first one', async (sent, read) => {
      await get(`/Users?filter=${sent}&sortBy=c+d`)
      expect(recorded[0]?.request.query).toEqual(
        new Map([
          ['filter', read],
          ['sortby', 'c d'],
        ]),
      )
    })

    it.each([
      'filter=a&filter=b',
      'count=1&count=2',
      'filter=a&FILTER=b',
      'filter[]=a',
      'filter%5B%5D=a',
      'filter[a]=b',
      'sortBy=a&sortBy=a',
    ])('answers 400 invalidValue for ?%s (R-HTTP-13, S-INP-07)', async (query) => {
      expectError(await get(`/Users?${query}`), 400, 'invalidValue')
      expect(recorded).toEqual([])
    })

    it.each([
      'application/scim+json',
      'application/json',
      'Application/SCIM+JSON; Charset="UTF-8"',
      'application/json;charset=utf-8',
      'application/scim+json; charset=utf8; profile=x',
    ])('accepts a body of type %s (R-MT-01, R-MT-05)', async (type) => {
      const reply = await post('/Users', '{"userName":"ä"}', { 'Content-Type': type })
      expect(reply.status).toBe(200)
      expect(recorded[0]?.request.body).toEqual({ userName: 'ä' })
    })

    it('takes a body without a media type for SCIM JSON (R-MT-06)', async () => {
      const reply = await send(server, `${base}/Users`, {
        method: 'POST',
        headers: bearer(),
        body: '{"userName":"a"}',
      })
      expect(reply.status).toBe(200)
      expect(recorded[0]?.request.body).toEqual({ userName: 'a' })
    })

    it.each([
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json-patch+json',
      'application/scim+json; charset=iso-8859-1',
      'json',
      ';',
    ])('answers 415 for a body of type %s (R-MT-06)', async (type) => {
      expectError(await post('/Users', '{"userName":"a"}', { 'Content-Type': type }), 415)
      expect(recorded).toEqual([])
    })

    it.each([
      [undefined, 'application/scim+json'],
      ['*/*', 'application/scim+json'],
      ['application/*', 'application/scim+json'],
      ['application/scim+json', 'application/scim+json'],
      ['application/scim+json, application/json', 'application/scim+json'],
      ['application/json', 'application/json'],
      ['Application/JSON;q=0.9', 'application/json'],
      ['application/json, */*;q=0.1', 'application/json'],
      ['application/json;q=0.5, application/scim+json;q=0.4', 'application/json'],
      ['application/json;q=0.4, application/scim+json; q=0.5', 'application/scim+json'],
      ['application/json;q=1.0, application/*;q=0.8', 'application/json'],
      ['*/*, application/scim+json;q=0', 'application/json'],
      ['application/json, */*', 'application/scim+json'],
      ['application/json;q=x', 'application/json'],
      ['application/json, */*;q=0', 'application/json'],
      ['text/html', 'application/scim+json'],
      ['application/json;q=0', 'application/scim+json'],
      ['', 'application/scim+json'],
    ])(
      'answers Accept %j with %s (A24, R-MT-02, R-MT-03, R-MT-04, R-MT-07)',
      async (accept, type) => {
        const reply = await get('/Users/1', accept === undefined ? {} : { Accept: accept })
        expect(reply.headers['content-type']).toBe(type)
        expect(reply.json).toEqual({ id: '1' })
      },
    )

    it('answers errors in SCIM format whatever Accept says (R-MT-08, R-HTTP-15)', async () => {
      expectError(await get('/Nothing', { Accept: 'text/html' }), 404)
    })

    it.each(['', '   '])(
      'answers 400 invalidSyntax for the empty body %j (R-MT-11)',
      async (body) => {
        expectError(await post('/Users', body), 400, 'invalidSyntax')
        expect(recorded).toEqual([])
      },
    )

    it('ignores a body on GET and DELETE', async () => {
      for (const method of ['GET', 'DELETE']) {
        const reply = await send(server, `${base}/Users/1`, {
          method,
          headers: { ...bearer(), 'Content-Type': 'text/plain', 'Content-Length': 1 },
          body: 'x',
        })
        expect(reply.status).toBe(200)
      }
      expect(recorded.map(({ request }) => request.body)).toEqual([undefined, undefined])
    })

    it('names the base URL with the mount path from the Host header (R-HTTP-17)', async () => {
      await get('/Users/1', { Host: 'scim.example.com:8443' })
      expect(recorded[0]?.request.baseUrl).toBe(`http://scim.example.com:8443${base}`)
    })

    it('does not believe X-Forwarded headers unless told to (R-HTTP-17, S-INP-11)', async () => {
      await get('/Users/1', {
        Host: 'real.example.com',
        'X-Forwarded-Host': 'evil.example.com',
        'X-Forwarded-Proto': 'https',
        Forwarded: 'host=evil.example.com',
      })
      expect(recorded[0]?.request.baseUrl).toBe(`http://real.example.com${base}`)
    })

    it.each(['evil.example.com/x', 'a b', 'a"b', '<x>', 'user@host', 'a?b', '-x', 'a:99999999'])(
      'answers 400 for the Host %s and does not echo it (S-INP-11)',
      async (host) => {
        const text = await sendRaw(
          server,
          `GET ${base}/Users/1 HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ` +
            `${bearer().Authorization}\r\nConnection: close\r\n\r\n`,
        )
        expect(text).toMatch(/^HTTP\/1\.1 400 /)
        expect(text.replace('application/scim+json', '')).not.toContain(host)
        expect(recorded).toEqual([])
      },
    )

    it('serves an absolute request target by its path (RFC 9112 §3.2.2)', async () => {
      const text = await sendRaw(
        server,
        `GET http://evil.example.com${base}/Users/7 HTTP/1.1\r\nHost: good.example.com\r\nAuthorization: ${bearer().Authorization}\r\nConnection: close\r\n\r\n`,
      )
      expect(text).toMatch(/^HTTP\/1\.1 200 /)
      expect(recorded[0]?.parameters).toEqual({ id: '7' })
      expect(recorded[0]?.request.baseUrl).toBe(`http://good.example.com${base}`)
    })

    it('echoes a sane X-Request-Id and replaces any other', async () => {
      const sane = await get('/Users/1', { 'X-Request-Id': 'abc-123' })
      expect(sane.headers['x-request-id']).toBe('abc-123')
      expect(recorded[0]?.request.requestId).toBe('abc-123')
      for (const wild of ['a b', 'x'.repeat(129), 'a"b', 'ä', '']) {
        const reply = await get('/Users/1', {
          'X-Request-Id': Buffer.from(wild).toString('latin1'),
        })
        expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      }
    })
  },
)
