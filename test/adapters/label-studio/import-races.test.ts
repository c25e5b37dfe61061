import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import type { AccessRecord, Adapters } from '../../../lib/stores/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signUp, signUpByLink } from '../../support/label-studio-browser.js'
import { type Product, scopeOf, startProduct } from './product.js'

const password = 'A-good-passw0rd'
const email = 'ann@example.com'

/** Storage whose steps a test can hold up or end. */
function watched(storage: Adapters) {
  const before = new Map<string, (...all: unknown[]) => Promise<void> | void>()
  const wrap = (name: string, store: object) =>
    Object.fromEntries(
      Object.entries(store).map(([method, member]) => [
        method,
        typeof member === 'function'
          ? async (...all: unknown[]) => {
              await before.get(`${name}.${method}`)?.(...all)
              return member.apply(store, all)
            }
          : member,
      ]),
    )
  const adapters = {
    ...storage,
    users: wrap('users', storage.users),
    access: wrap('access', storage.access ?? {}),
  } as unknown as Adapters
  return { adapters, before }
}

describe.each([
  ['memory', async () => memoryAdapters()],
  ['SQLite', () => sqlAdapters({ url: 'sqlite::memory:' })],
])('the import and an identity provider at the same time (%s)', (_, makeStorage) => {
  let fake: FakeLabelStudio
  let product: Product
  let before: ReturnType<typeof watched>['before']
  let account: { id: number; isActive: boolean; firstName: string }
  let cookie: string

  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
    cookie = (await signUp(fake.url, invite, { email, password })).cookie
    const found = [...fake.state.users.values()].find((each) => each.email === email)
    if (!found) throw new Error('nobody signed up')
    account = found
    const storage = await makeStorage()
    const watching = watched(storage)
    before = watching.before
    product = await startProduct(fake, { storage: watching.adapters, isWorking: false })
  }, 60_000)
  afterEach(async () => {
    await product.stop()
    await fake.stop()
  })

  const listed = async () => (await product.lookUp(email)).json.Resources?.[0]
  const isIn = async () =>
    (await send(`${product.url}/api/current-user/whoami`, { headers: { cookie } })).status

  /** Nobody was ever listed. */
  const forgetEverybody = async () => {
    const { users, access } = product.adapters
    const page = await access.listRecords(scopeOf(), { limit: 99 })
    for (const { userId } of page) {
      await users.delete(scopeOf(), userId, {})
      await access.deleteRecord(scopeOf(), userId)
    }
  }

  /** Runs `meanwhile` before the import's next call of a method, once. */
  const during = (method: string, meanwhile: () => Promise<unknown>) => {
    before.set(method, async () => {
      before.delete(method)
      await meanwhile()
    })
  }

  it.each(['users.replace', 'access.saveRecord'])(
    'keeps a deactivation that arrives before the import’s %s (R25)',
    async (method) => {
      await product.adapters.importer.run()
      const { id } = await listed()
      account.firstName = 'Ann'
      let answer: Promise<{ status: number }> | undefined
      during(method, async () => {
        answer = product.setActive(id, false)
        // It waits for the import, or is done before it goes on.
        await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300))])
      })
      await product.adapters.importer.run()
      expect((await answer)?.status).toBe(200)
      expect((await product.record(id))?.account?.origin).toBe('adopted')
      await product.adapters.importer.run()
      await product.drained()
      expect([(await listed()).active, account.isActive, await isIn()]).toEqual([false, false, 401])
    },
    60_000,
  )

  it('deletes nobody who was adopted while the import looked for their account (R25)', async () => {
    await product.adapters.importer.run()
    const { id } = await listed()
    fake.state.users.delete(account.id)
    let answer: Promise<{ status: number }> | undefined
    during('users.delete', async () => {
      answer = product.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'Boss' }])
      await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300))])
    })
    await product.adapters.importer.run()
    // Either the import came first, and the client is told, or the person stays.
    const status = (await answer)?.status
    expect([status, (await product.scim('GET', `/Users/${id}`)).status]).toEqual(
      status === 404 ? [404, 404] : [200, 200],
    )
  }, 60_000)

  it.each(['users.create', 'access.saveRecord'])(
    'goes on where a process ended before %s, and manages nobody for it (R26)',
    async (method) => {
      for (let calls = 0; ; calls += 1) {
        let left = calls
        before.set(method, () => {
          left -= 1
          if (left < 0) throw new Error('the process ends here')
        })
        const ended = await product.adapters.importer.run().catch((error: Error) => error)
        before.clear()
        expect(await isIn()).toBe(200)
        await product.drained()
        expect([await isIn(), account.isActive]).toEqual([200, true])
        await product.adapters.importer.run()
        await product.drained()
        const user = await listed()
        expect(user).toMatchObject({ active: true })
        const record = (await product.record(user.id)) as AccessRecord
        expect([record.account?.id, record.account?.origin]).toEqual([
          String(account.id),
          'imported',
        ])
        const all = await product.scim('GET', '/Users')
        const names = all.json.Resources.map((each: { userName: string }) => each.userName)
        expect(names.filter((name: string) => name === email)).toHaveLength(1)
        expect(await isIn()).toBe(200)
        if (!(ended instanceof Error)) break
        await forgetEverybody()
      }
    },
    60_000,
  )

  it('removes a listed person in steps that can be repeated (R26)', async () => {
    await product.adapters.importer.run()
    const { id } = await listed()
    fake.state.users.delete(account.id)
    before.set('access.deleteRecord', () => Promise.reject(new Error('the process ends here')))
    await expect(product.adapters.importer.run()).rejects.toThrow('the process ends here')
    before.clear()
    await product.adapters.importer.run()
    expect([await listed(), await product.record(id)]).toEqual([undefined, undefined])
  }, 60_000)

  it('leaves no mark on people it only lists', async () => {
    await product.adapters.importer.run()
    account.firstName = 'Ann'
    await product.adapters.importer.run()
    const pending = await product.adapters.access.listPending(scopeOf(), { offset: 0, limit: 9 })
    expect(pending).toEqual([])
  }, 60_000)
})

