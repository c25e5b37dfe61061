import http from 'node:http'
import zlib from 'node:zlib'
import type { TransportOptions } from '../../lib/http/transport.js'
import { cpuMsOf } from '../support/cpu-time.js'
import {
  defaultLimits,
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
  token,
  transportOptions,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

type Prepare = (app: ReturnType<Library['express']>, express: Library['express']) => void

async function start(
  options: Partial<TransportOptions> = {},
  { version = 5, prepare = () => {} }: { version?: ExpressVersion; prepare?: Prepare } = {},
) {
  const library = libraries[version]
  const recorded: Recorded[] = []
  const resolved = transportOptions(library, options)
  const app = library.express()
  prepare(app, library.express)
  app.use('/scim/v2', library.scimTransport(fakeRoutes(recorded), resolved))
  const server = await listen(app)
  running.push(server)
  const post = (body: string | Buffer, headers: http.OutgoingHttpHeaders = {}) =>
    send(server, '/scim/v2/Users', { method: 'POST', headers: { ...scim(), ...headers }, body })
  return { server, recorded, post, errors: resolved.errors, events: resolved.events }
}

const limits = (given: Partial<TransportOptions['limits']>) => ({
  limits: { ...defaultLimits, ...given },
})

/** Ends of a body that a chunked request never sends. */
const chunkedHead =
  `POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nAuthorization: ` +
  `Bearer ${token}\r\nContent-Type: application/scim+json\r\nTransfer-Encoding: ` +
  `chunked\r\n\r\n`

describe('the size of a body', () => {
  const json = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`

  it('may be the limit, and not a byte more: 413 naming it (R-ERR-15, R-BULK-15, S-DOS-01)', async () => {
    const { post, recorded } = await start(limits({ maxPayloadBytes: 2_000 }))
    expect((await post(json(2_000))).status).toBe(200)
    expect(recorded[0]?.request.bodyBytes).toBe(2_000)
    const reply = await post(json(2_001))
    expect(expectError(reply, 413).detail).toContain('2000 bytes (maxPayloadSize)')
    expect(recorded).toHaveLength(1)
  })

  it('is refused by its Content-Length before any of it arrives (S-DOS-01)', async () => {
    const { server } = await start(limits({ maxPayloadBytes: 2_000 }))
    const head = chunkedHead.replace('Transfer-Encoding: chunked', 'Content-Length: 2001')
    expect(await sendRaw(server, head)).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('counts as it arrives, without a Content-Length (R-BULK-16, S-DOS-01)', async () => {
    const { server, recorded } = await start(limits({ maxPayloadBytes: 2_000 }))
    const chunk = 'x'.repeat(1_000)
    const text = await sendRaw(server, `${chunkedHead}${`3e8\r\n${chunk}\r\n`.repeat(3)}0\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(recorded).toEqual([])
  })

  it('stays flat in memory beyond the limit (S-DOS-01)', async () => {
    const { server } = await start(limits({ maxPayloadBytes: 10_000 }))
    const before = process.memoryUsage().arrayBuffers
    const block = Buffer.alloc(1_000_000, 'x')
    const { status, peak } = await new Promise<{ status: number; peak: number }>(
      (resolve, reject) => {
        let peak = 0
        const request = http.request({
          port: server.port,
          path: '/scim/v2/Users',
          method: 'POST',
          headers: scim(),
        })
        request.on('response', (response) => {
          response.resume()
          resolve({ status: response.statusCode ?? 0, peak })
        })
        request.on('error', reject)
        const write = (left: number) => {
          peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
          if (left === 0) request.end()
          else request.write(block, () => write(left - 1))
        }
        write(50)
      },
    )
    expect(status).toBe(413)
    expect(peak).toBeLessThan(20_000_000)
  })

  it('holds a PUT of 50 000 members by default', async () => {
    const { server, recorded } = await start()
    const members = Array.from({ length: 50_000 }, (_, index) => ({
      value: `2819c223-7f76-453a-919d-${String(index).padStart(12, '0')}`,
      display: `person${index}@example.com`,
      type: 'User',
      $ref: `https://scim.example.com/scim/v2/Users/2819c223-7f76-453a-919d-${String(index).padStart(12, '0')}`,
    }))
    const reply = await send(server, '/scim/v2/Users/1', {
      method: 'PUT',
      headers: scim(),
      body: JSON.stringify({ displayName: 'everybody', members }),
    })
    expect(reply.status).toBe(200)
    expect(recorded[0]?.request.body).toMatchObject({ members: { length: 50_000 } })
  })
})

