import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, type Database, lone, statement } from '../../../adapters/sql/database.js'
import { sqliteDialect } from '../../../adapters/sql/dialects/sqlite.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

let database: TestDatabase
let file: string
beforeEach(async () => {
  database = await testDatabase()
  file = database.url.slice('sqlite:'.length)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await database.drop()
})

function runAlone(on: Database, text: string) {
  return on.alone(lone(statement(() => sql.raw(text))), {})
}

it('flushes the log of the file that a symbolic link leads to (S1)', async () => {
  const link = path.join(path.dirname(file), 'link.db')
  fs.writeFileSync(file, '')
  fs.symlinkSync(file, link)
  const open = jest.spyOn(fsPromises, 'open')
  const adapters = await sqlAdapters({ url: `sqlite:${link}` })
  expect(open.mock.calls.map(([name]) => name)).toEqual([`${fs.realpathSync(file)}-wal`])
  await adapters.close()
})

it('writes nothing after a flush that failed, and goes on reading (S2)', async () => {
  const open = jest.spyOn(fsPromises, 'open')
  const adapters = await sqlAdapters({ url: database.url })
  const [scope, user, second, third] = [aScope(), aUser(), aUser(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  const log = (await open.mock.results[0]?.value) as fsPromises.FileHandle
  const flush = jest.spyOn(log, 'datasync')
  flush.mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
  const refused = { name: 'UnavailableError', message: expect.stringMatching(/flushed/) }
  await expect(adapters.users.create(scope, second, writeOf(second))).rejects.toMatchObject({
    ...refused,
    cause: { code: 'EIO' },
  })
  await expect(adapters.users.create(scope, third, writeOf(third))).rejects.toMatchObject(refused)
  expect(flush).toHaveBeenCalledTimes(1)
  expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
  expect(await adapters.users.get(scope, third.id, everything)).toBeUndefined()
  await adapters.close()
})

it.each([
  ['the file is removed', (path: string) => fs.rmSync(path)],
  ['the log is removed', (path: string) => fs.rmSync(`${path}-wal`)],
  [
    'the file is replaced',
    (path: string) => {
      fs.copyFileSync(path, `${path}-new`)
      fs.renameSync(`${path}-new`, path)
    },
  ],
])('acknowledges nothing that the next start would not find, because %s', async (_, damage) => {
  const adapters = await sqlAdapters({ url: database.url })
  const [scope, user, second, third] = [aScope(), aUser(), aUser(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  damage(file)
  const refused = {
    name: 'UnavailableError',
    message: expect.stringMatching(/(not there|replaced)\. Nothing is written until/),
  }
  await expect(adapters.users.create(scope, second, writeOf(second))).rejects.toMatchObject(refused)
  await expect(adapters.users.create(scope, third, writeOf(third))).rejects.toMatchObject(refused)
  expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
  await adapters.close()
})

it('copies the log into the database while others read, before it grows', async () => {
  const adapters = await sqlAdapters({ url: database.url })
  const scope = aScope()
  for (let count = 0; count < 1_500; count += 1) {
    const user = aUser()
    await adapters.users.create(scope, user, writeOf(user))
  }
  expect(fs.statSync(file).size).toBeGreaterThan(1_000_000)
  expect(fs.statSync(`${file}-wal`).size).toBeLessThan(40_000_000)
  await adapters.close()
}, 60_000)

it('copies the log after one change of thousands, as after many small ones', async () => {
  const adapters = await sqlAdapters({ url: database.url })
  const store = createDatabase(await openSqlite(file, 1000))
  const before = fs.statSync(file).size
  await store.transaction(async (session) => {
    for (let row = 0; row < 2_000; row += 1) {
      const at = `row ${row} ${'x'.repeat(500)}`
      await session.all(sql`insert into scim_values (tenant, name, value) values ('t', ${at}, 'x')`)
    }
  })
  const until = Date.now() + 10_000
  while (fs.statSync(file).size === before && Date.now() < until) await delay(10)
  expect(fs.statSync(file).size).toBeGreaterThan(before)
  await store.close()
  await adapters.close()
})

it('answers a full disk with an UnavailableError that has the cause, and writes again later (D6)', async () => {
  const full = createDatabase(await openSqlite(file, 1000))
  await runAlone(full, 'create table things (thing text)')
  const setMost = (pages: number) => runAlone(full, `pragma max_page_count = ${pages}`)
  const write = (size: number) =>
    full.transaction(async (session) => {
      await session.all(sql`insert into things values (${'x'.repeat(10)})`)
      await session.all(sql`insert into things values (${'x'.repeat(size)})`)
    })
  await setMost(10)
  await expect(write(1_000_000)).rejects.toMatchObject({
    name: 'UnavailableError',
    cause: { message: expect.stringMatching(/full/) },
  })
  await setMost(100_000)
  await write(1_000_000)
  const rows = await full.all(sql`select length(thing) as size from things`)
  expect(rows).toEqual([{ size: 10 }, { size: 1_000_000 }])
  await full.close()
})

it('answers a database that became read-only with an UnavailableError, and writes again later (D6)', async () => {
  const database = createDatabase(await openSqlite(file, 1000))
  await runAlone(database, 'create table notes (note text)')
  const write = () =>
    database.transaction((session) => session.all(sql`insert into notes values ('x')`))
  await runAlone(database, 'pragma query_only = 1')
  await expect(write()).rejects.toMatchObject({
    name: 'UnavailableError',
    cause: { message: expect.stringMatching(/readonly/) },
  })
  await runAlone(database, 'pragma query_only = 0')
  await write()
  expect(await database.all(sql`select note from notes`)).toEqual([{ note: 'x' }])
  await database.close()
})

it.each([
  ['node:sqlite', { errcode: 1546, message: 'disk I/O error' }],
  ['better-sqlite3', { code: 'SQLITE_IOERR_READ', message: 'disk I/O error' }],
  ['libsql', { rawCode: 266, code: 'SQLITE_IOERR', message: 'disk I/O error' }],
])('takes a failed read or write as told by %s for a time without a database (D6)', (_, error) => {
  expect(sqliteDialect.failureKind(error)).toBe('unavailable')
})

it('lets no writer wait longer than `timeoutMs` behind others (D14)', async () => {
  const slow = createDatabase(await openSqlite(file, 50))
  let finish = () => {}
  const first = slow.transaction(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve
      }),
  )
  const behind = [1, 2, 3].map(() => slow.transaction(async () => 'done'))
  for (const result of await Promise.allSettled(behind)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'UnavailableError' } })
  }
  finish()
  await first
  expect(await slow.transaction(async () => 'done')).toBe('done')
  await slow.close()
})
