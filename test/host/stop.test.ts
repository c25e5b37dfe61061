import { once } from 'node:events'
import fs from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { buildHost, type StartedHost, startHost } from './start-host.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-stop-'))
const token = 'token-of-the-identity-provider'
const open: Socket[] = []
let fake: FakeLabelStudio
/** The fake, and WebSockets. */
let application: Server
let host: StartedHost

beforeAll(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  await buildHost()
}, 120_000)
beforeEach(async () => {
  const proxy = createProxyMiddleware({ target: fake.url })
  application = createServer((request, response) => void proxy(request as never, response as never))
  application.on('upgrade', (_request, socket: Socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
    socket.on('error', () => {})
  })
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  host = await start()
})
afterEach(async () => {
  await host.stop()
  for (const socket of open.splice(0)) socket.destroy()
  application.closeAllConnections()
  application.close()
})
afterAll(async () => {
  await fake.stop()
  fs.rmSync(folder, { recursive: true, force: true })
})

const start = () =>
  startHost({
    DATABASE_URL: `sqlite:${folder}/scim.db`,
    SCIM_TOKEN: token,
    LABEL_STUDIO_URL: `http://127.0.0.1:${(application.address() as AddressInfo).port}`,
    LABEL_STUDIO_TOKEN: fake.token,
  })

/** Sends text on a connection of its own, and waits for the first answer where there is one. */
async function send(text: string, isAnswered = true): Promise<{ socket: Socket; answer: string }> {
  const socket = connect(Number(new URL(host.origin).port), '127.0.0.1')
  open.push(socket)
  socket.setEncoding('utf8').on('error', () => {})
  socket.write(text)
  return { socket, answer: isAnswered ? (await once(socket, 'data'))[0] : '' }
}

const scim = (method: string, target: string, body?: object) =>
  fetch(`${host.origin}/scim/v2${target}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body && { body: JSON.stringify(body) }),
  })

describe('the example host, told to end', () => {
  it('ends within ten seconds whatever its clients do, and loses nothing (R31, D11)', async () => {
    const webSocket = await send(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    expect(webSocket.answer).toMatch(/^HTTP\/1\.1 101 /)
    await send('POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Le', false)
    const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
    const busy = await send(get)
    busy.socket.on('data', () => busy.socket.write(get))
    busy.socket.write(get)

    const acknowledged: string[] = []
    let isPushing = true
    const pushing = (async () => {
      while (isPushing) {
        const userName = `user-${acknowledged.length}-${process.hrtime.bigint()}@example.com`
        const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
        const { status } = await scim('POST', '/Users', { schemas, userName })
        if (status === 201) acknowledged.push(userName)
      }
    })().catch(() => {})
    while (acknowledged.length < 3) await new Promise(setImmediate)

    const before = performance.now()
    const { code, output } = await host.stop()
    expect(performance.now() - before).toBeLessThan(10_000)
    expect([code, output.slice(host.output.length)]).toEqual([0, ''])
    isPushing = false
    await pushing
    host = await start()
    for (const userName of acknowledged) {
      const filter = encodeURIComponent(`userName eq "${userName}"`)
      expect(await (await scim('GET', `/Users?filter=${filter}`)).json()).toMatchObject({
        totalResults: 1,
      })
    }
  }, 60_000)

  it('tells that Label Studio is not there, and not where it would be (F20)', async () => {
    application.closeAllConnections()
    application.close()
    await once(application, 'close')
    const page = await fetch(`${host.origin}/projects/`, { headers: { accept: 'text/html' } })
    const json = await fetch(`${host.origin}/api/projects/`)
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await page.text()).not.toMatch(/127\.0\.0\.1|projects|proxy/)
    expect([json.status, await json.json()]).toEqual([
      503,
      {
        status_code: 503,
        detail: 'Label Studio cannot be reached at the moment. Try again soon.',
      },
    ])
  })

  it('answers a client that offers HTTP/2 over plain HTTP (F9)', async () => {
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA'
    const health = await send(`GET /healthz HTTP/1.1\r\nHost: x\r\n${offer}\r\n\r\n`)
    expect(health.answer).toMatch(/^HTTP\/1\.1 200 OK/)
    const body =
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"java@example.com"}'
    const created = await send(
      `POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\n${offer}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/scim+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(created.answer).toMatch(/^HTTP\/1\.1 201 Created/)
  })
})