describe('the content coding of a body', () => {
  const body = '{"userName":"a"}'

  it.each([
    ['gzip', zlib.gzipSync(body)],
    ['GZIP', zlib.gzipSync(body)],
    ['x-gzip', zlib.gzipSync(body)],
    ['deflate', zlib.deflateSync(body)],
    ['identity', Buffer.from(body)],
  ])('may be %s', async (coding, bytes) => {
    const { post, recorded } = await start()
    expect((await post(bytes, { 'Content-Encoding': coding })).status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ userName: 'a' })
  })

  it.each(['br', 'zstd', 'gzip, gzip', '__proto__'])('may not be %s: 415', async (coding) => {
    const { post, recorded } = await start()
    const reply = await post(body, { 'Content-Encoding': coding })
    expectError(reply, 415)
    expect(reply.headers['accept-encoding']).toBe('gzip, deflate, identity')
    expect(recorded).toEqual([])
  })

  it('does not let a small body become a large one (S-DOS-01)', async () => {
    const { post, recorded, errors } = await start(limits({ maxPayloadBytes: 100_000 }))
    const bomb = zlib.gzipSync(Buffer.alloc(100_000_000, ' '))
    expectError(await post(bomb, { 'Content-Encoding': 'gzip' }), 413)
    expect([recorded, errors]).toEqual([[], []])
  })

  it.each([
    ['no gzip at all', Buffer.from(body)],
    ['cut off', zlib.gzipSync(body).subarray(0, 15)],
    ['nothing', Buffer.alloc(0)],
  ])('answers 400 when it is damaged: %s', async (_, bytes) => {
    const { post, recorded, errors } = await start()
    expectError(await post(bytes, { 'Content-Encoding': 'gzip' }), 400, 'invalidSyntax')
    expect([recorded, errors]).toEqual([[], []])
  })
})

describe('a body that is no SCIM message', () => {
  it.each([
    '{bad',
    '{"a":1',
    '{"a":1}}',
    '{"a":1} x',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '"unterminated',
    'undefined',
    '<xml/>',
    '"text"',
    '1',
    'null',
    'true',
    '[]',
    '[{"userName":"a"}]',
    '\u0000',
  ])('gets 400 invalidSyntax: %j (R-MT-11)', async (body) => {
    const { post, recorded } = await start()
    expectError(await post(body), 400, 'invalidSyntax')
    expect(recorded).toEqual([])
  })

  it('is not quoted in the answer: it may hold a password (S-LEAK-01)', async () => {
    const { post } = await start()
    const reply = await post('{"password":"canary-5d1",}')
    expectError(reply, 400, 'invalidSyntax')
    expect(reply.text).not.toContain('canary')
  })

  it('is reported as request.refused when it cannot be read: it may have been the end of access', async () => {
    const { post, events } = await start(limits({ maxPayloadBytes: 100 }))
    await post('{"active":')
    await post(`{"a":"${'x'.repeat(100)}"}`)
    await post('active=false', { 'Content-Type': 'text/plain' })
    const refused = (status: number) => ({ event: 'request.refused', outcome: 'refused', status })
    expect(events).toMatchObject([refused(400), refused(413), refused(415)])
  })

  it('gets 400 when it is no UTF-8 (R-MT-01)', async () => {
    const { post } = await start()
    expectError(await post(Buffer.from('{"a":"\xff"}', 'latin1')), 400, 'invalidSyntax')
  })

  it('may begin with a byte order mark (R-MT-14)', async () => {
    const { post, recorded } = await start()
    expect((await post('\uFEFF{"a":1}')).status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ a: 1 })
  })

  it.each([
    '{"userName":"a\\u0000b"}',
    '{"userName":"\\ud800"}',
    '{"userName":"\\udc00\\ud800"}',
    '{"name":{"a":[{"userName":"x\\ud83d"}]}}',
    '{"userName":["\\u0000"]}',
  ])('gets 400 naming the attribute: %j (R-MT-14)', async (body) => {
    const { post, recorded } = await start()
    expect(expectError(await post(body), 400, 'invalidValue').detail).toContain('"userName"')
    expect(recorded).toEqual([])
  })

  it('may hold paired surrogates and escaped text of any kind', async () => {
    const { post, recorded } = await start()
    const body = '{"a":"\\ud83d\\ude00\\\\u0000\\"}","b":"\\\\","c":"[{:,"}'
    expect((await post(body)).status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ a: '😀\\u0000"}', b: '\\', c: '[{:,' })
  })
})

