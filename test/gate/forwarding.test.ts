import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { UnavailableError } from '../../lib/stores/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { aPerson, exchange, type Gated, openGate, peopleOf } from './gated.js'

/** What the application received, once whole. */
interface Received {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly digest: string
}

let fake: FakeLabelStudio
let adapters: MemoryAdapters
let application: Server
let begun: string[]
let received: Received[]
let gated: Gated
/** A request has passed the gate. */
let passed: Promise<void>
/** The application got a part of a request, and then no more. */
let brokenOff: Promise<void>
let breakOff = () => {}
let ann: Awaited<ReturnType<typeof aPerson>>

beforeAll(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  application = createServer(receive).listen(0, '127.0.0.1')
  await once(application, 'listening')
})
afterAll(async () => {
  application.closeAllConnections()
  application.close()
  await fake.stop()
})
beforeEach(async () => {
  begun = []
  received = []
  adapters = memoryAdapters()
  ann = await aPerson(fake, adapters, `ann-${randomBytes(4).toString('hex')}@example.com`)
  const target = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  const proxy = createProxyMiddleware({ target, ws: false })
  let pass = () => {}
  passed = new Promise((resolve) => {
    pass = resolve
  })
  brokenOff = new Promise((resolve) => {
    breakOff = resolve
  })
  gated = await openGate(fake, adapters, {
    application(request, response) {
      pass()
      void proxy(request as never, response as never)
    },
  })
})
afterEach(() => gated.close())

async function receive(request: IncomingMessage, response: ServerResponse) {
  const { method, url, headers } = request
  begun.push(`${method} ${url}`)
  const hash = createHash('sha256')
  try {
    for await (const chunk of request) hash.update(chunk as Buffer)
  } catch {
    breakOff()
    return
  }
  received.push({ line: `${method} ${url}`, headers, digest: hash.digest('hex') })
  response.end('done')
}

