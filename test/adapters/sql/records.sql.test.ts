import { sqlAdapters } from '../../../adapters/sql/index.js'
import type { AccessRecord } from '../../../lib/stores/index.js'
import { testDatabase } from '../../support/test-database.js'
import { aScope } from '../support.js'

it('stores a record from before roles were noted in it', async () => {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  const scope = aScope()
  const old = {
    userId: 'u1',
    applied: [],
    deferred: [],
    notes: [],
    at: '2026-01-01T00:00:00.000Z',
  } as unknown as AccessRecord
  await adapters.access.saveRecord(scope, old)
  expect(await adapters.access.getRecord(scope, 'u1')).toMatchObject(old)
  await adapters.close()
  await database.drop()
})
