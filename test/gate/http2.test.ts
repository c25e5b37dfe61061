import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import {
  type AccessGate,
  accessGate,
  type PolicyDecision,
  type PolicyQuestion,
} from '../../lib/gate/index.js'
import type { User } from '../../lib/stores/index.js'
import { peopleOf } from './gated.js'

type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => unknown

let adapters: MemoryAdapters
let ann: User
let policy: ((question: PolicyQuestion) => PolicyDecision) | undefined
let gate: AccessGate
let server: http2.Http2Server
let client: http2.ClientHttp2Session
let pushed: unknown[]
let handle: Handler

beforeEach(async () => {
  adapters = memoryAdapters()
  ann = await peopleOf(adapters).add('ann@example.com')
  policy = undefined
  gate = accessGate(adapters, {
    identify: async () => ({ identities: [{ email: 'ann@example.com' }], isComplete: true }),
    enforce: {
      mode: 'enforce',
      isOpen: () => false,
      decide: async (_scope, question) => policy?.(question) ?? { kind: 'allow' },
    },
  })
  pushed = []
  server = http2.createServer((request, response) => {
    const push = request.push.bind(request)
    request.push = (chunk: Buffer | null) => {
      pushed.push(chunk)
      return push(chunk)
    }
    gate(request as never, response as never, (_error) => handle(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterEach(async () => {
  const closed = once(client, 'close')
  client.close()
  await closed
  await new Promise((resolve) => server.close(resolve))
  gate.close()
})

it('a request of HTTP/2 passes with its body, and ends once', async () => {
  handle = (request, response) => {
    void text(request).then((body) => response.end(String(body.length)))
  }
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  stream.end('x'.repeat(200_000))
  expect(await text(stream)).toBe('200000')
  expect(pushed.filter((chunk) => chunk === null)).toHaveLength(1)
})

it('a request of HTTP/2 without a body passes, also if it is answered at once', async () => {
  handle = (_request, response) => {
    response.writeHead(200)
    response.end('x')
  }
  for (let sent = 0; sent < 20; sent += 1) {
    expect(await text(client.request({ ':path': '/a' }))).toBe('x')
  }
})

it('nobody reads on from a request of HTTP/2 whose client has gone', async () => {
  const closed = new Promise<http2.Http2ServerRequest>((resolve) => {
    handle = (request) => {
      request.once('close', () => resolve(request)).resume()
      // After the turn of the first decision.
      setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL))
    }
  })
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  stream.write('begin')
  const request = await closed
  await new Promise((resolve) => setImmediate(resolve))
  expect(request.destroyed).toBe(true)
})

it('a request of HTTP/2 does not end once access is withdrawn, and gets a refusal', async () => {
  const ends: string[] = []
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  handle = async (request) => {
    request.once('end', () => ends.push('end')).resume()
    await peopleOf(adapters).setActive(ann, false)
    // After the turn of the first decision.
    setImmediate(() => stream.end('rest'))
  }
  stream.write('begin')
  const [headers] = await once(stream, 'response')
  await text(stream)
  expect(headers[':status']).toBe(403)
  expect(ends).toEqual([])
})

it('a request of HTTP/2 is broken off if its access is withdrawn and its answer changed', async () => {
  policy = () => ({ kind: 'allow', answer: { learn: () => {} } })
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  const closed = once(stream, 'close')
  handle = async (request) => {
    request.resume()
    await peopleOf(adapters).setActive(ann, false)
    // After the turn of the first decision.
    setImmediate(() => stream.end('rest'))
  }
  stream.resume().write('begin')
  await closed
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_CANCEL)
})

it.each([[''], ['hello']])(
  'a policy that asks for more than %j gets it with HTTP/2',
  async (sent) => {
    policy = ({ body }) =>
      body === undefined ? { kind: 'body', length: 100 } : { kind: 'allow', url: `/${body}` }
    handle = (request, response) => {
      void text(request).then((body) => response.end(`${request.url} ${body}`))
    }
    const stream = client.request({ ':path': '/a', ':method': 'POST' })
    stream.end(sent)
    expect(await text(stream)).toBe(`/${sent} ${sent}`)
  },
)

it('a policy that asks for the body of a request without one gets nothing with HTTP/2', async () => {
  policy = ({ body }) => (body === undefined ? { kind: 'body', length: 100 } : { kind: 'allow' })
  handle = (_request, response) => response.end('x')
  expect(await text(client.request({ ':path': '/a' }))).toBe('x')
})
