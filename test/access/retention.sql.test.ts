import { memoryAdapters } from '../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import {
  type AccessAdapters,
  createReconciler,
  emptyRecord,
  type Reconciler,
} from '../../lib/access/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import type { AuditStore } from '../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { aScope, createWorld } from './world.js'

let database: TestDatabase
let opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})

const running: Reconciler[] = []
const now = Date.parse('2026-06-01T00:00:00Z')
const daysAgo = (days: number) => new Date(now - days * 86_400_000)

afterEach(() => jest.restoreAllMocks())

const hourMs = 3_600_000
let passedMs = 0
/** Time passes on every clock. */
function pass(ms: number): void {
  passedMs += ms
}
const clock = () => new Date(now + passedMs)
beforeEach(() => {
  passedMs = 0
  const steady = performance.now.bind(performance)
  jest.spyOn(performance, 'now').mockImplementation(() => steady() + passedMs)
})

/** Runs a started reconciler until it has removed what is too old. */
async function aDay(adapters: AccessAdapters, options = {}): Promise<void> {
  const { audit } = adapters
  const isDone = new Promise<void>((resolve) => {
    const purge: AuditStore['purge'] = async (wanted) => {
      const removed = (await audit?.purge?.(wanted)) ?? 0
      if (removed === 0) resolve()
      return removed
    }
    const watched = { ...adapters, audit: { ...audit, purge } } as AccessAdapters
    const reconciler = createReconciler(watched, { clock, pollMs: 10, ...options })
    reconciler.start()
    pass(hourMs)
    running.push(reconciler)
  })
  await isDone
  await running.pop()?.stop()
}

describe.each([
  ['memory', async () => memoryAdapters()],
  [
    'SQL',
    async () => {
      const adapters = await sqlAdapters({ url: database.url })
      opened = [...opened, adapters]
      return adapters
    },
  ],
])('what a host keeps, in %s', (_, make) => {
  const scope = aScope()
  const other = aScope({ tenant: 'other' })
  const entryAt = (days: number, tenant = 'acme'): AuditEntry => ({
    at: daysAgo(days).toISOString(),
    event: 'user.patched',
    tenant,
    actor: 'okta',
    requestId: `${days}`,
    outcome: 'succeeded',
  })

  it('loses entries of the log that are too old, of every tenant (R28)', async () => {
    const adapters = (await make()) as AccessAdapters
    const audit = adapters.audit!
    for (const tenant of ['acme', 'other']) {
      const entries = [900, 731, 729, 1].map((days) => entryAt(days, tenant))
      await audit.append({ ...scope, tenant }, entries)
    }
    await aDay(adapters)
    for (const each of [scope, other]) {
      const left = await audit.query(each, { limit: 10 })
      expect(left.map(({ requestId }) => requestId)).toEqual(['1', '729'])
    }
    await aDay(adapters, { auditRetentionDays: 7 })
    expect(await audit.query(scope, { limit: 10 })).toHaveLength(1)
  })

  it('numbers entries on after older ones are gone (R28)', async () => {
    const { audit } = await make()
    await audit.append(scope, [entryAt(900), entryAt(1)])
    const [last] = await audit.query(scope, { limit: 1 })
    expect(await audit.purge?.({ before: daysAgo(2).toISOString(), limit: 10 })).toBe(1)
    await audit.append(scope, [entryAt(0)])
    const [newest] = await audit.query(scope, { limit: 1 })
    expect(newest!.sequence).toBeGreaterThan(last!.sequence)
  })

  it('forgets people who were deleted long ago, but not that their account is shut (R28)', async () => {
    const adapters = (await make()) as AccessAdapters
    const { access } = adapters
    const ada = await createWorld(adapters).addUser('ada@example.com')
    const record = (userId: string, email: string, days: number) => ({
      ...emptyRecord(userId, daysAgo(days)),
      email,
      notes: [`About ${email}`],
      enforced: 'deprovisioned' as const,
    })
    const account = { id: '7', email: 'bob%_x@example.com', origin: 'created' as const }
    await access.saveRecord(scope, { ...record('bob', 'bob%_x@example.com', 400), account })
    await access.saveRecord(scope, record('gone', 'gone@example.com', 400))
    await access.saveRecord(scope, record('young', 'young@example.com', 100))
    await access.saveRecord(scope, record(ada.id, 'ada@example.com', 400))
    for (const about of ['bob', 'young', ada.id]) {
      await access.setValue(scope, `firstSignIn:${about}`, 'then')
    }
    // A digest of an address that they had, which is found by the address alone.
    for (const id of ['bob', 'gone', 'young']) await access.setValue(scope, `departed:${id}1`, id)
    await access.setValue(scope, 'labelStudio.founder:bob%_x@example.com', 'note')
    await access.setValue(scope, 'labelStudio.founder:bobbyyx@example.com', 'note')
    await aDay(adapters)

    expect(await access.recordByAccount(scope, '7')).toEqual({
      ...emptyRecord('bob', daysAgo(400)),
      account: { id: '7', origin: 'created' },
      enforced: 'deprovisioned',
    })
    expect(await access.recordsByEmail(scope, 'bob%_x@example.com')).toEqual([])
    expect(await access.getRecord(scope, 'gone')).toBeUndefined()
    expect((await access.getRecord(scope, 'young'))?.email).toBe('young@example.com')
    expect((await access.getRecord(scope, ada.id))?.email).toBe('ada@example.com')
    expect(await access.getValue(scope, 'departed:bob1')).toBeUndefined()
    expect(await access.getValue(scope, 'departed:gone1')).toBeUndefined()
    expect(await access.getValue(scope, 'departed:young1')).toBe('young')
    expect(await access.getValue(scope, 'firstSignIn:bob')).toBeUndefined()
    expect(await access.getValue(scope, 'firstSignIn:young')).toBe('then')
    expect(await access.getValue(scope, `firstSignIn:${ada.id}`)).toBe('then')
    expect(await access.getValue(scope, 'labelStudio.founder:bob%_x@example.com')).toBeUndefined()
    expect(await access.getValue(scope, 'labelStudio.founder:bobbyyx@example.com')).toBe('note')
    expect(await access.forget?.({ before: daysAgo(300).toISOString() })).toBe(0)
  })
})

