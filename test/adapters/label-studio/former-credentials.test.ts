import { setTimeout as delay } from 'node:timers/promises'
import { formerCredentials } from '../../../adapters/label-studio/accounts/former.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import {
  type FakeLabelStudio,
  type Fault,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { newUser } from '../../support/fake-label-studio/state.js'
import { aScope } from '../support.js'
import { describeFormerCredentials } from './former-credentials.js'
import { type Product, startProduct } from './product.js'

const start = () => startFakeLabelStudio({ mode: 'oss-new' })

describeFormerCredentials('what a deleted person has left in the fake', start)

const email = 'ines@example.com'
const oldPassword = 'The-old-passw0rd'

describe('a deleted person’s account that somebody else gets', () => {
  let fake: FakeLabelStudio
  let product: Product

  beforeEach(async () => {
    fake = await start()
    product = await startProduct(fake, {
      isWorking: false,
      router: { onPending: () => {} },
      adapters: { retries: 0 },
    })
  })
  afterEach(async () => {
    fake.faults.clear()
    await product.stop()
    await fake.stop()
  })

  /** Somebody who was deleted through SCIM, with or without a personal access token. */
  const aFormerPerson = async ({ hasPersonalToken = true } = {}) => {
    const user = newUser(fake.state.nextId(), {
      email,
      username: email,
      password: oldPassword,
      activeOrganization: 1,
      ...(hasPersonalToken && { personalAccessToken: 'old', outstandingTokens: ['head.body'] }),
    })
    fake.state.users.set(user.id, user)
    const { json } = await product.pushUser({ userName: email })
    await product.drained()
    await product.scim('DELETE', `/Users/${json.id}`)
    await product.drained()
    return user
  }

  const status500: Fault = { kind: 'status', status: 500 }
  const headers = { 'content-type': 'application/json' }
  const emptyList: Fault = { kind: 'status', status: 200, headers, body: '[]' }
  const noSuchToken: Fault = { kind: 'status', status: 404, headers, body: '{}' }
  it.each<[string, string, RegExp, Fault]>([
    ['sets the password', 'POST', /password\/$/, status500],
    ['shows the token', 'GET', /tokenproxy\/$/, status500],
    ['deletes the token', 'POST', /tokenproxy\/\d+\/delete\/$/, status500],
    ['makes the token, but it is not answered', 'POST', /tokenproxy\/add\/$/, { kind: 'dropped' }],
    ['makes the token', 'POST', /tokenproxy\/add\/$/, status500],
    ['takes them out of the organization', 'PATCH', /^\/api\/users\/\d+\/$/, status500],
    ['opens the account', 'POST', /user\/\d+\/change\/$/, { kind: 'dropped' }],
    ['shows the personal tokens', 'GET', /^\/api\/token\/$/, status500],
    ['revokes them', 'POST', /^\/api\/token\/blacklist\/$/, status500],
    ['refuses to', 'POST', /^\/api\/token\/blacklist\/$/, { kind: 'status', status: 401 }],
    ['shows none, as with PyJWT 2.15', 'GET', /^\/api\/token\/$/, emptyList],
    ['says that there was none', 'POST', /^\/api\/token\/blacklist\/$/, noSuchToken],
  ])('stays shut while Label Studio fails when it %s', async (_name, method, path, fault) => {
    const account = await aFormerPerson()
    const before = account.legacyToken
    fake.faults.add({ method, path, fault })
    expect((await product.pushUser({ userName: email })).status).toBe(201)
    await product.drained()
    expect(account.isActive).toBe(false)
    fake.faults.clear()
    for (let tries = 0; tries < 200 && account.personalAccessToken; tries += 1) {
      await delay(20)
      await product.drained()
    }
    expect(account).toMatchObject({ isActive: false, personalAccessToken: undefined })
    expect(account.password).not.toBe(oldPassword)
    expect(account.legacyToken).toMatch(/^(?!$)[0-9a-f]{40}$/)
    expect(account.legacyToken).not.toBe(before)
  })

  it('keeps the password that came with the new user, whatever follows', async () => {
    const account = await aFormerPerson({ hasPersonalToken: false })
    const password = 'The-new-passw0rd'
    expect((await product.pushUser({ userName: email, password })).status).toBe(201)
    await product.drained()
    await product.adapters.importer.run()
    await product.drained()
    expect(account).toMatchObject({ isActive: true, password })
  })

  it('keeps its credentials when its new owner is deactivated and comes back', async () => {
    const account = await aFormerPerson({ hasPersonalToken: false })
    const { json } = await product.pushUser({ userName: email })
    await product.drained()
    const { legacyToken, password } = account
    await product.setActive(json.id, false)
    await product.setActive(json.id, true)
    await product.drained()
    expect(account).toMatchObject({ isActive: true, legacyToken, password })
    await product.scim('DELETE', `/Users/${json.id}`)
    await product.pushUser({ userName: email })
    await product.drained()
    expect(account.isActive).toBe(true)
    expect([account.legacyToken, account.password]).not.toContain(legacyToken)
  })

  it.each([
    ['without a personal access token', false, 15],
    ['with one', true, 24],
  ])('costs few requests %s, and their DELETE none', async (_name, hasPersonalToken, most) => {
    await aFormerPerson({ hasPersonalToken })
    const deleted = fake.requests.filter(({ path }) => path.includes('/tokenproxy/'))
    expect(deleted).toEqual([])
    const before = fake.requests.length
    await product.pushUser({ userName: email })
    await product.drained()
    expect(fake.requests.length - before).toBeLessThanOrEqual(most)
  })
})

