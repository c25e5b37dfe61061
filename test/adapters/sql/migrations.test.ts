import { createDatabase, type Database } from '../../../adapters/sql/database.js'
import type { Connection } from '../../../adapters/sql/dialects/dialect.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { isMigrated, migrate } from '../../../adapters/sql/migrations.js'
import { sql } from '../../../adapters/sql/sql.js'

let connection: Connection
let database: Database
beforeEach(async () => {
  connection = await openSqlite(':memory:', 1000)
  database = createDatabase(connection)
})
afterEach(() => database.close())

it('does nothing the second time', async () => {
  await migrate(database)
  await migrate(database)
  expect(await isMigrated(database)).toBe(true)
})

it('takes up a table of migrations that Kysely made, as versions before 0.2 did', async () => {
  await database.all(sql`create table scim_migrations
    (name varchar(255) not null primary key, timestamp varchar(255) not null)`)
  await database.all(sql`create table scim_migration_lock
    (id varchar(255) not null primary key, is_locked integer default 0 not null)`)
  await database.all(sql`insert into scim_migration_lock values ('migration_lock', 0)`)
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

it('counts what there is already when counts are added', async () => {
  await migrate(database)
  const add = (id: string, type: string) =>
    database.all(sql`insert into scim_resources values
      ('acme', ${id}, ${type}, 0, 0, '1', null, '{}', '{}')`)
  await database.all(sql`drop trigger scim_count_insert`)
  await database.all(sql`drop trigger scim_count_delete`)
  await database.all(sql`drop table scim_counts`)
  await database.all(sql`delete from scim_migrations where name = '008_counts'`)
  await add('a', 'User')
  await add('b', 'User')
  await migrate(database)
  await add('c', 'User')
  await add('d', 'Group')
  await database.all(sql`delete from scim_resources where id = 'a'`)
  const counts = await database.all(sql`
    select resource_type as type, sum(count) as count from scim_counts
    where tenant = 'acme' group by resource_type order by resource_type`)
  expect(counts).toEqual([
    { type: 'Group', count: 1 },
    { type: 'User', count: 2 },
  ])
})

it('keeps who had a role when the column of its own is added (R8)', async () => {
  await migrate(database)
  await database.all(sql`alter table scim_records drop column had_role`)
  await database.all(sql`delete from scim_migrations where name = '006_had_role'`)
  const records = [
    ['ada', { hadRole: true, notes: [] }],
    ['bob', { hadRole: false, notes: ['says "hadRole":true'] }],
  ] as const
  for (const [id, record] of records) {
    await database.all(
      sql`insert into scim_records (tenant, user_id, record)
        values ('acme', ${id}, ${JSON.stringify(record)})`,
    )
  }
  await migrate(database)
  const rows = await database.all(sql`select user_id, had_role from scim_records order by user_id`)
  expect(rows).toEqual([
    { user_id: 'ada', had_role: 1 },
    { user_id: 'bob', had_role: 0 },
  ])
})
