import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { largeGroups } from './large-groups-suite.js'

let database: TestDatabase
let adapters: SqlAdapters

afterAll(async () => {
  await adapters.close()
  await database.drop()
})

describe('a group with thousands of members, in SQL', () =>
  largeGroups(async () => {
    database = await testDatabase()
    adapters = await sqlAdapters({ url: database.url })
    return adapters
  }))
