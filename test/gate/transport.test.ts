import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { aPerson, exchange, type Gated, openGate, peopleOf } from './gated.js'

const megabyte = 1024 * 1024
let fake: FakeLabelStudio
let adapters: MemoryAdapters
let application: Server
let gated: Gated
let ann: Awaited<ReturnType<typeof aPerson>>
let upgraded: Socket[]

beforeAll(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  upgraded = []
  application = createServer(digest)
  application.on('upgrade', (_request, socket: Socket) => {
    upgraded.push(socket)
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
    socket.pipe(socket)
  })
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
})
afterAll(async () => {
  application.closeAllConnections()
  application.close()
  await fake.stop()
})
beforeEach(async () => {
  adapters = memoryAdapters()
  ann = await aPerson(fake, adapters, `ann-${randomBytes(4).toString('hex')}@example.com`)
  const target = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  const proxy = createProxyMiddleware({ target, ws: false })
  const onUpgrade = proxy.upgrade as (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ) => void
  gated = await openGate(fake, adapters, { application: proxy as never, onUpgrade })
})
afterEach(() => gated.close())

/** An application that says what it received. */
async function digest(request: IncomingMessage, response: import('node:http').ServerResponse) {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    hash.update(chunk as Buffer)
  }
  const hasLength = request.headers['content-length'] !== undefined
  response.end(JSON.stringify({ bytes, digest: hash.digest('hex'), hasLength }))
}

const shut = () => peopleOf(adapters).setActive(ann.user, false)

/** Sends `parts` pieces of one megabyte. */
function upload(parts: number, headers: Record<string, string>) {
  const piece = randomBytes(megabyte)
  const hash = createHash('sha256')
  for (let each = 0; each < parts; each += 1) hash.update(piece)
  const request = httpRequest(`${gated.url}/api/projects/1/import`, { method: 'POST', headers })
  const answer = once(request, 'response') as Promise<[IncomingMessage]>
  Readable.from(Array.from({ length: parts }, () => piece)).pipe(request)
  request.on('error', () => {})
  const read = answer.then(async ([response]) => {
    let text = ''
    for await (const chunk of response) text += chunk
    return { status: response.statusCode, text }
  })
  return { read, digest: hash.digest('hex') }
}

describe('an upload of 50 MB', () => {
  it.each([
    ['with a length', { 'content-length': String(50 * megabyte) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
    ['that waits to be asked', { 'content-length': String(50 * megabyte), expect: '100-continue' }],
  ])('passes unharmed %s', async (_name, headers) => {
    const { read, digest } = upload(50, { cookie: ann.cookie, ...headers })
    const { status, text } = await read
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ bytes: 50 * megabyte, digest })
  })

  it('of somebody deprovisioned is refused with an answer they can read', async () => {
    await shut()
    const { read } = upload(50, { cookie: ann.cookie, 'content-length': String(50 * megabyte) })
    const { status, text } = await read
    expect([status, JSON.parse(text).status_code]).toEqual([403, 403])
  })
})

describe('a connection that is kept', () => {
  const get = () => `GET /api/x HTTP/1.1\r\nHost: x\r\nCookie: ${ann.cookie}\r\n\r\n`

  it('is decided about at each request', async () => {
    const kept = await openGate(fake, adapters, {
      application: (_request, response) => response.end('hello'),
    })
    const socket = connect(Number(new URL(kept.url).port), '127.0.0.1')
    let heard = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const isFirst = heard === ''
      heard += chunk
      if (isFirst) void shut().then(() => socket.write(get()))
    })
    const closed = once(socket, 'close')
    socket.write(get())
    await closed
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403'])
    await kept.close()
  })

  it('ends with a refusal, whatever was sent ahead', async () => {
    await shut()
    const answer = await exchange(gated.url, get().repeat(3))
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403'])
  })
})

describe('a WebSocket through the proxy', () => {
  const open = async (cookie: string) => {
    const socket = connect(Number(new URL(gated.url).port), '127.0.0.1')
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ` +
        `${cookie}\r\n\r\n`,
    )
    const [head] = (await once(socket, 'data')) as [string]
    return { socket, status: head.split(' ')[1] }
  }

  it('carries what both sides say, and is closed on both once the person is deprovisioned', async () => {
    const { socket, status } = await open(ann.cookie)
    expect(status).toBe('101')
    socket.write('hello')
    expect((await once(socket, 'data'))[0]).toBe('hello')
    const [theirs] = upgraded.slice(-1)
    const closed = Promise.all([once(socket, 'close'), once(theirs as Socket, 'close')])
    await shut()
    await closed
    expect((await open(ann.cookie)).status).toBe('403')
  })
})
