import { once } from 'node:events'
import fs from 'node:fs'
import { createServer, get, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import express from 'express'
import { labelStudioAdapters } from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { labelStudioProxy } from '../../examples/label-studio-proxy/proxy.js'

let received: IncomingHttpHeaders[]
let application: Server
let open: Server[]

beforeEach(async () => {
  received = []
  open = []
  application = createServer((request, response) => {
    received.push(request.headers)
    response.end()
  })
  application.on('upgrade', (request, socket) => {
    received.push(request.headers)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
  })
  await listening(application)
})
afterEach(() => {
  for (const each of open) {
    each.closeAllConnections()
    each.close()
  }
})

async function listening(server: Server): Promise<string> {
  open.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return urlOf(server)
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const startProxy = (trustProxy?: string) => listening(makeProxy(trustProxy))

function makeProxy(trustProxy?: string): Server {
  const url = urlOf(application)
  const adapters = labelStudioAdapters({ url, token: 'x'.repeat(40), storage: memoryAdapters() })
  const app = express()
  if (trustProxy) app.set('trust proxy', trustProxy)
  const proxy = labelStudioProxy(app, adapters, url)
  const server = createServer(app)
  proxy.attach(server)
  return server
}

const claims = {
  'X-Forwarded-For': '192.0.2.66, 192.0.2.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Port': '1',
  'X-Forwarded-SSL': 'on',
  'X-Real-IP': '192.0.2.66',
  Forwarded: 'for=192.0.2.66;proto=https',
}

/** What Label Studio learns about the way of a request. */
function told() {
  return received.map((headers) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => /forwarded|real-ip/.test(name))),
  )
}

it('tells Label Studio what a trusted proxy says, in one word each', async () => {
  await fetch(`${await startProxy('loopback')}/version/`, { headers: claims })
  expect(told()).toEqual([{ 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }])
})

it('does not tell Label Studio what a stranger says', async () => {
  await fetch(`${await startProxy()}/version/`, { headers: claims })
  expect(told()).toEqual([{ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' }])
})

it('takes no other scheme than http and https', async () => {
  const headers = { 'X-Forwarded-Proto': 'javascript, https' }
  await fetch(`${await startProxy('loopback')}/version/`, { headers })
  expect(told()).toEqual([{ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' }])
})

it('tells the same of a WebSocket', async () => {
  const url = new URL(await startProxy('loopback'))
  const socket = connect(Number(url.port), url.hostname)
  const lines = Object.entries({ ...claims, Connection: 'Upgrade', Upgrade: 'websocket' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`GET / HTTP/1.1\r\nHost: ls.example\r\n${head}\r\n`)
  await once(socket, 'data')
  socket.destroy()
  expect(told()).toEqual([{ 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }])
})

it('serves a proxy on the same machine through a Unix socket', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-proxy-'))
  const server = makeProxy('loopback')
  open.push(server)
  const socketPath = path.join(folder, 'socket')
  server.listen(socketPath)
  await once(server, 'listening')
  const [answer] = await once(get({ socketPath, path: '/version/' }), 'response')
  answer.resume()
  fs.rmSync(folder, { recursive: true })
  expect(answer.statusCode).toBe(200)
  expect(told()).toEqual([{ 'x-forwarded-proto': 'http' }])
})
