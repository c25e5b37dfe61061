import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { type TestDatabase, testDatabase } from './test-database.js'

/** What a test has for itself. */
export interface SqlStores {
  readonly database: TestDatabase
  readonly adapters: SqlAdapters
}

/** Gives each test of the file a database of its own with its adapters; both are gone afterwards. */
export function sqlStores(): () => SqlStores {
  let stores: SqlStores
  beforeEach(async () => {
    const database = await testDatabase()
    stores = { database, adapters: await sqlAdapters({ url: database.url }) }
  })
  afterEach(async () => {
    await stores.adapters.close()
    await stores.database.drop()
  })
  return () => stores
}
