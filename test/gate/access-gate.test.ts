import { once } from 'node:events'
import { connect } from 'node:net'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { enforcementOf } from '../../lib/access/index.js'
import { type AccessGateOptions, accessGate } from '../../lib/gate/index.js'
import { UnavailableError, type User } from '../../lib/stores/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { signUp } from '../support/label-studio-browser.js'
import { type Gated, openGate, password, peopleOf, scope } from './gated.js'

let fake: FakeLabelStudio
let adapters: MemoryAdapters
let gated: Gated
let base: string

beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  adapters = memoryAdapters()
  await open()
})

afterEach(async () => {
  await gated.close()
  await fake.stop()
})

async function open(options: Partial<AccessGateOptions> = {}) {
  gated = await openGate(fake, adapters, options)
  base = gated.url
}

const scimUser = (email: string, active?: boolean) => peopleOf(adapters).add(email, active)
const deactivate = (user: User) => peopleOf(adapters).setActive(user, false)
const signingUp = (email: string) => signUp(base, fake.state.inviteToken, { email, password })
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
    expect((await signingUp('stranger@example.com')).status).toBe(403)
    expect((await signingUp('left@example.com')).status).toBe(403)
    const welcome = await signingUp('Ann@Example.com')
    expect(welcome.status).toBe(302)
    expect((await whoami({ cookie: welcome.cookie })).status).toBe(200)
  })

  it('refuses from the moment it is stored, whatever session or token somebody holds (S-ATO-08)', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = (await signingUp('ann@example.com')).cookie
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
    const cookie = (await signingUp('ann@example.com')).cookie
    await deactivate(ann)
    expect((await whoami({ cookie, authorization: `Token ${fake.token}` })).status).toBe(403)
  })

  it('lets people through whom SCIM never had, such as the owner, unless told otherwise', async () => {
    const authorization = `Token ${fake.token}`
    expect((await whoami({ authorization })).status).toBe(200)
    await gated.close()
    await open({ unknownPeople: 'refuse' })
    expect((await whoami({ authorization })).status).toBe(403)
  })

  it('keeps people shut out whose SCIM user is deleted', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = (await signingUp('ann@example.com')).cookie
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

  it('fails closed when the stores do not answer in time, whether or not they mind the signal', async () => {
    await scimUser('ann@example.com')
    const cookie = (await signingUp('ann@example.com')).cookie
    await gated.close()
    const never = () => new Promise<never>(() => {})
    adapters = { ...adapters, access: { ...adapters.access, recordByAccount: never } }
    await open({ timeoutMs: 50 })
    const response = await whoami({ cookie })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('10')
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
    const cookie = (await signingUp('ann@example.com')).cookie
    await whoami({ cookie })
    await deactivate(ann)
    await fake.kill()
    expect((await whoami({ cookie })).status).toBe(403)
    await fake.restart()
  })

  it('lets nobody through while the stores cannot be asked', async () => {
    await scimUser('ann@example.com')
    const { cookie } = await signingUp('ann@example.com')
    await gated.close()
    const down = async () => {
      throw new Error('The database is down.')
    }
    const users = { ...adapters.users, query: down, get: down }
    gated = await openGate(fake, { ...adapters, users } as MemoryAdapters)
    base = gated.url
    const before = fake.requests.length
    const response = await whoami({ cookie })
    expect(response.status).toBe(500)
    expect((await upgrade(cookie)).status).toBe(503)
    // The gate asked whose it is; nothing was sent on.
    expect(fake.requests.slice(before).map(({ headers }) => headers.cookie)).toEqual([cookie])
  })

  it('says when to come again if a store knows it', async () => {
    await scimUser('ann@example.com')
    const { cookie } = await signingUp('ann@example.com')
    await gated.close()
    const down = async () => {
      throw new UnavailableError('The database is being restored.', { retryAfterSeconds: 7 })
    }
    adapters = { ...adapters, access: { ...adapters.access, recordByAccount: down } }
    await open()
    const response = await whoami({ cookie })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await response.json()).toMatchObject({ status_code: 503 })
  })

  it('stores once for the settings page that it enforces no rules, and tries until it can', async () => {
    await gated.close()
    const acme = { ...scope(), tenant: 'acme' }
    const asked: string[] = []
    let isDown = true
    const getValue: MemoryAdapters['access']['getValue'] = async (of, name) => {
      if (name === 'gate.enforcement') asked.push(`${of.tenant} ${of.actor}`)
      if (isDown) throw new UnavailableError('The database cannot answer now.')
      return adapters.access.getValue(of, name)
    }
    const access = { ...adapters.access, getValue }
    gated = await openGate(fake, { ...adapters, access }, { tenant: 'acme' })
    base = gated.url
    const visit = () => fetch(`${base}/user/login/`)
    await visit()
    expect(await enforcementOf(adapters.access, acme)).toBeUndefined()
    isDown = false
    await visit()
    expect(await enforcementOf(adapters.access, acme)).toBe('off')
    const before = asked.length
    await visit()
    expect(asked).toHaveLength(before)
    expect(new Set(asked)).toEqual(new Set(['acme gate']))
  })

  it('refuses WebSocket upgrades, and closes a socket that was open', async () => {
    const ann = await scimUser('ann@example.com')
    const cookie = (await signingUp('ann@example.com')).cookie
    const socket = await upgrade(cookie)
    expect(socket.status).toBe(101)
    const closed = once(socket.stream, 'close')
    await deactivate(ann)
    await closed
    expect((await upgrade(cookie)).status).toBe(403)
  })

  it('names the option that is wrong', () => {
    expect(() => accessGate(adapters, {} as never)).toThrow(
      'accessGate: option "identify" is missing. Give a function',
    )
  })
})

async function upgrade(cookie: string) {
  const { port } = new URL(base)
  const stream = connect(Number(port), '127.0.0.1')
  stream.write(
    `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ` +
      `${cookie}\r\n\r\n`,
  )
  const [head] = (await once(stream, 'data')) as [Buffer]
  stream.on('data', () => {})
  return { status: Number(head.toString().split(' ')[1]), stream }
}