describe('with a clock that is set', () => {
  const scope = aScope()

  /** Looks of a reconciler at what is too old, with a clock that is ahead by `aheadMs()`. */
  async function looking(aheadMs: () => number) {
    const adapters = memoryAdapters() as AccessAdapters
    await adapters.audit?.append(scope, [
      {
        at: daysAgo(1).toISOString(),
        event: 'user.patched',
        tenant: 'acme',
        actor: 'okta',
        requestId: 'yesterday',
        outcome: 'succeeded',
      },
    ])
    await adapters.access.saveRecord(scope, { ...emptyRecord('bob', daysAgo(1)), email: 'b@b.b' })
    const isTold: (() => void)[] = []
    const reconciler = createReconciler(
      {
        ...adapters,
        access: {
          ...adapters.access,
          async nextDue() {
            for (const tell of isTold.splice(0)) tell()
            return adapters.access.nextDue()
          },
        },
      },
      { pollMs: 10, clock: () => new Date(clock().getTime() + aheadMs()) },
    )
    reconciler.start()
    running.push(reconciler)
    const look = async () => {
      for (let looks = 0; looks < 3; looks++) await new Promise<void>((end) => isTold.push(end))
      const left = (await adapters.audit?.query(scope, { limit: 10 })) ?? []
      const record = await adapters.access.getRecord(scope, 'bob')
      return [left.length, record?.email]
    }
    return { look }
  }
  afterEach(async () => {
    for (const reconciler of running.splice(0)) await reconciler.stop()
  })

  it('removes nothing while the clock is ahead for a moment (R28)', async () => {
    let ahead = 0
    const { look } = await looking(() => ahead)
    pass(hourMs)
    await look()
    pass(25 * hourMs)
    ahead = 10 * 365 * 86_400_000
    expect(await look()).toEqual([1, 'b@b.b'])
    pass(hourMs / 2)
    expect(await look()).toEqual([1, 'b@b.b'])
    ahead = 0
    pass(hourMs)
    expect(await look()).toEqual([1, 'b@b.b'])
  })

  it('removes nothing in the first hour, and goes on once a clock is right (R28)', async () => {
    let ahead = 10 * 365 * 86_400_000
    const { look } = await looking(() => ahead)
    expect(await look()).toEqual([1, 'b@b.b'])
    ahead = 0
    await look()
    pass(hourMs)
    await look()
    expect(await look()).toEqual([1, 'b@b.b'])
    pass(800 * 86_400_000)
    await look()
    expect(await look()).toEqual([0, undefined])
  })
})

it.each(['auditRetentionDays', 'deletedRetentionDays'])('refuses %s of 0 (R28)', (name) => {
  expect(() => createReconciler(memoryAdapters(), { [name]: 0 })).toThrow(`"${name}" is 0`)
})
