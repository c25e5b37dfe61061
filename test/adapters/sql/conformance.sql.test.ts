import { sqlAdapters } from '../../../adapters/sql/index.js'
import { conformanceTests } from '../../../lib/testing/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'

describe('SQL adapters', () => {
  let database: TestDatabase | undefined
  conformanceTests({ test, afterAll }, async () => {
    database = await testDatabase()
    return sqlAdapters({ url: database.url })
  })
  afterAll(() => database?.drop())
})