describe('a member that is given twice', () => {
  it.each([
    ['{"userName":"a","userName":"b"}', '"userName"'],
    ['{"active":true,"Active":false}', '"Active"'],
    ['{"name":{"givenName":"a","GIVENNAME":"b"}}', '"GIVENNAME"'],
    ['{"emails":[{"value":"a"},{"value":"b","value":"c"}]}', '"value"'],
    ['{"user\\u004eame":"a","userName":"b"}', '"userName"'],
    ['{"Operations":[{"op":"add","value":{"active":true,"active":false}}]}', '"active"'],
    ['{"urn:x:User":{},"URN:X:user":{}}', '"URN:X:user"'],
    ['{"a":1,"b":{"c":2},"A":3}', '"A"'],
    ['{"x":"\\\\","a":1,"A":2}', '"A"'],
    ['{"x":"\\\\\\"","a":1,"A":"\\""}', '"A"'],
  ])('gets 400 invalidSyntax naming it: %s (R-MT-12, S-INP-04)', async (body, name) => {
    const { post, recorded } = await start()
    expect(expectError(await post(body), 400, 'invalidSyntax').detail).toContain(name)
    expect(recorded).toEqual([])
  })

  it('is not confused with equal names in different objects or with values', async () => {
    const { post, recorded } = await start()
    const body = '{"a":"b","b":["a","a","b"],"c":{"a":{"a":1}},"d":[{"a":1},{"a":1}]}'
    expect((await post(body)).status).toBe(200)
    expect(recorded[0]?.request.body).toEqual(JSON.parse(body))
  })
})

describe('a member named like a JavaScript built-in', () => {
  const snapshot = () => JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'constructor.prototype',
    'toString.x',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
    'emails.__proto__',
    'urn:ietf:params:scim:schemas:core:2.0:User:__proto__',
    'emails[type eq "work"].constructor',
    '\\u005f\\u005fproto\\u005f\\u005f',
  ])('gets 400 and pollutes nothing: %s (S-INP-01)', async (name) => {
    const { post, recorded } = await start()
    const before = snapshot()
    const escaped = name.replaceAll('"', '\\"')
    for (const body of [
      `{"${escaped}":{"polluted":true}}`,
      `{"Operations":[{"op":"add","value":{"${escaped}":{"polluted":true}}}]}`,
    ]) {
      expectError(await post(body), 400, 'invalidSyntax')
    }
    expect(recorded).toEqual([])
    expect(snapshot()).toBe(before)
    expect({}).not.toHaveProperty('polluted')
  })

  it('is told from names that only contain one', async () => {
    const { post } = await start()
    expect((await post('{"constructorName":1,"my_proto__":2,"a":"__proto__"}')).status).toBe(200)
  })
})

