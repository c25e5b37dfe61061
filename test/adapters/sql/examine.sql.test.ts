import fs from 'node:fs'
import { examineDatabase, sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { openDirectly } from '../../support/direct-database.js'
import { type TestDatabase, untouchedDatabase } from '../../support/test-database.js'

let database: TestDatabase
beforeEach(async () => {
  database = await untouchedDatabase()
})
afterEach(() => database.drop())

/** Without what depends on the server that the tests run on. */
const levels = async () => {
  const findings = await examineDatabase({ url: database.url })
  return findings
    .filter(({ code }) => code !== 'database-durable')
    .map(({ level, code }) => `${level} ${code}`)
}

/** Runs statements on the database itself. */
async function run(...statements: readonly string[]): Promise<void> {
  const direct = await openDirectly(database.url)
  for (const statement of statements) await direct.all(sql.raw(statement))
  await direct.close()
}

async function migrated(): Promise<void> {
  await (await sqlAdapters({ url: database.url })).close()
}

const isPostgres = () => database.dialect === 'postgres'

it('finds nothing wrong with a database that a host uses, and leaves nothing in it', async () => {
  const host = await sqlAdapters({ url: database.url })
  const fine = ['database-reached', 'database-tables', 'database-writable', 'database-encoding']
  expect(await levels()).toEqual(fine.map((code) => `ok ${code}`))
  await host.close()
  const direct = await openDirectly(database.url)
  expect(await direct.all(sql`select * from scim_values`)).toEqual([])
  await direct.close()
})

it('creates no tables, and no file', async () => {
  const empty = ['ok database-reached', 'warning database-tables', 'ok database-writable']
  const expected = isPostgres() ? [...empty, 'ok database-encoding'] : ['warning database-missing']
  expect(await levels()).toEqual(expected)
  expect(await levels()).toEqual(expected)
  if (!isPostgres()) expect(fs.existsSync(database.url.slice('sqlite:'.length))).toBe(false)
})

it('tells older tables from newer ones', async () => {
  await migrated()
  await run(`delete from scim_migrations where name = '009_changes'`)
  expect(await levels()).toContain('warning database-tables')
  await run(`insert into scim_migrations values ('999_future', '2030')`)
  expect(await levels()).toContain('error database-tables')
})

it('finds what cannot be written to', async () => {
  await migrated()
  const refusing = isPostgres()
    ? [
        `create function refuse() returns trigger language plpgsql as
          $$ begin raise exception 'disk full'; end $$`,
        `create trigger refuse before insert on scim_values
          for each row execute function refuse()`,
      ]
    : [
        `create trigger refuse before insert on scim_values
          begin select raise(abort, 'disk full'); end`,
      ]
  await run(...refusing)
  const findings = await examineDatabase({ url: database.url })
  const found = findings.find(({ code }) => code === 'database-read-only')
  expect([found?.level, found?.message]).toEqual(['error', expect.stringContaining('disk full')])
})

it('finds a damaged file of SQLite', async () => {
  if (isPostgres()) return
  await migrated()
  const direct = await openDirectly(database.url)
  const [audit] = await direct.all(
    sql<{ readonly page: number }>`
    select rootpage as page from sqlite_schema where name = 'scim_audit'`,
  )
  await direct.all(sql`pragma wal_checkpoint(truncate)`)
  await direct.close()
  const file = database.url.slice('sqlite:'.length)
  const bytes = fs.readFileSync(file)
  const page = 4_096
  const start = ((audit?.page ?? 0) - 1) * page
  fs.writeFileSync(file, bytes.fill(0xff, start, start + page))
  expect(await levels()).toContain('error database-damaged')
})

it('finds that nothing is counted', async () => {
  if (!isPostgres()) return
  await migrated()
  await run('drop function scim_count cascade')
  expect(await levels()).toContain('warning database-counts')
})

it('says that a database does not answer', async () => {
  const [found, ...others] = await examineDatabase({ url: 'postgres://u:secret@127.0.0.1:1/scim' })
  expect([found?.level, found?.code, others]).toEqual(['error', 'database-unusable', []])
  expect(found?.message).toMatch(/"scim" at 127\.0\.0\.1:1 cannot be reached/)
  expect(found?.message).not.toContain('secret')
})

it('tells of settings with which PostgreSQL forgets what it has committed', async () => {
  if (!isPostgres()) return
  const finding = async (word: 'on' | 'off') => {
    const name = new URL(database.url).pathname.slice(1)
    await run(`alter database ${name} set synchronous_commit = ${word}`)
    const findings = await examineDatabase({ url: database.url })
    return findings.find(({ code }) => code === 'database-durable')
  }
  expect(await finding('off')).toMatchObject({
    level: 'warning',
    message: expect.stringContaining('synchronous_commit'),
  })
  expect((await finding('on'))?.message).not.toContain('synchronous_commit')
})
