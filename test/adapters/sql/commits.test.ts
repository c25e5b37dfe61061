import fc from 'fast-check'
import { createDatabase, type Session } from '../../../adapters/sql/database.js'
import type { SqlClient } from '../../../adapters/sql/dialects/dialect.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { writeOutbox } from '../../../adapters/sql/outbox.js'
import { sql } from '../../../adapters/sql/sql.js'
import { sqliteDatabase, type TestDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

let file: TestDatabase
beforeEach(() => {
  file = sqliteDatabase()
})
afterEach(() => file.drop())

const pathOf = ({ url }: TestDatabase) => url.slice('sqlite:'.length)

/** A database with one table of unique names, and what it was told to begin, commit or undo. */
async function aDatabase() {
  const connection = await openSqlite(pathOf(file), 1_000)
  const told: string[] = []
  const noting = ({ run, release }: SqlClient): SqlClient => ({
    release,
    run(text, values) {
      if (/^(begin|commit|rollback)/.test(text)) told.push(text.split(' ')[0] ?? '')
      return run(text, values)
    },
  })
  const writer = { take: async () => noting(await connection.writer.take()) }
  const database = createDatabase({ ...connection, writer })
  await database.transaction((session) => session.all(sql`create table names (name text unique)`))
  told.length = 0
  const names = async () => {
    const rows = await database.all(sql<{ name: string }>`select name from names order by name`)
    return rows.map(({ name }) => name)
  }
  return { database, told, names }
}

/** Work that stores a name, and returns it. */
function storing(name: string) {
  return async (session: Session) => {
    await session.all(sql`insert into names values (${name})`)
    return name
  }
}

it('commits short transactions of one turn together, each with its own result', async () => {
  const { database, told, names } = await aDatabase()
  const all = ['a', 'b', 'c', 'd'].map((name) => database.shortTransaction(storing(name)))
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  expect(told).toEqual(['begin', 'commit'])
  expect(await names()).toEqual(['a', 'b', 'c', 'd'])
  await database.close()
})

it('commits every other transaction by itself', async () => {
  const { database, told } = await aDatabase()
  await Promise.all(['a', 'b'].map((name) => database.transaction(storing(name))))
  expect(told).toEqual(['begin', 'commit', 'begin', 'commit'])
  await database.close()
})

it.each([
  [20, 1],
  [21, 2],
  [undefined, 2],
])('commits two writes of %j rows in %j transactions', async (rows, transactions) => {
  const { database, told } = await aDatabase()
  const writes = ['a', 'b'].map((id) => {
    const options = { scope: aScope(), written: { type: 'Device', id }, ...(rows && { rows }) }
    return writeOutbox(database, options, ({ session }) => storing(id)(session))
  })
  expect(await Promise.all(writes)).toEqual(['a', 'b'])
  expect(told.filter((text) => text === 'commit')).toHaveLength(transactions)
  await database.close()
})

it('stores nothing of one that fails, and the others once', async () => {
  const { database, told, names } = await aDatabase()
  const failing = async (session: Session) => {
    await storing('half')(session)
    throw new Error('no')
  }
  const works = [storing('a'), failing, storing('a'), storing('b')]
  const all = works.map((work) => database.shortTransaction<unknown>(work))
  const [first, failed, again, last] = await Promise.allSettled(all)
  expect(first).toEqual({ status: 'fulfilled', value: 'a' })
  expect(failed).toEqual({ status: 'rejected', reason: new Error('no') })
  expect(String(again?.status === 'rejected' && again.reason)).toMatch(/unique/i)
  expect(last).toEqual({ status: 'fulfilled', value: 'b' })
  expect(told.slice(0, 2)).toEqual(['begin', 'rollback'])
  expect(await names()).toEqual(['a', 'b'])
  await database.close()
})

it('does not begin the work of a request that was given up, and does that of the others', async () => {
  const { database, names } = await aDatabase()
  const lifetime = new AbortController()
  const scope = { ...aScope(), signal: lifetime.signal }
  const kept = [database.shortTransaction(storing('a')), database.shortTransaction(storing('b'))]
  const givenUp = database.shortTransaction(storing('c'), scope)
  lifetime.abort(new Error('given up'))
  await expect(givenUp).rejects.toThrow('given up')
  expect(await Promise.all(kept)).toEqual(['a', 'b'])
  expect(await names()).toEqual(['a', 'b'])
  await database.close()
})

it('fails nobody because there was no room for another', async () => {
  const { database, names } = await aDatabase()
  await database.shortTransaction(storing('a'))
  const [{ pages } = { pages: 0 }] = await database.all(
    sql<{ pages: number }>`select page_count as pages from pragma_page_count`,
  )
  const limit = `pragma max_page_count = ${pages + 5}`
  await database.transaction((session) => session.all(sql.raw(limit)))
  const all = ['b', 'x'.repeat(100_000), 'c'].map((name) =>
    database.shortTransaction(storing(name)),
  )
  const [first, large, last] = await Promise.allSettled(all)
  expect([first?.status, last?.status]).toEqual(['fulfilled', 'fulfilled'])
  expect(large).toMatchObject({ reason: { name: 'UnavailableError' } })
  expect(await names()).toEqual(['a', 'b', 'c'])
  await database.close()
})

it('does not wait again for a lock that it did not get', async () => {
  const { database, told } = await aDatabase()
  const other = createDatabase(await openSqlite(pathOf(file), 1_000))
  const outcomes = await other.transaction(async () => {
    const all = ['a', 'b'].map((name) => database.shortTransaction(storing(name)))
    return Promise.allSettled(all)
  })
  expect(outcomes).toMatchObject([
    { reason: { name: 'UnavailableError' } },
    { reason: { name: 'UnavailableError' } },
  ])
  expect(told).toEqual(['begin'])
  await database.close()
  await other.close()
})

it('lets other processes have the lock after some milliseconds', async () => {
  const { database, told } = await aDatabase()
  const slow = (name: string) => async (session: Session) => {
    const until = performance.now() + 5
    while (performance.now() < until);
    return storing(name)(session)
  }
  const all = ['a', 'b', 'c'].map((name) => database.shortTransaction(slow(name)))
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c'])
  expect(told).toEqual(['begin', 'commit', 'begin', 'commit', 'begin', 'commit'])
  await database.close()
})

it.each([0, 1, 2])('finishes what came %j turns before it is closed', async (turns) => {
  const { database } = await aDatabase()
  const texts = ['a', 'b', 'a', 'c', 'd', 'e']
  const all = texts.map((name) => database.shortTransaction(storing(name)))
  for (let passed = 0; passed < turns; passed += 1) await new Promise(setImmediate)
  const closed = database.close()
  const outcomes = await Promise.allSettled(all)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect(outcomes[2]).toMatchObject({ reason: { message: expect.stringMatching(/unique/i) } })
  await closed
  const again = createDatabase(await openSqlite(pathOf(file), 1_000))
  expect(await again.all(sql`select name from names`)).toHaveLength(5)
  await again.close()
})

it('answers what is stored, however many flushes that takes, before it is closed', async () => {
  const { database } = await aDatabase()
  const all = Array.from({ length: 40 }, (_, place) => database.transaction(storing(`${place}`)))
  await database.close()
  expect(await Promise.all(all)).toHaveLength(40)
})

it('ends as if each had its own transaction, whichever of them fail', async () => {
  const { database, names } = await aDatabase()
  const aWork = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    fails: fc.boolean(),
    turn: fc.nat({ max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(aWork, { maxLength: 24 }), async (works) => {
      await database.transaction((session) => session.all(sql`delete from names`))
      const done = works.map(async ({ name, fails, turn }) => {
        for (let passed = 0; passed < turn; passed += 1) await new Promise(setImmediate)
        return database.shortTransaction(async (session) => {
          const stored = await storing(name)(session)
          if (fails) throw new Error('no')
          return stored
        })
      })
      const outcomes = await Promise.allSettled(done)
      const stored = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      // Unique names: each is stored once by somebody who does not fail, if there is anybody.
      const expected = new Set(works.filter(({ fails }) => !fails).map(({ name }) => name))
      expect([...stored].sort()).toEqual([...expected].sort())
      expect(await names()).toEqual([...stored].sort())
    }),
    { numRuns: 60 },
  )
  await database.close()
})

it('marks, logs and answers each of several people who are created at once by itself', async () => {
  const adapters = await sqlAdapters({ url: file.url })
  const scope = aScope()
  const users = ['ann', 'bob', 'ann', 'eve'].map((userName) => aUser({ userName }))
  const created = users.map((user) => {
    const target = { resourceType: 'User', id: user.id }
    const entry = { at: '2026-01-31T09:00:00.000Z', tenant: scope.tenant, actor: 'test', target }
    const audit = [
      { ...entry, requestId: 'r', event: 'user.created', outcome: 'succeeded' } as const,
    ]
    const outbox = { pending: [user.id], audit }
    return adapters.users.create(scope, user, { ...writeOf(user), outbox })
  })
  const outcomes = await Promise.allSettled(created)
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(outcomes[2]).toMatchObject({ reason: { name: 'UniquenessError' } })
  const kept = [users[0], users[1], users[3]].map((user) => user?.id ?? '').sort()
  const page = await adapters.users.query(scope, {
    ...everything,
    page: { kind: 'index', offset: 0, limit: 10 },
  })
  expect(page.resources.map(({ id }) => id).sort()).toEqual(kept)
  const marked = await adapters.access.claim({
    ...{ owner: 'test', limit: 10, leaseMs: 1_000, tenant: scope.tenant },
  })
  expect(marked.map(({ userId }) => userId).sort()).toEqual(kept)
  const entries = await adapters.audit.query(scope, { limit: 10 })
  expect(entries.map(({ target }) => target?.id).sort()).toEqual(kept)
  await adapters.close()
})

it('lets one of two changes of the same version through', async () => {
  const adapters = await sqlAdapters({ url: file.url })
  const scope = aScope()
  const user = aUser()
  await adapters.users.create(scope, user, writeOf(user))
  const changed = ['one', 'two'].map((version) => {
    const next = { ...user, title: version, meta: { ...user.meta, version } }
    const expectedVersion = user.meta.version
    return adapters.users.replace(scope, next, { ...writeOf(next), expectedVersion })
  })
  const [first, second] = await Promise.allSettled(changed)
  expect(first?.status).toBe('fulfilled')
  expect(second).toMatchObject({ reason: { name: 'VersionMismatchError' } })
  expect(await adapters.users.get(scope, user.id, everything)).toMatchObject({ title: 'one' })
  await adapters.close()
})