const digestOf = (body: string) => createHash('sha256').update(body).digest('hex')
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const inner = 'POST /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
const framings: readonly (readonly [name: string, header: string, body: string])[] = [
  ['chunked', 'Transfer-Encoding: chunked\r\n', `${chunk(inner)}0\r\n\r\n`],
  ['a length', `Content-Length: ${inner.length}\r\n`, inner],
]
const connections = [
  'upgrade',
  'Upgrade, close',
  'keep-alive',
  'close, content-length, transfer-encoding',
  'upgrade\r\nUpgrade: h2c',
]
const methods = ['DELETE', 'OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'PURGE']

describe.each(methods)('a body of %s', (method) => {
  it.each(framings)('with %s never becomes another request', async (_, header, body) => {
    for (const connection of connections) {
      const head = `${method} /a HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n${header}`
      const credentials = `Cookie: ${ann.cookie}\r\n`
      await exchange(gated.url, `${head}${credentials}\r\n${body}`, (answer) =>
        /HTTP\/1\.1 \d/.test(answer),
      )
      // What would have been smuggled arrives at the application before this one is answered.
      await fetch(`${gated.url}/after`, { headers: { cookie: ann.cookie } })
    }
    expect(begun.filter((line) => line.includes('smuggled'))).toEqual([])
  })
})

it.each(['/a?x=#&y=2', '/a#', '/#/a', '/a?x#y'])('passes on no part of %s', async (path) => {
  const headers = `Host: x\r\nConnection: close\r\nCookie: ${ann.cookie}\r\n`
  const text = `GET ${path} HTTP/1.1\r\n${headers}\r\n`
  const answer = await exchange(gated.url, text, (each) => /HTTP\/1\.1 \d/.test(each))
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(begun).toEqual([])
})

it('passes on no header that a server would take for another', async () => {
  const twins =
    'Content_Type: x; charset=utf-7\r\nContent_Length: 3\r\nX_Forwarded_For: 1.2.3.4\r\n'
  const text = `GET /a HTTP/1.1\r\nHost: x\r\nX-Own: 1\r\n${twins}Cookie: ${ann.cookie}\r\n\r\n`
  await exchange(gated.url, text, (answer) => answer.includes('done'))
  const [{ headers } = { headers: {} }] = received
  expect(headers).toMatchObject({ 'x-own': '1' })
  expect(Object.keys(headers).filter((name) => name.includes('_'))).toEqual([])
})

it('tells the application nothing about the connection of the client', async () => {
  const ofConnection = 'Connection: keep-alive, X-Own\r\nKeep-Alive: timeout=9\r\nTE: trailers\r\n'
  const more = `Proxy-Connection: keep-alive\r\nTrailer: X\r\nX-Own: 1\r\nCookie: ${ann.cookie}\r\n`
  const text = `GET /a HTTP/1.1\r\nHost: x\r\n${ofConnection}${more}\r\n`
  await exchange(gated.url, text, (answer) => answer.includes('done'))
  const [{ headers } = { headers: {} }] = received
  expect(headers).toMatchObject({ 'x-own': '1', connection: 'close' })
  for (const name of ['keep-alive', 'te', 'proxy-connection', 'trailer']) {
    expect(headers).not.toHaveProperty(name)
  }
})

it('asks for a length where a proxy would drop what frames the body', async () => {
  const head = 'DELETE /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n'
  const answer = await exchange(gated.url, `${head}Cookie: ${ann.cookie}\r\n\r\n0\r\n\r\n`)
  expect(answer).toContain('HTTP/1.1 411 ')
  expect(begun).toEqual([])
})

it.each(['gzip, chunked', 'identity, chunked'])(
  'passes on nothing in a coding that servers read differently: %s',
  async (coding) => {
    const head = `POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${coding}\r\n`
    const more = `Connection: close\r\nCookie: ${ann.cookie}\r\n`
    const answer = await exchange(gated.url, `${head}${more}\r\n${chunk('a')}0\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|501) /)
    expect(begun).toEqual([])
  },
)

/** Sends a request in two parts, with `between` after the gate has let the first one pass. */
async function inTwoParts(parts: readonly [string, string], between: () => Promise<unknown>) {
  const socket = connect(Number(new URL(gated.url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => undefined)
  socket.write(parts[0])
  await passed
  await between()
  const ended = once(socket, 'close')
  socket.write(parts[1])
  await ended
  return answer
}

const body = 'x'.repeat(200_000)
const slow: readonly (readonly [name: string, header: string, parts: readonly [string, string]])[] =
  [
    [
      'a length, but for the last byte',
      `Content-Length: ${body.length}\r\n`,
      [body.slice(1), body.slice(0, 1)],
    ],
    ['a length, but for all of it', `Content-Length: ${body.length}\r\n`, ['', body]],
    ['chunks, but for the last one', 'Transfer-Encoding: chunked\r\n', [chunk(body), '0\r\n\r\n']],
  ]

describe.each(slow)('a request that is sent slowly: with %s', (_, header, [first, second]) => {
  const head = (cookie: string) =>
    `POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}Cookie: ${cookie}\r\n\r\n`

  it('is not carried out for a person whose access has ended meanwhile', async () => {
    const parts = [head(ann.cookie) + first, second] as const
    const answer = await inTwoParts(parts, () => peopleOf(adapters).setActive(ann.user, false))
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*withdrawn by your organization/)
    expect(received).toEqual([])
    // Nobody keeps waiting for the rest.
    if (begun.length > 0) await brokenOff
  })

  it('arrives whole otherwise', async () => {
    const parts = [head(ann.cookie) + first, second] as const
    const answer = await inTwoParts(parts, () => Promise.resolve())
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*done/)
    expect(received.map(({ digest }) => digest)).toEqual([digestOf(body)])
  })
})

it.each<[what: string, begin: (response: ServerResponse) => unknown, sent: RegExp]>([
  ['a part', (response) => response.writeHead(200, { 'Content-Length': 9 }).write('part'), /part$/],
  ['a header to come', (response) => response.setHeader('Set-Cookie', 'sessionid=hers'), /^$/],
])('puts no refusal into an answer of which there is %s', async (_what, begin, sent) => {
  await gated.close()
  let hasEnded = false
  let note = () => {}
  passed = new Promise((resolve) => {
    note = resolve
  })
  gated = await openGate(fake, adapters, {
    application(request, response) {
      request.on('end', () => {
        hasEnded = true
      })
      request.on('error', () => response.destroy())
      request.resume()
      begin(response)
      note()
    },
  })
  const head = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
  const parts = [`${head}Cookie: ${ann.cookie}\r\n\r\na`, 'b'] as const
  const answer = await inTwoParts(parts, () => peopleOf(adapters).setActive(ann.user, false))
  expect(answer).toMatch(sent)
  expect(hasEnded).toBe(false)
})

it('is not carried out if the stores do not answer when it ends', async () => {
  let isDown = false
  for (const store of [adapters.users, adapters.groups, adapters.access] as object[]) {
    for (const [name, method] of Object.entries(store)) {
      if (typeof method !== 'function') continue
      const failing = (...given: unknown[]) => {
        if (isDown) throw new UnavailableError('The database cannot answer now.')
        return method.apply(store, given)
      }
      Object.assign(store, { [name]: failing })
    }
  }
  const head = `POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n`
  const parts = [`${head}Cookie: ${ann.cookie}\r\n\r\na`, 'b'] as const
  const answer = await inTwoParts(parts, async () => {
    isDown = true
  })
  expect(answer).toMatch(/^HTTP\/1\.1 503 /)
  expect(received).toEqual([])
})
