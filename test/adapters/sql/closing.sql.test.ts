import { sqlAdapters } from '../../../adapters/sql/index.js'
import { storeErrorKind } from '../../../lib/stores/index.js'
import { testDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

it('closes a database once, however often it is told to (M5)', async () => {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  await Promise.all([adapters.close(), adapters.close()])
  await adapters.close()
  await database.drop()
})

it('refuses what comes while it is closed, or after that, as unavailable', async () => {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  const scope = aScope()
  const user = aUser()
  await adapters.users.create(scope, user, writeOf(user))
  const page = { kind: 'index', offset: 0, limit: 100 } as const
  const kindOf = (work: Promise<unknown>) => work.then(() => 'done', storeErrorKind)
  const reads = () => [
    ...Array.from({ length: 50 }, () => adapters.users.query(scope, { ...everything, page })),
    adapters.users.get(scope, user.id, everything),
    adapters.users.delete(scope, 'nobody', {}),
    // SQLite reads this one in a thread.
    adapters.audit.query(scope, { limit: 5, actor: 'a' }),
  ]
  const during = reads().map(kindOf)
  const closed = adapters.close()
  const after = reads().map(kindOf)
  await closed
  const closedAt = performance.now()
  const late = reads().map(kindOf)
  await Promise.all(late)
  expect(performance.now() - closedAt).toBeLessThan(1_000)
  const kinds = new Set(await Promise.all([...during, ...after]))
  expect([...kinds].filter((kind) => kind !== 'done' && kind !== 'unavailable')).toEqual([])
  expect(new Set(await Promise.all(late))).toEqual(new Set(['unavailable']))
  await database.drop()
})
