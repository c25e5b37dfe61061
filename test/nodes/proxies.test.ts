import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type StartedHost, startHost } from '../host/start-host.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { send, signIn } from '../support/label-studio-browser.js'
import { nodeExecutable, shellWith } from '../support/node-versions.js'
import { packLibrary } from '../support/packed-library.js'

const token = 'token-of-the-identity-provider'
const email = 'ann@example.com'
const password = 'A-good-passw0rd'

let tarball: string
beforeAll(() => {
  tarball = packLibrary()
})

/** Version 4 needs Node 22.15. */
describe.each([
  ['3', '20.19'],
  ['4', '22'],
  ['4', '24'],
  ['4', '26'],
] as const)('with http-proxy-middleware %s on Node %s', (version, nodeVersion) => {
  let project: string
  let fake: FakeLabelStudio
  let application: Server
  let host: StartedHost
  let cookie: string

  beforeAll(async () => {
    const node = nodeExecutable(nodeVersion)
    project = fs.mkdtempSync(path.join(os.tmpdir(), `scim-proxy-${version}-`))
    const sh = shellWith(node, project)
    const packages = [tarball, 'express', `http-proxy-middleware@${version}`]
    if (nodeVersion === '20.19') packages.push('libsql')
    sh(`npm init -y && npm install --no-audit --no-fund ${packages.join(' ')}`)
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    application = await startApplication(fake)
    host = await startHost(
      {
        DATABASE_URL: 'sqlite:scim.db',
        SCIM_TOKEN: token,
        LABEL_STUDIO_URL: urlOf(application),
        LABEL_STUDIO_TOKEN: fake.token,
        LABEL_STUDIO_EMAIL: fake.ownerEmail,
        LABEL_STUDIO_PASSWORD: fake.ownerPassword,
      },
      { node, project },
    )
    await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: email,
      emails: [{ value: email, primary: true }],
      password,
    })
    cookie = (await signIn(host.origin, email, password)).cookie
  })
  afterAll(async () => {
    await host?.stop()
    application?.closeAllConnections()
    application?.close()
    await fake?.stop()
    fs.rmSync(project, { recursive: true, force: true })
  })

  const scim = (method: string, target: string, body?: object) =>
    send(`${host.origin}/scim/v2${target}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body,
    })

  it('passes requests on, and bodies unharmed', async () => {
    const projects = await send(`${host.origin}/api/projects/`, { headers: { cookie } })
    expect(projects.status).toBe(200)
    const body = randomBytes(5_000_000)
    const answer = await fetch(`${host.origin}/digest`, {
      method: 'POST',
      headers: { cookie },
      body,
    })
    const digest = createHash('sha256').update(body).digest('hex')
    expect([answer.status, await answer.text()]).toEqual([200, digest])
  })

  it('sends each request on a connection of its own, which Label Studio cannot close early', async () => {
    const answer = await send(`${host.origin}/connection`, { headers: { cookie } })
    expect([answer.status, answer.text]).toEqual([200, 'close'])
  })

  it('carries a WebSocket, and closes it when access ends', async () => {
    const socket = connect(Number(new URL(host.origin).port), '127.0.0.1')
    socket.setEncoding('utf8')
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Cookie: ${cookie}\r\n\r\n`,
    )
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1\.1 101 /)
    socket.write('hello')
    expect((await once(socket, 'data'))[0]).toBe('hello')
    const closed = once(socket, 'close')
    await setActive(false)
    await closed
    expect((await send(`${host.origin}/api/projects/`, { headers: { cookie } })).status).toBe(403)
    await setActive(true)
  })

  async function setActive(active: boolean): Promise<void> {
    const filter = encodeURIComponent(`userName eq "${email}"`)
    const { json } = await scim('GET', `/Users?filter=${filter}`)
    await scim('PATCH', `/Users/${json.Resources[0].id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active } }],
    })
  }

  it('outlives clients and answers that break off, and a Label Studio that goes away', async () => {
    const upload = connect(Number(new URL(host.origin).port), '127.0.0.1')
    upload.on('error', () => {})
    const arrived = once(application, 'upload')
    upload.write(
      `POST /digest HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nContent-Length: 100\r\n\r\nhalf`,
    )
    await arrived
    upload.destroy()
    await expect(
      fetch(`${host.origin}/broken`, { headers: { cookie } }).then((answer) => answer.text()),
    ).rejects.toThrow()
    application.closeAllConnections()
    application.close()
    await once(application, 'close')
    const away = await fetch(`${host.origin}/digest`, { headers: { cookie } })
    expect([away.status, await away.json()]).toEqual([
      503,
      {
        status_code: 503,
        detail: 'Label Studio cannot be reached at the moment. Try again soon.',
      },
    ])
    expect((await fetch(`${host.origin}/healthz`)).status).toBe(200)
  })
})

/** The fake, with WebSockets, uploads, and an answer that breaks off. */
async function startApplication(fake: FakeLabelStudio): Promise<Server> {
  const proxy = createProxyMiddleware({ target: fake.url })
  const server = createServer((request, response) => {
    if (request.url === '/digest') void digest(request, response)
    else if (request.url === '/broken') breakOff(response)
    else if (request.url === '/connection') response.end(request.headers.connection)
    else void proxy(request as never, response as never)
  })
  const digest = async (request: IncomingMessage, response: ServerResponse) => {
    server.emit('upload')
    const hash = createHash('sha256')
    try {
      for await (const chunk of request) hash.update(chunk)
    } catch {
      return
    }
    response.end(hash.digest('hex'))
  }
  server.on('upgrade', (_request, socket: Socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
    socket.pipe(socket).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '100' })
  response.write('half', () => response.destroy())
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
