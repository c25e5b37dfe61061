import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { identifyLabelStudioUser } from '../../adapters/label-studio/index.js'
import type { MemoryAdapters } from '../../adapters/memory/index.js'
import { type AccessGateOptions, accessGate } from '../../lib/gate/index.js'
import { comparableOf } from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { AccessRecord, Scope, User } from '../../lib/stores/index.js'
import type { FakeLabelStudio } from '../support/fake-label-studio/index.js'
import { signIn, signUp } from '../support/label-studio-browser.js'

const userType = compileResourceTypes().byName.get('User')!
export const password = 'Sup3r-secret!'

/** A gate and a proxy in front of an application. */
export interface Gated {
  readonly url: string
  close(): Promise<void>
}

/** What a test may choose. */
export interface GatedOptions extends Partial<AccessGateOptions> {
  /** Where the proxy sends to. Default the fake. */
  target?: string
  /** Answers upgrades instead of an echo. */
  onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Instead of a proxy. */
  application?: (request: IncomingMessage, response: ServerResponse) => void
}

/** Puts a gate in front of `fake`. */
export async function openGate(
  fake: FakeLabelStudio,
  adapters: MemoryAdapters,
  { target = fake.url, onUpgrade = echo, application, ...options }: GatedOptions = {},
): Promise<Gated> {
  const identify = identifyLabelStudioUser({ url: fake.url, retries: 0 })
  const gate = accessGate(adapters, { identify, recheckMs: 100, ...options })
  const app = express()
  app.use(gate)
  app.use(application ?? createProxyMiddleware({ target }))
  const server: Server = createServer(app)
  gate.attach(server, onUpgrade)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      gate.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function echo(_request: IncomingMessage, socket: Duplex) {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  )
  socket.pipe(socket)
}

export const scope = (): Scope => ({
  tenant: 'default',
  actor: 'test',
  requestId: 'r',
  signal: AbortSignal.timeout(10_000),
})

/** Changes SCIM's people directly. */
export function peopleOf(adapters: MemoryAdapters) {
  const writeOf = (user: User) => ({
    keys: lookupKeys(userType, user),
    comparable: () => comparableOf(userType, user),
  })
  const change = async (user: User, attributes: Partial<User>): Promise<User> => {
    const version = String(Number(user.meta.version) + 1)
    const changed: User = { ...user, ...attributes, meta: { ...user.meta, version } }
    const expectedVersion = user.meta.version
    await adapters.users.replace(scope(), changed, { ...writeOf(changed), expectedVersion })
    return changed
  }
  return {
    async add(email: string, active = true): Promise<User> {
      const at = new Date().toISOString()
      const meta = { resourceType: 'User', created: at, lastModified: at, version: '1' }
      const user: User = { id: randomUUID(), userName: email, active, meta }
      await adapters.users.create(scope(), user, writeOf(user))
      return user
    },
    change,
    setActive: (user: User, active: boolean) => change(user, { active }),
  }
}

/** The record of somebody who has this account. */
export function recordOf(user: User, accountId: string): AccessRecord {
  return {
    userId: user.id,
    account: { id: accountId, origin: 'created' },
    applied: [],
    deferred: [],
    notes: [],
    enforced: 'active',
    hadRole: false,
    at: '2026-01-02T03:04:05.000Z',
  }
}

/** Somebody whom SCIM has active and who signed up: with everything they hold. */
export async function aPerson(fake: FakeLabelStudio, adapters: MemoryAdapters, email: string) {
  const user = await peopleOf(adapters).add(email)
  const { cookie } = await signUp(fake.url, fake.state.inviteToken, { email, password })
  const account = [...fake.state.users.values()].find((each) => each.email === email)!
  return { user, cookie, account, email, signIn: (url: string) => signIn(url, email, password) }
}

/** Sends text over a socket and collects what comes back until it ends, or `enough` says so. */
export async function exchange(
  url: string,
  text: string,
  enough: (answer: string) => boolean = () => false,
): Promise<string> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8')
  socket.write(text)
  return new Promise((resolve, reject) => {
    const done = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (enough(answer)) done()
    })
    socket.on('end', done)
    socket.on('close', done)
    socket.on('error', (error) => (answer === '' ? reject(error) : done()))
  })
}
