import { randomUUID } from 'node:crypto'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { testDatabase } from '../../support/test-database.js'
import { aGroup, aScope, writeOf } from '../support.js'

it('takes a change of twelve times as many members in some twelve times the time', async () => {
  const database = await testDatabase()
  const { groups, close } = await sqlAdapters({ url: database.url })
  const scope = aScope('acme')
  const group = aGroup()
  await groups.create(scope, group, writeOf(group))
  const secondsFor = async (count: number) => {
    const remove = Array.from({ length: count }, () => randomUUID())
    const startedAt = performance.now()
    const options = { now: '2026-02-01T00:00:00Z', outbox: { pending: remove } }
    const changed = await groups.changeMembers?.(scope, group.id, { add: [], remove }, options)
    expect(changed?.removed).toEqual([])
    return (performance.now() - startedAt) / 1_000
  }
  await secondsFor(5_000)
  const few = Math.max(await secondsFor(5_000), await secondsFor(5_000))
  // If each were compared with each, some 70.
  expect((await secondsFor(60_000)) / few).toBeLessThan(40)
  await close()
  await database.drop()
}, 60_000)
