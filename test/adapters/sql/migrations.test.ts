import { Migrator, sql } from 'kysely'
import { createDatabase, type Database } from '../../../adapters/sql/database.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { isMigrated, migrate } from '../../../adapters/sql/migrations.js'

let database: Database
beforeEach(async () => {
  database = createDatabase(await openSqlite(':memory:', 1000))
})
afterEach(() => database.close())

it('does nothing the second time', async () => {
  await migrate(database)
  await migrate(database)
  expect(await isMigrated(database)).toBe(true)
})

it('takes up a table of migrations that Kysely made, as versions before 0.2 did', async () => {
  const migrator = new Migrator({
    db: database.kysely,
    provider: { getMigrations: async () => ({}) },
    migrationTableName: 'scim_migrations',
    migrationLockTableName: 'scim_migration_lock',
  })
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  await migrate(database)
  expect(await isMigrated(database)).toBe(true)
})

it('refuses a database that a newer version has upgraded', async () => {
  await migrate(database)
  await database.all(sql`insert into scim_migrations values ('999_future', '2030')`)
  await expect(migrate(database)).rejects.toMatchObject({
    code: 'ERR_SCIM_DATABASE',
    message: expect.stringContaining('999_future'),
  })
})

it('leaves nothing behind when it fails halfway, and succeeds at the next start', async () => {
  await database.all(sql`create table scim_audit (x text)`)
  await expect(migrate(database)).rejects.toThrow('scim_audit')
  await database.all(sql`drop table scim_audit`)
  await migrate(database)
  expect(await isMigrated(database)).toBe(true)
})
