import { type TestDatabase, testDatabase, testDialect } from '../support/test-database.js'
import { largePushSuite } from './large-pushes.js'

describe(`a group of 50 000 people on ${testDialect}`, () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())

  largePushSuite(() => database.url)
})
