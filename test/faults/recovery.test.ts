import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createDatabase, type Database, lone, statement } from '../../adapters/sql/database.js'
import { openSqlite } from '../../adapters/sql/dialects/sqlite-open.js'
import { sql } from '../../adapters/sql/sql.js'
import { sqliteDatabase, type TestDatabase } from '../support/test-database.js'

let file: TestDatabase
const opened: Database[] = []
let recovery: ChildProcess | undefined
beforeEach(() => {
  file = sqliteDatabase()
})
afterEach(async () => {
  recovery?.kill()
  for (const each of opened.splice(0)) await each.close()
  await file.drop()
})

async function open(): Promise<Database> {
  const database = createDatabase(await openSqlite(file.url.slice('sqlite:'.length), 300))
  opened.push(database)
  return database
}

/**
 * Has the locks of a process that recovers the database, after one was killed in the middle of a
 * commit: until it has ended, every read is refused (SQLITE_BUSY_RECOVERY). It also damages one
 * copy of the header, or readers would not look for the locks.
 */
const recovering = `
import fcntl, os, sys
shared = os.open(sys.argv[1], os.O_RDWR)
for lock in (120, 122):
    fcntl.lockf(shared, fcntl.LOCK_EX, 1, lock)
header = os.pread(shared, 4, 8)
os.pwrite(shared, b'\\xff' * 4, 8)
print('held', flush=True)
sys.stdin.read()
os.pwrite(shared, header, 8)
`

async function recover(): Promise<() => Promise<void>> {
  const path = `${file.url.slice('sqlite:'.length)}-shm`
  const other = spawn('python3', ['-c', recovering, path])
  recovery = other
  await once(other.stdout, 'data')
  return async () => {
    other.stdin.end()
    await once(other, 'exit')
  }
}

it('reads what others committed after a read that was refused while the database was recovered', async () => {
  const [host, other] = [await open(), await open()]
  await host.transaction((session) => session.all(sql`create table notes (n integer)`))
  const insert = (n: number) =>
    other.alone(lone(statement(() => sql.raw(`insert into notes values (${n})`))), {})
  await insert(1)
  const last = () => host.all(sql`select max(n) as n from notes`)
  const all = () => host.all(sql`select n from notes order by n`)
  expect(await last()).toEqual([{ n: 1 }])
  const before = host.state()
  const end = await recover()
  await expect(last()).rejects.toThrow()
  await end()
  await all()
  await insert(2)
  expect(await all()).toEqual([{ n: 1 }, { n: 2 }])
  expect(host.state()).not.toBe(before)
  await host.alone(lone(statement(() => sql`insert into notes values (3)`)), {})
  expect(await last()).toEqual([{ n: 3 }])
})
