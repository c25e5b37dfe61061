import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bearer,
  defaultLimits,
  fakeRoutes,
  listen,
  load,
  send,
  token,
  transportOptions,
} from '../http/support.js'

/** Opens connections in a process of its own, whose descriptors are not ours. */
const client = `
const net = require('node:net')
const [port, idle, slow, head] = process.argv.slice(2)
let open = 0, answered = 0
const connect = (text) => new Promise((resolve) => {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1' }, () => {
    if (text) socket.write(text)
    open += 1
    resolve()
  })
  socket.on('data', (chunk) => {
    if (!String(chunk).startsWith('HTTP/1.1 503')) return
    answered += 1
    if (answered === Number(slow)) process.send('answered')
  })
  socket.on('error', () => resolve())
})
async function run() {
  for (let sent = 0; sent < Number(idle); sent += 200) {
    await Promise.all(Array.from({ length: Math.min(200, idle - sent) }, () => connect()))
  }
  await Promise.all(Array.from({ length: Number(slow) }, () => connect(head + '{')))
  process.send(open)
}
run()
`

it('10,000 idle connections and all slots taken by slow bodies end with the deadline (D1)', async () => {
  const idle = 10_000
  const library = load(5)
  const { maxRequestsInFlight: slow } = defaultLimits
  const app = library.express()
  const options = transportOptions(library, { requestTimeoutMs: 8_000 })
  app.use('/scim/v2', library.scimTransport(fakeRoutes(), options))
  const server = await listen(app)
  const folder = await mkdtemp(join(tmpdir(), 'connections-'))
  const script = join(folder, 'client.cjs')
  writeFileSync(script, client)
  const head =
    `POST /scim/v2/Users HTTP/1.1\r\nHost: a\r\nAuthorization: ` +
    `Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`
  const child = fork(script, [String(server.port), String(idle), String(slow), head], {
    execArgv: [],
  })
  const messages: unknown[] = []
  child.on('message', (message) => messages.push(message))
  try {
    await once(child, 'message')
    expect(messages).toEqual([idle + slow])
    const get = () => send(server, '/scim/v2/Users/1', { headers: bearer() })
    // The last of the bodies may have been accepted by the system only.
    let reply = await get()
    while (reply.status !== 503) reply = await get()
    if (messages.length === 1) await once(child, 'message')
    expect(messages).toEqual([idle + slow, 'answered'])
    const startedAt = performance.now()
    expect((await get()).status).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  } finally {
    child.kill('SIGKILL')
    await server.close()
    await rm(folder, { recursive: true })
  }
}, 60_000)
