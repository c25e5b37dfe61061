import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { identifyLabelStudioUser } from '../../adapters/label-studio/index.js'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { type AccessGate, type AccessGateOptions, accessGate } from '../../lib/gate/index.js'
import { comparableOf } from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { Scope, User } from '../../lib/stores/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'

const userType = compileResourceTypes().byName.get('User')!
const password = 'Sup3r-secret!'

let fake: FakeLabelStudio
let adapters: MemoryAdapters
let server: Server
let gate: AccessGate
let base: string

beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  adapters = memoryAdapters()
  await open()
})

afterEach(async () => {
  await shut()
  await fake.stop()
})

async function open(options: Partial<AccessGateOptions> = {}) {
  const identify = identifyLabelStudioUser({ url: fake.url, retries: 0 })
  gate = accessGate(adapters, { identify, recheckMs: 100, ...options })
  const app = express()
  app.use(gate)
  app.use(createProxyMiddleware({ target: fake.url }))
  server = createServer(app)
  server.on(
    'upgrade',
    gate.upgrade((_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n',
      )
      socket.pipe(socket)
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function shut() {
  gate.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const scope = (): Scope => ({
  tenant: 'default',
  actor: 'test',
  requestId: 'r',
  signal: AbortSignal.timeout(10_000),
})

async function scimUser(email: string, active = true): Promise<User> {
  const at = new Date().toISOString()
  const meta = { resourceType: 'User', created: at, lastModified: at, version: '1' }
  const user: User = { id: randomUUID(), userName: email, active, meta }
  await adapters.users.create(scope(), user, {
    keys: lookupKeys(userType, user),
    comparable: () => comparableOf(userType, user),
  })
  return user
}

async function deactivate(user: User) {
  const changed: User = { ...user, active: false, meta: { ...user.meta, version: '2' } }
  await adapters.users.replace(scope(), changed, {
    keys: lookupKeys(userType, changed),
    comparable: () => comparableOf(userType, changed),
    expectedVersion: user.meta.version,
  })
}

/** The sign-up form as a browser sends it, through the gate. */
async function submit(path: string, email: string, through = base) {
  const page = await fetch(`${through}${path}`)
  const cookie = page.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ')
  const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
  return fetch(`${through}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, referer: `${through}${path}`, accept: 'text/html' },
    body: new URLSearchParams({ csrfmiddlewaretoken: token, email, password }),
  })
}

const signUp = (email: string, through?: string) =>
  submit(`/user/signup/?token=${fake.state.inviteToken}`, email, through)
const signIn = (email: string) => submit('/user/login/', email)
const sessionOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ')
const whoami = (headers: Record<string, string>) =>
  fetch(`${base}/api/current-user/whoami`, { headers })

describe('the access gate', () => {
  it('lets requests without credentials through: the sign-in page', async () => {
    const page = await fetch(`${base}/user/login/`)
    expect(page.status).toBe(200)
    expect(await page.text()).toMatch(/csrfmiddlewaretoken/)
  })

  it('lets exactly the addresses that SCIM has active sign up, and sends the form on unchanged', async () => {
    await scimUser('ann@example.com')
    await scimUser('left@example.com', false)
    expect((await signUp('stranger@example.com')).status).toBe(403)
    expect((await signUp('left@example.com')).status).toBe(403)
    const welcome = await signUp('Ann@Example.com')
    expect(welcome.status).toBe(302)
    expect((await whoami({ cookie: sessionOf(welcome) })).status).toBe(200)
  })

  it('refuses from the moment it is stored, whatever session or token somebody holds (S-ATO-08)', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = sessionOf(await signUp('ann@example.com'))
    const account = [...fake.state.users.values()].find(({ email }) => email === 'ann@example.com')!
    const authorization = `Token ${account.legacyToken}`
    expect((await whoami({ cookie })).status).toBe(200)
    expect((await whoami({ authorization })).status).toBe(200)

    await deactivate(ann)

    for (const headers of [{ cookie }, { authorization }, { 'x-api-key': account.legacyToken }]) {
      const refused = await whoami(headers as Record<string, string>)
      expect(refused.status).toBe(403)
      expect(await refused.json()).toEqual({
        status_code: 403,
        detail: 'Your access has been withdrawn by your organization.',
      })
    }
    const page = await fetch(`${base}/projects/`, { headers: { cookie, accept: 'text/html' } })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      403,
      'text/html; charset=utf-8',
    ])
  })

  it('refuses a valid session that hides behind somebody else’s token', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = sessionOf(await signUp('ann@example.com'))
    await deactivate(ann)
    expect((await whoami({ cookie, authorization: `Token ${fake.token}` })).status).toBe(403)
  })

  it('refuses the sign-in of somebody deprovisioned, however the form spells it', async () => {
    const ann = await scimUser('ann@example.com')
    await signUp('ann@example.com')
    await deactivate(ann)
    expect((await signIn(' ANN@example.com ')).status).toBe(403)
    const twice = new URLSearchParams([
      ['email', 'other@example.com'],
      ['email', 'ann@example.com'],
      ['password', password],
    ])
    expect((await fetch(`${base}/user/login`, { method: 'POST', body: twice })).status).toBe(403)
    const encoded = new URLSearchParams({ email: 'ann@example.com' })
    expect((await fetch(`${base}/user/%6cogin/`, { method: 'POST', body: encoded })).status).toBe(
      403,
    )
  })

  it.each([
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    [
      'another charset',
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' },
      415,
    ],
    [
      'compressed',
      { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
      415,
    ],
  ])(
    'refuses a sign-in form that it cannot read as Label Studio would: %s',
    async (_name, headers, status) => {
      const response = await fetch(`${base}/user/login/`, {
        method: 'POST',
        headers,
        body: 'email=a',
      })
      expect(response.status).toBe(status)
    },
  )

  it('lets people through whom SCIM never had, such as the owner, unless told otherwise', async () => {
    const authorization = `Token ${fake.token}`
    expect((await whoami({ authorization })).status).toBe(200)
    await shut()
    await open({ unknownPeople: 'refuse' })
    expect((await whoami({ authorization })).status).toBe(403)
  })

  it('keeps people shut out whose SCIM user is deleted', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = sessionOf(await signUp('ann@example.com'))
    await adapters.access.saveRecord(scope(), {
      userId: ann.id,
      email: 'ann@example.com',
      applied: [],
      deferred: [],
      notes: [],
      enforced: 'deprovisioned',
      hadRole: false,
      at: new Date().toISOString(),
    })
    await adapters.users.delete(scope(), ann.id, {})
    expect((await whoami({ cookie })).status).toBe(403)
  })

  it('fails closed when it cannot be told who somebody is', async () => {
    await scimUser('ann@example.com')
    await fake.kill()
    const response = await whoami({ cookie: 'sessionid=unseen' })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    await fake.restart()
  })

  it('goes on refusing known people while Label Studio is down', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = sessionOf(await signUp('ann@example.com'))
    await whoami({ cookie })
    await deactivate(ann)
    await fake.kill()
    expect((await whoami({ cookie })).status).toBe(403)
    await fake.restart()
  })

  it('refuses WebSocket upgrades, and closes a socket that was open', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = sessionOf(await signUp('ann@example.com'))
    const socket = await upgrade(cookie)
    expect(socket.status).toBe(101)
    const closed = once(socket.stream, 'close')
    await deactivate(ann)
    await closed
    expect((await upgrade(cookie)).status).toBe(403)
  })

  it('names the option that is wrong', () => {
    expect(() => accessGate(adapters, {} as never)).toThrow(/identify must be a function/)
  })
})

async function upgrade(cookie: string) {
  const { port } = new URL(base)
  const stream = connect(Number(port), '127.0.0.1')
  stream.write(
    `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\nCookie: ${cookie}\r\n\r\n`,
  )
  const [head] = (await once(stream, 'data')) as [Buffer]
  stream.on('data', () => {})
  return { status: Number(head.toString().split(' ')[1]), stream }
}
