import { sqlAdapters } from '../../../adapters/sql/index.js'
import { testDatabase } from '../../support/test-database.js'

it('closes a database once, however often it is told to (M5)', async () => {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  await Promise.all([adapters.close(), adapters.close()])
  await adapters.close()
  await database.drop()
})