describe.each([
  ['gate', { withOwner: false }, 200],
  ['admin', { adapters: { firstSignIn: 'invite' } }, 401],
] as const)('a sign-up while the person is deleted (%s)', (_deprovisioning, options, there) => {
  let fake: FakeLabelStudio
  let product: Product

  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    product = await startProduct(fake, options)
  }, 60_000)
  afterEach(async () => {
    await product.stop()
    await fake.stop()
  })

  const status = async (url: string, cookie: string) =>
    (await send(`${url}/api/current-user/whoami`, { headers: { cookie } })).status

  it('stays out, also when the import finds the account', async () => {
    const { json } = await product.pushUser({ userName: email })
    await product.drained()
    const link = await product.signUpLink(json.id)
    await product.scim('DELETE', `/Users/${json.id}`)
    await product.drained()
    // The gate had let the form pass, and Label Studio reads it only now.
    expect((await signUpByLink(link, { email, password })).status).not.toBe(302)
    const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
    const { cookie } = await signUp(fake.url, invite, { email, password })
    expect(await status(fake.url, cookie)).toBe(200)
    expect(await status(product.url, cookie)).toBe(403)
    await product.adapters.importer.run()
    await product.drained()
    expect(await status(fake.url, cookie)).toBe(there)
    expect(await status(product.url, cookie)).not.toBe(200)
    expect((await product.lookUp(email)).json.totalResults).toBe(0)
    expect((await product.record(json.id))?.account?.origin).toBe('adopted')
  }, 60_000)

  it.each(['before', 'after'])(
    'stays out once the person has another address and is inactive (import %s that)',
    async (when) => {
      const { json } = await product.pushUser({ userName: email })
      await product.drained()
      const rename = { op: 'replace', path: 'userName', value: 'new@example.com' }
      expect((await product.patch(`/Users/${json.id}`, [rename])).status).toBe(200)
      const invite = await labelStudioApi({
        url: fake.url,
        token: fake.token,
      }).settings.inviteToken()
      const { cookie } = await signUp(fake.url, invite, { email, password })
      if (when === 'before') await product.adapters.importer.run()
      await product.setActive(json.id, false)
      expect(await status(product.url, cookie)).toBe(403)
      await product.adapters.importer.run()
      await product.drained()
      expect(await status(product.url, cookie)).toBe(403)
      expect((await product.lookUp(email)).json.totalResults).toBe(0)
    },
    60_000,
  )
})

describe('the account of somebody who was deleted', () => {
  let fake: FakeLabelStudio
  let hosts: readonly [Product, Product]

  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const options = { withOwner: false, isWorking: false, storage: memoryAdapters() }
    hosts = [await startProduct(fake, options), await startProduct(fake, options)]
  }, 60_000)
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.stop()))
    await fake.stop()
  })

  it('is theirs again after an import, if a host did not know it yet when they came back', async () => {
    const [first, second] = hosts
    const before = (await first.pushUser({ userName: email })).json.id
    await first.drained()
    const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
    const { cookie } = await signUp(fake.url, invite, { email, password })
    expect((await second.scim('DELETE', `/Users/${before}`)).status).toBe(204)
    const { status, json } = await first.pushUser({ userName: email })
    expect(status).toBe(201)
    await first.drained()
    expect((await first.record(json.id))?.account).toBeUndefined()
    await second.adapters.importer.run()
    await second.drained()
    const entered = await send(`${first.url}/api/current-user/whoami`, { headers: { cookie } })
    expect(entered.status).toBe(200)
  }, 60_000)
})