it('gives the account of a deleted person away where there are no personal tokens', async () => {
  const fake = await startFakeLabelStudio({ mode: 'oss-old', before117: true })
  const product = await startProduct(fake, { adapters: { retries: 0 } })
  const { json } = await product.pushUser({ userName: email })
  await product.scim('DELETE', `/Users/${json.id}`)
  await product.drained()
  await product.pushUser({ userName: email })
  await product.drained()
  expect(fake.state.users.get(2)).toMatchObject({ email, isActive: true })
  await product.stop()
  await fake.stop()
})

describe('an account that may have access tokens', () => {
  const scope = aScope('acme')
  const parts = (deprovisioning: 'admin' | 'gate', isActive = false) => {
    const steps: string[] = []
    const admin = {
      change: async (_id: number, change: { isActive: boolean }) => {
        steps.push(change.isActive ? 'open' : 'shut')
      },
      get: async () => ({ isActive }),
      setPassword: async () => void steps.push('password'),
      replaceCredentials: async () => {
        steps.push('replace')
        return { legacyToken: 'new', hadPersonalTokens: true }
      },
    }
    const api = {
      users: { leaveOrganization: async () => void steps.push('leave') },
      revokePersonalTokens: async (token: string) => void steps.push(`revoke as ${token}`),
    }
    const settings = { storage: memoryAdapters(), deprovisioning }
    return { steps, former: formerCredentials({ api, admin, settings } as never) }
  }

  it('shows its new legacy token to no session and no access token where it stays open', async () => {
    const { steps, former } = parts('gate', true)
    await former.end(scope, 'her', 7)
    expect(steps).toEqual(['password', 'leave', 'replace', 'leave', 'revoke as new'])
  })

  it('opens when they have expired, and credentials end once for each new user', async () => {
    const { steps, former } = parts('admin')
    await former.mayOpen(scope, 7)
    await former.end(scope, 'her', 7)
    const all = ['shut', 'replace', 'leave', 'open', 'revoke as new', 'shut']
    expect(steps).toEqual(all)
    await former.end(scope, 'her', 7)
    expect(steps).toEqual(all)
    const wait = await former.mayOpen(scope, 7).catch((error: unknown) => error)
    expect(wait).toMatchObject({
      name: 'UnavailableError',
      message: expect.stringMatching(/five minutes/),
    })
    await former.mayOpen(scope, 8)
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 311_000)
    await former.mayOpen(scope, 7)
    now.mockRestore()
    await former.end(scope, 'him', 7)
    expect(steps).toEqual([...all, ...all])
  })
})
