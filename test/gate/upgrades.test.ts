import { once } from 'node:events'
import { Agent, createServer, request as httpRequest } from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { duplexPair, PassThrough } from 'node:stream'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate } from '../../lib/gate/index.js'
import { cpuMsOf } from '../support/cpu-time.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { type Gated, openGate } from './gated.js'

let fake: FakeLabelStudio
let gated: Gated

beforeAll(async () => {
  fake = await startFakeLabelStudio()
  gated = await openGate(fake, memoryAdapters(), {
    async application(request, response) {
      let body = ''
      for await (const chunk of request) body += chunk
      const { method, url, headers } = request
      const { upgrade = null, connection } = headers
      const own = headers['x-own']
      response.end(JSON.stringify({ method, url, body, upgrade, connection, own }))
    },
  })
})
afterAll(async () => {
  await gated.close()
  await fake.stop()
})

/** As `java.net.http.HttpClient` and `curl --http2` send it over plain HTTP. */
const offer = {
  connection: 'Upgrade, HTTP2-Settings',
  upgrade: 'h2c',
  'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
}

function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
  agent?: Agent,
) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const request = httpRequest(
      `${gated.url}${path}`,
      { method, headers, agent },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode, text })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

describe('a request that offers another protocol', () => {
  it.each([
    ['GET', '', {}],
    ['POST', '{"a":1}', { 'content-length': '7' }],
    ['POST', 'x'.repeat(300_000), { 'content-length': '300000' }],
    ['PATCH', 'x'.repeat(300_000), { 'transfer-encoding': 'chunked' }],
  ])('is answered as if it did not: %s (F9)', async (method, body, headers) => {
    const { status, text } = await ask(method, '/a?b=c', { ...offer, ...headers }, body)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ method, url: '/a?b=c', body, upgrade: null })
  })

  it.each([
    'Upgrade, HTTP2-Settings',
    'UPGRADE,http2-settings',
    'close, Upgrade',
    'Upgrade, X-Own , close',
  ])('keeps its headers but for those of the connection: %s (F9)', async (given) => {
    const headers = { ...offer, connection: given, 'X-Own': 'Connection' }
    const { text } = await ask('GET', '/a', headers)
    const { connection, ...others } = JSON.parse(text)
    expect(others).toMatchObject({ own: 'Connection', upgrade: null })
    // So that a proxy closes the connection to the client too.
    expect(connection).toBe(/close/.test(given) ? 'close' : undefined)
  })

  it('is one of another protocol than WebSocket, or with another method', async () => {
    const { text } = await ask('POST', '/a', { connection: 'Upgrade', upgrade: 'websocket' })
    expect(JSON.parse(text)).toMatchObject({ method: 'POST', upgrade: null })
  })

  it('keeps its connection, on which others follow (F9)', async () => {
    const offering = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n'
    const socket = connect(Number(new URL(gated.url).port), '127.0.0.1')
    socket.setEncoding('utf8')
    for (const path of ['/1', '/2', '/3']) {
      socket.write(`GET ${path} HTTP/1.1\r\n${offering}`)
      let answer = ''
      while (!answer.includes('}')) answer += (await once(socket, 'data'))[0]
      expect(answer).toContain(`"url":"${path}"`)
    }
    socket.destroy()
  })

  it('is decided about like every other (F9)', async () => {
    const token = 'Token unknown-token'
    const { status } = await ask('GET', '/a', { ...offer, authorization: token })
    expect(status).toBe(200)
    await fake.kill()
    const other = await ask('GET', '/a', { ...offer, authorization: 'Token another' })
    expect(other.status).toBe(503)
    await fake.restart()
  })
})

const asText = (headers: Record<string, string>) =>
  Object.entries({ host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)

/** Sends this, and resolves with everything that came once the gate has closed the connection. */
function untilClosed(sent: string): Promise<string> {
  const { port } = new URL(gated.url)
  // As a client that does not close its side.
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk
  })
  const probe = setInterval(() => socket.write('x'), 100)
  socket.write(sent)
  return new Promise((resolve) => {
    // Writing to a connection that is closed on the other side fails.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(probe)
      resolve(got)
    })
  })
}

it('the connection of a refused WebSocket is closed, also if the client leaves it open', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'content-length': '5' }
  expect(await untilClosed(`GET / HTTP/1.1\r\n${asText(headers).join('')}\r\n`)).toMatch(/ 400 /)
})

it.each([
  ['of a request with a body', '/', { 'content-length': '5' }],
  ['of an address with #', '/#', {}],
  ['of anybody else', '/', {}],
])('a failing connection %s ends no process', (_whose, url, more) => {
  const identify = async () => ({ identities: [], isComplete: true })
  const server = createServer()
  accessGate(memoryAdapters(), { identify }).attach(server, () => {})
  const socket = new PassThrough()
  const request = { method: 'GET', url, headers: { upgrade: 'websocket', ...more }, rawHeaders: [] }
  server.emit('upgrade', request, socket, Buffer.alloc(0))
  expect(() => socket.emit('error', new Error('reset'))).not.toThrow()
  socket.destroy()
})

it('an offer over TLS is ignored too', async () => {
  const server = https.createServer((_request, response) => response.end('hello'))
  const identify = async () => ({ identities: [], isComplete: true })
  accessGate(memoryAdapters(), { identify }).attach(server, () => {})
  const [client, decrypted] = duplexPair()
  Object.assign(decrypted, { encrypted: true })
  const rawHeaders = Object.entries(offer).flat()
  const request = { method: 'GET', url: '/a', httpVersion: '1.0', headers: offer, rawHeaders }
  server.emit('upgrade', request, decrypted, Buffer.alloc(0))
  const [answer] = await once(client, 'data')
  expect(String(answer)).toMatch(/ 200 OK/)
  client.destroy()
  decrypted.destroy()
})

it('thousands of offers on one connection keep nobody waiting', async () => {
  const one = `GET /a HTTP/1.1\r\n${asText(offer).join('')}\r\n`
  const used = await cpuMsOf(async () => {
    await untilClosed(one.repeat(10_000))
  })
  expect(used).toBeLessThan(800)
})

it('a client may offer another protocol with each of its requests', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let at = 0; at < 120; at++) {
    const { status } = await ask('GET', '/a', offer, '', agent)
    expect(status).toBe(200)
  }
  agent.destroy()
})