describe('the nesting of a body', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

  it('may be as deep as the limit and no deeper (S-DOS-02)', async () => {
    const { post } = await start(limits({ maxJsonDepth: 5 }))
    expect((await post(`{"a":${nested(4)}}`)).status).toBe(200)
    expectError(await post(`{"a":${nested(5)}}`), 400, 'invalidSyntax')
    expectError(await post('{"a":{"a":{"a":{"a":{"a":{}}}}}}'), 400, 'invalidSyntax')
  })

  it.each([
    ['arrays', '['.repeat(100_000)],
    ['arrays that end', nested(100_000)],
    ['objects', '{"a":'.repeat(100_000)],
  ])('ends quickly at 100 000 levels of %s (S-DOS-02, SCIMServer N6)', async (_, text) => {
    const { post, errors } = await start()
    const answered = async () => expectError(await post(`{"a":${text}}`), 400, 'invalidSyntax')
    expect(await cpuMsOf(answered)).toBeLessThan(1_000)
    expect(errors).toEqual([])
  })

  it('bounds the length of arrays (S-DOS-02)', async () => {
    const { post } = await start(limits({ maxArrayItems: 3 }))
    expect((await post('{"a":[1,2,3],"b":[[1,2],[1,2],[]]}')).status).toBe(200)
    expectError(await post('{"a":[1,2,3,4]}'), 400, 'invalidValue')
  })

  it.each([
    ['of the body', (members: string) => `{${members}}`],
    ['of an unknown attribute', (members: string) => `{"a":{"b":[1,{${members}}]}}`],
    [
      'of a value in a PATCH',
      (members: string) => `{"Operations":[{"op":"add","value":{${members}}}]}`,
    ],
  ])('bounds the number of members %s', async (_, bodyOf) => {
    const { post } = await start(limits({ maxObjectMembers: 100 }))
    const members = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":[1,2,3]`)
    expect((await post(bodyOf(members(100).join()))).status).toBe(200)
    expectError(await post(bodyOf(members(101).join())), 400, 'invalidValue')
  })

  it.each([
    ['quotation marks', (size: number) => `{"a":"${'\\"'.repeat(size)}"}`],
    ['backslashes', (size: number) => `{"a":"${'\\\\'.repeat(size)}"}`],
    ['members', (size: number) => `{${Array.from({ length: size / 10 }, (_, i) => `"k${i}":1`)}}`],
    ['unterminated text', (size: number) => `{"a":"${'\\'.repeat(size * 2 + 1)}"`],
  ])('is read in linear time: %s', async (_, bodyOf) => {
    const { post } = await start(limits({ maxObjectMembers: 10_000_000 }))
    const body = bodyOf(2_000_000)
    expect(await cpuMsOf(() => post(body))).toBeLessThan(3_000)
  })
})

describe.each([4, 5] as const)('a body parser of the host on Express %s', (version) => {
  const parsed = (prepare: Prepare, options: Partial<TransportOptions> = {}) =>
    start(options, { version, prepare })

  it.each<[string, Prepare, string]>([
    ['json', (app, express) => app.use(express.json()), 'application/json'],
    [
      'json of every type',
      (app, express) => app.use(express.json({ type: () => true })),
      'application/scim+json',
    ],
    ['text', (app, express) => app.use(express.text({ type: '*/*' })), 'application/scim+json'],
    ['raw', (app, express) => app.use(express.raw({ type: '*/*' })), 'application/scim+json'],
  ])('may have read the body: %s', async (_, prepare, type) => {
    const { post, recorded } = await parsed(prepare)
    const reply = await post('{"userName":"ä"}', { 'Content-Type': type })
    expect(reply.status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ userName: 'ä' })
    expect(recorded[0]?.request.bodyBytes).toBe(17)
  })

  it('does not spare the body any check that can still be made (S-INP-04, S-INP-01, S-DOS-02)', async () => {
    const { post } = await parsed(
      (app, express) => app.use(express.json({ type: () => true, limit: '10mb', strict: false })),
      limits({ maxPayloadBytes: 5_000_000 }),
    )
    expectError(await post('{"active":true,"Active":false}'), 400, 'invalidSyntax')
    expectError(await post('{"__proto__":{"a":1}}'), 400, 'invalidSyntax')
    expectError(await post('{"userName":"\\ud800"}'), 400, 'invalidValue')
    expectError(
      await post(`{"a":${'['.repeat(90_000)}${']'.repeat(90_000)}}`),
      400,
      'invalidSyntax',
    )
    expectError(await post('[1]'), 400, 'invalidSyntax')
    expectError(await post(JSON.stringify({ a: 'x'.repeat(5_000_000) })), 413)
  })

  it('may have read the body and left nothing: 400, never a hang', async () => {
    const { post } = await parsed((app) =>
      app.use((request, _, next) => request.resume().on('end', () => next())),
    )
    expectError(await post('{"userName":"a"}'), 400, 'invalidSyntax')
  })

  it('may have undone the compression', async () => {
    const { post, recorded } = await parsed((app, express) => app.use(express.raw({ type: '*/*' })))
    const reply = await post(zlib.gzipSync('{"a":1}'), { 'Content-Encoding': 'gzip' })
    expect(reply.status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ a: 1 })
  })

  it('may have ignored the type: then the body is read here', async () => {
    const { post, recorded } = await parsed((app, express) => app.use(express.json()))
    expect((await post('{"a":1}')).status).toBe(200)
    expect(recorded[0]?.request.body).toEqual({ a: 1 })
  })
})
