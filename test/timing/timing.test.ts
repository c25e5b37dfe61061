import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { timingSuite } from './timing-suite.js'

const opened: { adapters: Adapters; database: TestDatabase }[] = []

afterEach(async () => {
  for (const { adapters, database } of opened.splice(0)) {
    await adapters.close?.()
    await database.drop()
  }
})

describe('the time of an answer, in memory', () => timingSuite('memory', () => memoryAdapters()))

describe('the time of an answer, over SQL', () =>
  timingSuite('SQLite', async () => {
    const database = await testDatabase()
    const adapters = await sqlAdapters({ url: database.url })
    opened.push({ adapters, database })
    return adapters
  }))
