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
    const began = Date.now()
    await product.drained()
    const lists = fake.requests.filter(
      ({ method, path }) => `${method} ${path}` === 'GET /api/users/',
    )
    // A list serves for five seconds.
    const allowed = 2 + Math.ceil((Date.now() - began) / 5_000)
    expect([fake.state.users.size, lists.length <= allowed]).toEqual([101, true])
  }, 60_000)

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
  }, 30_000)

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
    product.reconciler.kick({ anew: true })
    await product.drained()
    expect(changed()).toBe(6)
  }, 30_000)

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
