import pg from 'pg'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, untouchedDatabase } from '../support/test-database.js'

let database: TestDatabase
let owner: pg.Client
beforeEach(async () => {
  database = await untouchedDatabase()
  owner = new pg.Client({ connectionString: database.url })
  await owner.connect()
})
afterEach(async () => {
  await owner.query('drop owned by few; drop role few')
  await owner.end()
  await database.drop()
})

it.each([1, 2, 3])('starts and works where its role may have %i connections', async (poolSize) => {
  await owner.query(`create role few login connection limit ${poolSize}`)
  await owner.query('grant all on schema public to few')
  const url = new URL(database.url)
  url.username = 'few'
  const scope = aScope()
  const user = aUser()
  // At the first start, it makes its tables.
  for (const start of ['first', 'second']) {
    const { users, close } = await sqlAdapters({ url: url.href, poolSize, timeoutMs: 3_000 })
    if (start === 'first') await users.create(scope, user, writeOf(user))
    const found = await Promise.all([1, 2, 3, 4].map(() => users.get(scope, user.id, everything)))
    await close()
    expect(found.map((each) => each?.id)).toEqual(found.map(() => user.id))
  }
})
