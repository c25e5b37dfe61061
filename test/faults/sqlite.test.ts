import { execFileSync } from 'node:child_process'
import path from 'node:path'
import Database from 'libsql'
import { buildHost, type StartedHost } from '../host/start-host.js'
import { sqliteDatabase, type TestDatabase } from '../support/test-database.js'
import { type SmallDisk, smallDisk } from './small-disk.js'
import { survives } from './under-load.js'

beforeAll(buildHost, 120_000)

let database: TestDatabase
let disk: SmallDisk | undefined
beforeEach(() => {
  database = sqliteDatabase()
})
afterEach(async () => {
  await database.drop()
  disk?.remove()
  disk = undefined
})

describe('under load, SQLite', () => {
  it('survives a full disk: reads go on, writes are answered 503 (D6)', async () => {
    disk = smallDisk(24)
    const databaseUrl = `sqlite:${path.join(disk.folder, 'scim.db')}`
    const fault = { databaseUrl, begin: disk.fill, end: disk.free }
    await survives(fault, { refuses: true, reads: 200, ready: 503 })
  })

  it('survives a disk that fails every write: reads go on, writes are answered 503 (D6)', async () => {
    // The system refuses to let a file of the process grow; Node ignores the signal.
    const limit = (size: string) => (host: StartedHost) => {
      execFileSync('prlimit', ['--pid', String(host.pid), `--fsize=${size}:unlimited`])
    }
    await survives(
      { databaseUrl: database.url, begin: limit('0'), end: limit('unlimited') },
      { refuses: true, reads: 200 },
    )
  })

  it('survives another process that holds the lock: reads go on, writes are answered 503', async () => {
    let other: Database.Database | undefined
    const fault = {
      databaseUrl: database.url,
      begin() {
        other = new Database(database.url.slice('sqlite:'.length), { timeout: 5_000 })
        other.exec('begin immediate')
      },
      end() {
        other?.close()
      },
    }
    await survives(fault, { refuses: true, reads: 200, atLeastSeconds: 7 })
  })
})
