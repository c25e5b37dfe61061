import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import type { AuditEntry } from '../../../lib/events/catalogue.js'
import type { Adapters } from '../../../lib/stores/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { type Product, scopeOf, startProduct } from './product.js'

const email = 'ann@example.com'

/** Storage whose log can be out of order, and that writes in one step or in several. */
function storageWith(storage: Adapters, outbox: boolean) {
  const log = { isBroken: false }
  const { audit, users } = storage
  const append: NonNullable<Adapters['audit']>['append'] = async (...all) => {
    if (log.isBroken) throw new Error('the log is full')
    await audit?.append(...all)
  }
  const inSteps = { ...users, supports: { ...users.supports, outbox } }
  const adapters = { ...storage, users: inSteps, audit: { ...audit, append } } as Adapters
  return { log, adapters }
}

describe.each([
  ['memory, in one step', async () => memoryAdapters(), true],
  ['memory, in several steps', async () => memoryAdapters(), false],
  ['SQLite, in one step', () => sqlAdapters({ url: 'sqlite::memory:' }), true],
])('what the import and adoption do, in the log and as events (R20; %s)', (_, make, outbox) => {
  let fake: FakeLabelStudio
  let product: Product
  let log: { isBroken: boolean }
  let events: AuditEntry[]

  const start = async (audit: 'required' | 'bestEffort') => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const storage = storageWith(await make(), outbox)
    log = storage.log
    events = []
    const adapters = { audit, onEvent: (event: AuditEntry) => events.push(event) }
    product = await startProduct(fake, { storage: storage.adapters, adapters, isWorking: false })
    await labelStudioApi({ url: fake.url, token: fake.token }).users.create({ email })
    return [...fake.state.users.values()].find((each) => each.email === email)
  }
  afterEach(async () => {
    await product.stop()
    await fake.stop()
  })

  const listed = async () => (await product.lookUp(email)).json.Resources?.[0]
  const told = (all: readonly AuditEntry[], id: string) =>
    all.filter(({ target }) => target?.id === id).map(({ event, outcome }) => `${event} ${outcome}`)
  const inLog = async (id: string) =>
    told([...((await product.adapters.audit?.query(scopeOf(), { limit: 99 })) ?? [])].reverse(), id)

  it('tells who is listed, changed, taken over and removed', async () => {
    const account = await start('bestEffort')
    await product.adapters.importer.run()
    const { id } = await listed()
    if (account) account.firstName = 'Ann'
    await product.adapters.importer.run()
    await product.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'Boss' }])
    const expected = ['user.created', 'user.replaced', 'user.patched', 'user.adopted']
    const names = (await inLog(id)).map((line) => line.split(' ')[0])
    expect(names.sort()).toEqual([...expected].sort())
    expect(told(events, id)).toEqual([
      'user.created succeeded',
      'user.replaced succeeded',
      'user.adopted succeeded',
    ])
    expect(events.map(({ actor }) => actor)).toContain('import')
  }, 60_000)

  it('tells of an account that is linked by its address, and of a listed user that makes room', async () => {
    await start('bestEffort')
    await product.adapters.importer.run()
    const before = await listed()
    const emails = [{ value: email, primary: true }]
    const { json } = await product.pushUser({ userName: 'upn-ann@example.com', emails })
    await product.drained()
    expect(told(events, before.id)).toEqual(['user.created succeeded', 'user.deleted succeeded'])
    expect(told(events, json.id)).toEqual(['user.adopted succeeded'])
    expect(await inLog(json.id)).toContain('user.adopted succeeded')
  }, 60_000)

  it('tells who was let in again by hand, once', async () => {
    const account = await start('bestEffort')
    const { json } = await product.pushUser({ userName: email })
    await product.drained()
    await product.setActive(json.id, false)
    if (account) account.isActive = true
    await product.adapters.importer.run()
    await product.adapters.importer.run()
    expect(told(events, json.id)).toEqual(['user.adopted succeeded', 'access.drifted succeeded'])
    expect(await inLog(json.id)).toContain('access.drifted succeeded')
    await product.drained()
    expect(account?.isActive).toBe(false)
  }, 60_000)

  it('writes no entry, or nothing at all, when the log fails and must be kept', async () => {
    await start('required')
    log.isBroken = true
    const isOneStep = outbox
    if (!isOneStep) {
      await expect(product.adapters.importer.run()).rejects.toMatchObject({ status: 503 })
      expect(await listed()).toBeUndefined()
      expect(events).toEqual([])
      log.isBroken = false
    }
    await product.adapters.importer.run()
    const { id } = await listed()
    expect((await inLog(id)).at(-1)).toBe('user.created succeeded')
    log.isBroken = true
    await product.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'Boss' }])
    // The account is not taken over without an entry.
    expect((await product.record(id))?.account?.origin).toBe('imported')
    log.isBroken = false
    const again = await product.patch(`/Users/${id}`, [
      { op: 'add', path: 'title', value: 'Chief' },
    ])
    expect([again.status, (await product.record(id))?.account?.origin]).toEqual([200, 'adopted'])
  }, 60_000)

  it('goes on without the log where it need not be kept', async () => {
    await start('bestEffort')
    log.isBroken = true
    await product.adapters.importer.run()
    const { id } = await listed()
    expect(told(events, id)).toEqual(['user.created succeeded'])
  }, 60_000)
})
