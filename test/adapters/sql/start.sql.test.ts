import { sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { parseFilter } from '../../../lib/filter/parse.js'
import { resolveFilter } from '../../../lib/filter/resolve.js'
import { openDirectly } from '../../support/direct-database.js'
import { type TestDatabase, untouchedDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, userType, writeOf } from '../support.js'

let database: TestDatabase
beforeEach(async () => {
  database = await untouchedDatabase()
})
afterEach(() => database.drop())

const asItIs = async () => {}

/** As an administrator may have set it for other programs. */
async function serializable(): Promise<void> {
  if (database.dialect === 'sqlite') return
  const direct = await openDirectly(database.url)
  const name = new URL(database.url).pathname.slice(1)
  const setting = 'default_transaction_isolation'
  await direct.all(sql.raw(`alter database ${name} set ${setting} = 'serializable'`))
  await direct.close()
}

it.each([
  ['an empty database', asItIs],
  ['an empty database whose transactions are isolated more than ours', serializable],
])('lets several hosts start at once on %s, and each of them work', async (_name, prepare) => {
  await prepare()
  const hosts = await Promise.all(
    Array.from({ length: 6 }, () => sqlAdapters({ url: database.url })),
  )
  const scope = aScope()
  await Promise.all(
    hosts.map(async ({ users }) => {
      const user = aUser()
      await users.create(scope, user, writeOf(user))
    }),
  )
  const page = { kind: 'index', offset: 0, limit: 10 } as const
  const found = await hosts[0]?.users.query(scope, { ...everything, page })
  expect(found?.totalResults).toBe(6)
  await Promise.all(hosts.map((host) => host.close()))
})

it('keeps data when a host stops and another one starts', async () => {
  const scope = aScope()
  const user = aUser({ userName: 'Zoë' })
  const first = await sqlAdapters({ url: database.url })
  await first.users.create(scope, user, writeOf(user))
  await first.close()
  const second = await sqlAdapters({ url: database.url })
  expect(await second.users.get(scope, user.id, everything)).toEqual(user)
  await second.close()
})

it('answers a filter with text no database holds as one that matches nothing (S-INP-06)', async () => {
  const adapters = await sqlAdapters({ url: database.url })
  const scope = aScope()
  const user = aUser({ title: 'x' })
  await adapters.users.create(scope, user, writeOf(user))
  const page = { kind: 'index', offset: 0, limit: 10 } as const
  for (const [text, total] of [
    ['userName eq "?"', 0],
    ['id eq "?"', 0],
    ['title co "?"', 0],
    ['title ne "?"', 1],
  ] as const) {
    const filter = resolveFilter(parseFilter(text), userType, { deviations: new Set() })
    const hostile = JSON.parse(JSON.stringify(filter).replaceAll('"?"', '"\\u0000"'))
    const found = await adapters.users.query(scope, { ...everything, filter: hostile, page })
    expect([text, found.totalResults]).toEqual([text, total])
  }
  await adapters.close()
})

describe('wrong options', () => {
  it.each([
    [
      { url: 'mysql://root:secret@host/db' },
      /"url" cannot be used. Give the address of a database/,
    ],
    [{ url: '' }, /"url" is empty: is its environment variable set\?/],
    [{ url: 'sqlite:' }, /"url" cannot be used/],
    [
      { url: 'sqlite::memory:', poolSize: 0 },
      /"poolSize" is 0. Give a whole number from 1 to 1000/,
    ],
    [{ url: 'sqlite::memory:', timeoutMs: 1.5 }, /"timeoutMs" is 1.5. Give a whole number/],
    [
      { url: 'sqlite::memory:', policy: { onNoRole: 'never' as never } },
      /policy: option "onNoRole"/,
    ],
  ])(
    'are refused when the adapters are made, and never repeated with a password: %j',
    async (options, message) => {
      const error = await sqlAdapters(options).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringMatching(message),
      })
      expect(String(error)).not.toContain('secret')
    },
  )
})
