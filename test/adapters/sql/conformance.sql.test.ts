import { sqlAdapters } from '../../../adapters/sql/index.js'
import { conformanceTests } from '../../../lib/testing/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'

describe('SQL adapters', () => {
  let database: TestDatabase | undefined
  const open = () => sqlAdapters({ url: database?.url ?? '' })
  const create = async () => {
    database = await testDatabase()
    return open()
  }
  conformanceTests({ test, afterAll }, create, { reopen: open })
  afterAll(() => database?.drop())
})
