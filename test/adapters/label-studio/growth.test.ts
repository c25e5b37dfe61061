import { labelStudioAdmin } from '../../../adapters/label-studio/api/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { UniquenessError } from '../../../lib/stores/errors.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { newMember, newUser } from '../../support/fake-label-studio/state.js'
import { type Product, scopeOf, startProduct } from './product.js'

describe('many people in front of Community', () => {
  let fake: FakeLabelStudio
  let product: Product | undefined
  beforeEach(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
  })
  afterEach(async () => {
    await product?.stop()
    await fake.stop()
  })
  const lists = () =>
    fake.requests.filter(({ method, path }) => `${method} ${path}` === 'GET /api/users/').length
  const byHand = (email: string, isActive = true) => {
    const id = fake.state.nextId()
    fake.state.users.set(id, newUser(id, { email, username: email, isActive }))
    fake.state.members.set(id, newMember(id, id))
    return id
  }

  it('asks for everybody at most once for a hundred who are new (R18, F15)', async () => {
    product = await startProduct(fake, { isWorking: false })
    fake.requests.length = 0
    for (let each = 0; each < 100; each += 1) {
      const { status } = await product.pushUser({ userName: `person-${each}@example.com` })
      expect(status).toBe(201)
    }
    await product.drained()
    expect([fake.state.users.size, lists()]).toEqual([101, 1])
  }, 60_000)

  it('asks for everybody once for a push that is slow (R18)', async () => {
    let now = Date.now()
    const adapters = { clock: () => now, firstSignIn: 'password' } as const
    product = await startProduct(fake, { isWorking: false, adapters })
    fake.requests.length = 0
    for (let each = 0; each < 20; each += 1) {
      await product.pushUser({ userName: `person-${each}@example.com` })
      await product.drained()
      now += 10_000
    }
    expect([fake.state.users.size, lists()]).toEqual([21, 1])
  }, 60_000)

  it('takes nobody over whom an old list shows under the address (R18)', async () => {
    const id = byHand('ann@example.com')
    product = await startProduct(fake, { isWorking: false })
    await product.pushUser({ userName: 'first@example.com' })
    await product.drained()
    const account = fake.state.users.get(id)
    if (account) account.email = 'other@example.com'
    const { json } = await product.pushUser({ userName: 'ann@example.com' })
    await product.drained()
    expect((await product.record(json.id))?.account?.id).not.toBe(String(id))
    expect(account).toMatchObject({ email: 'other@example.com', isActive: true })
  }, 60_000)

  it.each([
    ['the owner’s sign-in', {}, 1],
    ['the gate alone', { withOwner: false }, 1],
    ['soft-delete', { withOwner: false, adapters: { deprovisioning: 'soft-delete' } }, 29],
  ] as const)(
    'lists few times when people without an account are deprovisioned, with %s (R18)',
    async (_, options, most) => {
      product = await startProduct(fake, { isWorking: false, ...options })
      // Nobody is linked before the reconciler comes to them.
      const pushed = []
      for (let each = 0; each < 30; each += 1) {
        pushed.push(await product.pushUser({ userName: `person-${each}@example.com` }))
      }
      fake.requests.length = 0
      const answers = await Promise.all(
        pushed.map(({ json }) => product?.setActive(json.id, false)),
      )
      expect(answers.map((each) => each?.status)).toEqual(pushed.map(() => 200))
      expect(lists()).toBeLessThanOrEqual(most)
    },
    60_000,
  )

  it('finds somebody who was created a moment ago without asking again (R18)', async () => {
    product = await startProduct(fake)
    const first = await product.pushUser({ userName: 'ann@example.com' })
    await product.drained()
    const emails = [{ value: 'ann@example.com' }]
    const second = await product.pushUser({ userName: 'other', emails })
    expect([first.status, second.status]).toEqual([201, 409])
  })

  it('lets no deactivation wait until a long list is read (R23)', async () => {
    for (let each = 0; each < 450; each += 1) byHand(`shut-${each}@example.com`, false)
    const person = byHand('ann@example.com')
    const { ownerEmail: email, ownerPassword: password } = fake
    const admin = labelStudioAdmin({ url: fake.url, email, password })
    const order: string[] = []
    const list = admin.inactiveIds().then((ids) => order.push(`list of ${ids.size}`))
    const change = admin.change(person, { isActive: false }).then(() => order.push('change'))
    await Promise.all([list, change])
    expect(order[0]).toBe('change')
    expect(order[1]).toMatch(/^list of 45[01]$/)
  })

  it('goes on with an import when somebody else got one of the accounts meanwhile (R26)', async () => {
    const storage = memoryAdapters()
    let isTaken = true
    const access = {
      ...storage.access,
      saveRecord: async (...args: Parameters<typeof storage.access.saveRecord>) => {
        if (args[1].email === 'ann@example.com' && isTaken) throw new UniquenessError('taken')
        await storage.access.saveRecord(...args)
      },
    }
    product = await startProduct(fake, { storage: { ...storage, access }, isWorking: false })
    await product.pushUser({ userName: 'ann@example.com' })
    byHand('ann@example.com')
    byHand('ben@example.com')
    expect(await product.adapters.importer.run()).toMatchObject({ linked: 0, imported: 2 })
    isTaken = false
    expect(await product.adapters.importer.run()).toMatchObject({ linked: 1, imported: 0 })
  })

  it('is asked again at once when somebody says so after an outage (F13)', async () => {
    const reconciler = { maxRetryAfterMs: 600_000 }
    product = await startProduct(fake, { reconciler, withOwner: false, isWorking: false })
    const people = [...'abcdef'].map((name) => `${name}@example.com`)
    for (const email of people) byHand(email)
    await product.pushUser({ userName: 'first@example.com' })
    await product.drained()
    fake.state.tokenSettings.legacy_api_tokens_enabled = false
    const ids: string[] = []
    for (const userName of people) {
      const name = { givenName: 'Changed' }
      ids.push((await product.pushUser({ userName, name })).json.id)
    }
    await product.drained()
    fake.state.tokenSettings.legacy_api_tokens_enabled = true
    await product.adapters.access.mark(scopeOf(), ids)
    await product.drained()
    const changed = () =>
      [...fake.state.users.values()].filter(({ firstName }) => firstName === 'Changed').length
    expect(changed()).toBe(0)
    await product.adapters.access.mark(scopeOf(), ids)
    product.reconciler.wake({ anew: true })
    await product.drained()
    expect(changed()).toBe(6)
  })

  it('tells in the audit log what the import did (R20)', async () => {
    const storage = memoryAdapters()
    product = await startProduct(fake, { storage, isWorking: false })
    const id = byHand('ann@example.com')
    await product.adapters.importer.run()
    const account = fake.state.users.get(id)
    if (account) account.firstName = 'Ann'
    await product.adapters.importer.run()
    fake.state.users.delete(id)
    await product.adapters.importer.run()
    const page = await storage.audit.query(scopeOf(), { limit: 100 })
    const events = page.filter(({ target }) => target?.name === 'ann@example.com')
    expect(events.map(({ actor, event }) => `${actor} ${event}`).sort()).toEqual([
      'import user.created',
      'import user.deleted',
      'import user.replaced',
    ])
  })

  it('says that legacy tokens are on (F14)', async () => {
    product = await startProduct(fake, { isWorking: false })
    const found = (await product.adapters.examine()).map(({ code }) => code)
    expect(found).toEqual(expect.arrayContaining(['token-of-owner', 'legacy-tokens']))
  })
})
