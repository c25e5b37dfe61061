import http from 'node:http'
import type { TransportOptions } from '../../lib/http/transport.js'
import type { ScimRequest, ScimResponse } from '../../lib/protocol/messages.js'
import {
  bearer,
  defaultLimits,
  type ExpressVersion,
  expectError,
  fakeRoutes,
  type Library,
  listen,
  load,
  type Running,
  scim,
  send,
  token,
  transportOptions,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

type Answer = (request: ScimRequest) => ScimResponse | Promise<ScimResponse>

async function start(
  answer: Answer,
  options: Partial<TransportOptions> = {},
  version: ExpressVersion = 5,
) {
  const library = libraries[version]
  const resolved = transportOptions(library, options)
  const app = library.express()
  app.use('/scim/v2', library.scimTransport(fakeRoutes([], answer), resolved))
  const server = await listen(app)
  running.push(server)
  const get = (path = '/Users/1', headers: http.OutgoingHttpHeaders = {}) =>
    send(server, `/scim/v2${path}`, { headers: { ...bearer(), ...headers } })
  return { server, get, events: resolved.events, errors: resolved.errors }
}

const fails =
  (error: unknown): Answer =>
  async () => {
    throw error
  }

const limitedTo = (maxRequestsInFlight: number): Partial<TransportOptions> => ({
  limits: { ...defaultLimits, maxRequestsInFlight },
})

const hanging: Partial<TransportOptions> = {
  authenticate: () => new Promise(() => {}),
  authenticateTimeoutMs: 20,
}

const ok: ScimResponse = { status: 200, headers: {}, body: {} }

describe.each([4, 5] as const)('what a handler throws, on Express %s', (version) => {
  const { UniquenessError, UnknownReferenceError, UnavailableError, RefusedError, ScimError } =
    libraries[version]

  it.each([
    ['ScimError', new ScimError(400, 'No.', { scimType: 'tooMany' }), 400, 'tooMany', 'No.'],
    ['UniquenessError', new UniquenessError('userName'), 409, 'uniqueness', '"userName"'],
    ['UnknownReferenceError', new UnknownReferenceError(['x1']), 400, 'invalidValue', '"x1"'],
    ['RefusedError', new RefusedError('Owners stay.'), 403, undefined, 'Owners stay.'],
    ['RefusedError 409', new RefusedError('Not yet.', 409), 409, undefined, 'Not yet.'],
  ])(
    'becomes what it means: %s (R-ERR-01, R-ERR-02, R-ERR-05, R-ERR-13, R-ERR-17)',
    async (_, error, status, scimType, detail) => {
      const { get, errors } = await start(fails(error), {}, version)
      expect(expectError(await get(), status, scimType).detail).toContain(detail)
      expect(errors).toEqual([])
    },
  )

  it('becomes 503 with Retry-After when the store is unavailable, without its message (R-ERR-17, S-LEAK-04)', async () => {
    const { get } = await start(
      fails(new UnavailableError('pool of 10.0.0.7 exhausted', { retryAfterSeconds: 42 })),
      {},
      version,
    )
    const reply = await get()
    expectError(reply, 503)
    expect(reply.headers['retry-after']).toBe('42')
    expect(reply.text).not.toContain('10.0.0.7')
  })

  it.each<[string, unknown]>([
    ['an Error', new Error('canary: SELECT * FROM users')],
    [
      'an Error with a status',
      Object.assign(new Error('canary'), { status: 404, statusCode: 404 }),
    ],
    ['text', 'canary'],
    ['nothing', undefined],
    ['an object', { status: 400, message: 'canary' }],
    ['a RangeError', new RangeError('canary: Maximum call stack size exceeded')],
  ])(
    'becomes 500 with a fixed detail and the request id when it is %s (R-ERR-14, S-LEAK-04)',
    async (_, error) => {
      const { get, errors, events } = await start(fails(error), {}, version)
      const reply = await get('/Users/1?filter=canary', { 'X-Request-Id': 'r-77' })
      expect(expectError(reply, 500).detail).toBe(
        'The service provider failed. Its operator finds the cause under request id r-77.',
      )
      expect(errors).toEqual([error])
      expect(events).toMatchObject([
        { event: 'request.failed', outcome: 'failed', requestId: 'r-77', tenant: 'default' },
      ])
      expect(JSON.stringify([reply, events])).not.toContain('canary')
    },
  )

  it('becomes 500 when it is no answer at all', async () => {
    const { get, errors } = await start(() => undefined as unknown as ScimResponse, {}, version)
    expectError(await get(), 500)
    expect(errors).toHaveLength(1)
  })

  it('becomes 500 when the answer cannot be written', async () => {
    const bad = { ...ok, headers: { Location: 'http://a/\r\nSet-Cookie: x=1' } }
    const { get, errors } = await start(async () => bad, {}, version)
    const reply = await get()
    expectError(reply, 500)
    expect(reply.headers).not.toHaveProperty('set-cookie')
    expect(errors).toHaveLength(1)
  })

  it('answers in production as elsewhere (S-LEAK-04)', async () => {
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'development'
    try {
      const { get } = await start(fails(new Error('canary')), {}, version)
      expect((await get()).text).not.toContain('canary')
    } finally {
      process.env['NODE_ENV'] = before
    }
  })
})

describe('a refusal', () => {
  it('by a handler is for the services to report, so that it is reported once', async () => {
    const { get, events } = await start(fails(new libraries[5].RefusedError('Owners stay.')))
    expectError(await get(), 403)
    expect(events).toEqual([])
  })
})

describe('an answer 5xx', () => {
  it.each<[string, Answer, Partial<TransportOptions>, string]>([
    ['of a store that is down', fails(new libraries[5].UnavailableError('x')), {}, '/Users/1'],
    ['at the deadline', () => new Promise(() => {}), { requestTimeoutMs: 20 }, '/Users/1'],
    ['to one request too many', async () => ok, limitedTo(0), '/Users/1'],
    ['of an authenticator that hangs', async () => ok, hanging, '/Users/1'],
    ['nobody expected', fails(new Error('x')), {}, '/Users/1'],
  ])('%s is told once, with the request id', async (_, answer, options, path) => {
    const { get, events } = await start(answer, options)
    const { status } = await get(path, { 'X-Request-Id': 'r-5' })
    expect(status).toBeGreaterThanOrEqual(500)
    expect(events).toMatchObject([{ event: 'request.failed', status, requestId: 'r-5' }])
  })

  it('501 is told by nobody, since the host chose it', async () => {
    const { get, events } = await start(fails(new libraries[5].ScimError(501, 'No.')))
    expect((await get()).status).toBe(501)
    expect(events).toEqual([])
  })
})

describe('onError', () => {
  it('gets the original error and where it happened, without query, headers and body (S-LEAK-05)', async () => {
    const reports: unknown[] = []
    const error = new Error('original')
    const { server } = await start(fails(error), { onError: (...given) => reports.push(given) })
    await send(server, '/scim/v2/Users?filter=canary', {
      method: 'POST',
      headers: { ...scim(), 'X-Request-Id': 'r1', Cookie: 'canary' },
      body: '{"password":"canary"}',
    })
    expect(reports).toEqual([
      [error, { requestId: 'r1', method: 'POST', path: '/Users', tenant: 'default' }],
    ])
  })
})

describe('an answer', () => {
  it('of 204 has no body and no media type (R-MT-09)', async () => {
    const { get } = await start(async () => ({ status: 204, headers: { ETag: 'W/"1"' } }))
    const reply = await get()
    expect([reply.status, reply.text]).toEqual([204, ''])
    expect(reply.headers).toMatchObject({ etag: 'W/"1"' })
    expect(reply.headers).not.toHaveProperty('content-type')
  })

  it('of 304 has no body, and conditional headers reach the handler as sent (R-MT-09)', async () => {
    let seen: unknown
    const { get } = await start(async ({ ifMatch, ifNoneMatch }) => {
      seen = { ifMatch, ifNoneMatch }
      return { status: 304, headers: { ETag: 'W/"1"' } }
    })
    const reply = await get('/Users/1', { 'If-None-Match': 'W/"1", "2"', 'If-Match': '*' })
    expect([reply.status, reply.text, reply.headers.etag]).toEqual([304, '', 'W/"1"'])
    expect(seen).toEqual({ ifMatch: '*', ifNoneMatch: 'W/"1", "2"' })
  })

  it('is never turned into 304 by the framework, whose ETag is not used', async () => {
    const { get } = await start(async () => ok)
    const reply = await get('/Users/1', { 'If-None-Match': '*' })
    expect(reply.status).toBe(200)
    expect(reply.headers).not.toHaveProperty('etag')
  })
})

describe('the deadline of a request', () => {
  it('answers 503 with Retry-After and aborts the signal (S-DOS-14)', async () => {
    let signal: AbortSignal | undefined
    const { get, errors } = await start(
      (request) => {
        signal = request.lifetime.signal
        return new Promise(() => {})
      },
      { requestTimeoutMs: 30, retryAfterSeconds: 7 },
    )
    const reply = await get()
    expectError(reply, 503)
    expect(reply.headers['retry-after']).toBe('7')
    expect(signal?.aborted).toBe(true)
    expect(errors).toEqual([])
  })

  it('counts while the body arrives (S-DOS-14)', async () => {
    const { server } = await start(async () => ok, { requestTimeoutMs: 30 })
    const status = await new Promise((resolve, reject) => {
      const request = http.request({
        port: server.port,
        path: '/scim/v2/Users',
        method: 'POST',
        headers: { ...scim(), 'Content-Length': 100 },
      })
      request.on('response', (response) => {
        resolve(response.statusCode)
        request.destroy()
      })
      request.on('error', reject)
      request.write('{')
    })
    expect(status).toBe(503)
  })

  it('leaves the signal alone when the answer came in time', async () => {
    let signal: AbortSignal | undefined
    const { get } = await start(async (request) => {
      signal = request.lifetime.signal
      return ok
    })
    expect((await get()).status).toBe(200)
    expect(signal?.aborted).toBe(false)
  })
})

describe('a client that goes', () => {
  it('aborts the signal, and is no failure (S-DOS-16)', async () => {
    let aborted: () => void
    const wasAborted = new Promise<void>((resolve) => {
      aborted = resolve
    })
    let request: http.ClientRequest
    const { server, errors, events } = await start(({ lifetime }) => {
      lifetime.signal.addEventListener('abort', () => aborted())
      request.destroy()
      return new Promise(() => {})
    })
    request = http.request({ port: server.port, path: '/scim/v2/Users/1', headers: bearer() })
    request.on('error', () => {})
    request.end()
    await wasAborted
    expect((await send(server, '/scim/v2/Nothing', { headers: bearer() })).status).toBe(404)
    expect([errors, events]).toEqual([[], []])
  })

  it('in the middle of its body leaves the server serving (S-DOS-16)', async () => {
    const { server, errors, get } = await start(async () => ok)
    await Promise.all(
      Array.from(
        { length: 50 },
        () =>
          new Promise<void>((resolve) => {
            const request = http.request({
              port: server.port,
              path: '/scim/v2/Users',
              method: 'POST',
              headers: { ...scim(), 'Content-Length': 1_000 },
            })
            request.on('error', () => {}).on('close', resolve)
            request.write('{"userName":', () => request.destroy())
          }),
      ),
    )
    expect((await get()).status).toBe(200)
    expect(errors).toEqual([])
  })
})

describe('too many requests at once', () => {
  it('are refused with 503 and Retry-After until one has ended (S-DOS-14)', async () => {
    const waiting: (() => void)[] = []
    const { get } = await start(() => new Promise((resolve) => waiting.push(() => resolve(ok))), {
      limits: { ...defaultLimits, maxRequestsInFlight: 2 },
    })
    const first = get()
    const second = get()
    while (waiting.length < 2) await new Promise(setImmediate)
    const third = await get()
    expectError(third, 503)
    expect(third.headers['retry-after']).toBe('1')
    for (const release of waiting.splice(0)) release()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    const fourth = get()
    while (waiting.length < 1) await new Promise(setImmediate)
    waiting[0]?.()
    expect((await fourth).status).toBe(200)
  })
})

describe('the rate of requests', () => {
  function clock() {
    let at = Date.parse('2026-01-31T09:00:00Z')
    return {
      clock: () => new Date(at),
      pass: (ms: number) => {
        at += ms
      },
    }
  }

  it('is not limited unless asked for', async () => {
    const { get } = await start(async () => ok)
    const replies = await Promise.all(Array.from({ length: 300 }, () => get()))
    expect(replies.every(({ status }) => status === 200)).toBe(true)
  })

  it('is limited for each token: 429 with Retry-After, and others go on (R-HTTP-22, S-DOS-15)', async () => {
    const time = clock()
    const { bearerTokens } = libraries[5]
    const { get } = await start(async () => ok, {
      clock: time.clock,
      rateLimits: { requestsPerSecond: 25 },
      authenticate: bearerTokens([
        { name: 'a', token },
        { name: 'b', token: 'another-token-of-it' },
      ]),
    })
    for (let sent = 0; sent < 250; sent += 1) expect((await get()).status).toBe(200)
    const refused = await get()
    expectError(refused, 429)
    expect(refused.headers['retry-after']).toBe('1')
    expect((await get('/Users/1', bearer('another-token-of-it'))).status).toBe(200)
    time.pass(1_000)
    for (let sent = 0; sent < 25; sent += 1) expect((await get()).status).toBe(200)
    expectError(await get(), 429)
  })

  it.each(['Operations', 'operations', 'OPERATIONS'])(
    'counts each operation of a bulk request, written %s (A19, R-BULK-18, S-DOS-11)',
    async (name) => {
      const time = clock()
      const { server, get } = await start(async () => ok, {
        clock: time.clock,
        rateLimits: { requestsPerSecond: 25 },
      })
      const Operations = Array.from({ length: 300 }, () => ({}))
      const bulk = await send(server, '/scim/v2/Bulk', {
        method: 'POST',
        headers: scim(),
        body: JSON.stringify({ [name]: Operations }),
      })
      expect(bulk.status).toBe(200)
      const refused = await get()
      expectError(refused, 429)
      expect(refused.headers['retry-after']).toBe('3')
    },
  )

  it('of failed authentications is limited for each address, and good tokens still pass (S-AUTH-12)', async () => {
    const time = clock()
    const { get } = await start(async () => ok, {
      clock: time.clock,
      rateLimits: { failedAuthenticationsPerMinute: 5 },
    })
    expect((await get()).status).toBe(200)
    for (let guess = 0; guess < 5; guess += 1) {
      expectError(await get('/Users/1', bearer(`guess${guess}`)), 401)
    }
    const refused = await get('/Users/1', bearer('guess-again'))
    expectError(refused, 429)
    expect(refused.headers['retry-after']).toBe('12')
    expect((await get()).status).toBe(200)
    time.pass(12_000)
    expectError(await get('/Users/1', bearer('guess-later')), 401)
    expectError(await get('/Users/1', bearer('guess-later')), 429)
  })
})
