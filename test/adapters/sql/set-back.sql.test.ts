import type { Database } from '../../../adapters/sql/database.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { clockWatch } from '../../../adapters/sql/set-back.js'
import { sql } from '../../../adapters/sql/sql.js'
import { openDirectly } from '../../support/direct-database.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope } from '../support.js'

const hourMs = 3_600_000
const tenYearsMs = 10 * 365 * 24 * hourMs
const scope = aScope()

let database: TestDatabase
let adapters: SqlAdapters
let direct: Database
beforeEach(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url })
  direct = await openDirectly(database.url)
})
afterEach(async () => {
  await adapters.close()
  await direct.close()
  await database.drop()
})

const claim = (owner: string, ids?: readonly string[]) =>
  adapters.access.claim({ owner, limit: 9, leaseMs: 8_000, ...(ids && { userIds: ids }) })
const claimed = async (owner: string, ids?: readonly string[]) =>
  (await claim(owner, ids)).map(({ userId }) => userId).sort()

/** Somebody marked, somebody leased, and somebody put off, by a clock that is ahead. */
async function storedAhead(ms: number): Promise<void> {
  await adapters.access.mark(scope, ['leased', 'put off'])
  await claim('crashed', ['leased'])
  const [entry] = await claim('worker', ['put off'])
  const outcome = { kind: 'retry', error: 'busy', afterMs: 1 } as const
  if (entry) await adapters.access.settle('worker', entry, outcome)
  await adapters.access.mark(scope, ['marked'])
  await direct.all(sql`update scim_pending set next_at = next_at + ${ms}, due_at = due_at + ${ms},
    lease_until = case when lease_until > 0 then lease_until + ${ms} else 0 end`)
}

const databaseNow = async () => {
  const [row] = await direct.all<{ now: number }>(sql`select ${direct.dialect.now} as now`)
  return row?.now ?? 0
}

describe('a clock of the database that was set back', () => {
  it('while no host was running keeps nobody waiting or leased', async () => {
    await adapters.access.nextDue()
    await storedAhead(tenYearsMs)
    expect(await claimed('next')).toEqual([])
    const started = await sqlAdapters({ url: database.url })
    try {
      expect(await started.access.nextDue()).toBeLessThanOrEqual(0)
    } finally {
      await started.close()
    }
    expect(await claimed('next')).toEqual(['leased', 'marked', 'put off'])
  })

  it('by an hour brings forward what was stored before', async () => {
    const watch = clockWatch(direct)
    const now = await databaseNow()
    await watch.note(now + hourMs, performance.now())
    await storedAhead(hourMs)
    expect(await watch.note(now, performance.now())).toBe(3)
    const [leased] = await direct.all<{ until: number }>(
      sql`select lease_until as until from scim_pending where user_id = 'leased'`,
    )
    const left = (leased?.until ?? 0) - (await databaseNow())
    expect(left).toBeLessThanOrEqual(8_000)
    await direct.all(sql`update scim_pending set lease_until = 0, due_at = next_at
      where user_id = 'leased'`)
    expect(await claimed('next')).toEqual(['leased', 'marked', 'put off'])
  })

  it('is not seen in one that goes on, or is set forward: leases and waits stay', async () => {
    const watch = clockWatch(direct)
    const now = await databaseNow()
    await watch.note(now, performance.now())
    await adapters.access.mark(scope, ['put off', 'leased'])
    const entries = await claim('worker')
    const entry = entries.find(({ userId }) => userId === 'put off')
    const outcome = { kind: 'retry', error: 'busy', afterMs: 300_000 } as const
    if (entry) await adapters.access.settle('worker', entry, outcome)
    expect(await watch.note(await databaseNow(), performance.now())).toBe(0)
    expect(await watch.note((await databaseNow()) + hourMs, performance.now())).toBe(0)
    await adapters.access.nextDue()
    expect(await claimed('next')).toEqual([])
    expect(await claimed('next', ['leased'])).toEqual([])
  })
})
