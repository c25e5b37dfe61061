import type { Database } from '../../../adapters/sql/database.js'
import { sql } from '../../../adapters/sql/sql.js'
import { openDirectly } from '../../support/direct-database.js'
import { sqlStores } from '../../support/sql-stores.js'
import { aScope } from '../support.js'

const stores = sqlStores()
let database: Database
beforeEach(async () => {
  database = await openDirectly(stores().database.url)
})
afterEach(() => database.close())

it('stores nothing of a change that is given up before it is complete', async () => {
  const { signal, abort } = givenUp()
  const change = database.transaction(
    async (session) => {
      await session.all(sql`insert into scim_values (tenant, name, value) values ('t', 'n', 'v')`)
      abort()
    },
    { ...aScope(), signal },
  )
  await expect(change).rejects.toThrow('given up')
  expect(await database.all(sql`select value from scim_values`)).toEqual([])
})

it('begins nothing that was given up while it waited for a connection', async () => {
  const { signal, abort } = givenUp()
  let late: Promise<unknown> = Promise.resolve()
  const work = jest.fn()
  await database.transaction(async () => {
    // The other one waits: this connection is the only one.
    late = database
      .transaction(work, { ...aScope(), signal })
      .catch((error: Error) => error.message)
    abort()
  })
  expect(await late).toBe('given up')
  expect(work).not.toHaveBeenCalled()
})

function givenUp() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('given up')) }
}
