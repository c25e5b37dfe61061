import pg from 'pg'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { untouchedDatabase } from '../support/test-database.js'

/** As it was before migration 009. */
const withoutChanges = `
  create or replace function scim_count() returns trigger language plpgsql as $$
    declare
      changed scim_resources;
      step integer := 1;
    begin
      if tg_op = 'DELETE' then changed := old; step := -1; else changed := new; end if;
      insert into scim_counts as kept (tenant, resource_type, slot, count)
      values (changed.tenant, changed.resource_type, pg_backend_pid() % 64, step)
      on conflict (tenant, resource_type, slot) do update set count = kept.count + step;
      return null;
    end $$;
  alter table scim_counts drop column changes;
  delete from scim_migrations where name = '009_changes';`

/** As it was before migration 006, on a machine that takes long to change a record. */
const slowToUpgrade = `
  alter table scim_records drop column had_role;
  delete from scim_migrations where name = '006_had_role';
  insert into scim_records (tenant, user_id, record) values ('t', 'u', '{"hadRole":true}');
  create function slowly() returns trigger language plpgsql as
    $$ begin perform pg_sleep(3); return new; end $$;
  create trigger slowly before update on scim_records for each row execute function slowly()`

it('takes as long as it must, and lets other hosts wait', async () => {
  const database = await untouchedDatabase()
  const { url } = database
  await (await sqlAdapters({ url })).close()
  const watcher = new pg.Client({ connectionString: url })
  await watcher.connect()
  await watcher.query(slowToUpgrade)

  // The server ends other statements after 1.5 s, and other waits for a lock after 0.5 s.
  const hosts = await Promise.all([0, 1].map(() => sqlAdapters({ url, timeoutMs: 500 })))
  const { rows } = await watcher.query('select user_id, had_role from scim_records')
  expect(rows).toEqual([{ user_id: 'u', had_role: 1 }])
  await Promise.all([watcher.end(), ...hosts.map((host) => host.close())])
  await database.drop()
})

it('does not wait long for somebody who keeps a table', async () => {
  const database = await untouchedDatabase()
  const { url } = database
  await (await sqlAdapters({ url })).close()
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query(withoutChanges)
  await other.query('begin; lock table scim_resources in access exclusive mode')
  await expect(sqlAdapters({ url, timeoutMs: 500 })).rejects.toThrow(
    expect.objectContaining({ name: 'UnavailableError' }),
  )
  await other.query('rollback')
  await (await sqlAdapters({ url })).close()
  await other.end()
  await database.drop()
})

it('waits for transactions of a host that does not count changes yet', async () => {
  const database = await untouchedDatabase()
  const old = await sqlAdapters({ url: database.url })
  const scope = aScope()
  const users = [aUser(), aUser(), aUser()]
  for (const user of users) await old.users.create(scope, user, writeOf(user))
  await old.close()
  const [session, watcher] = [0, 1].map(
    () => new pg.Client({ connectionString: database.url }),
  ) as [pg.Client, pg.Client]
  await Promise.all([session.connect(), watcher.connect()])
  await session.query(withoutChanges)
  await session.query('begin')
  await session.query('delete from scim_resources where id = $1', [users[0]?.id])

  let isOpen = false
  const opening = sqlAdapters({ url: database.url }).finally(() => {
    isOpen = true
  })
  const waiting = `
    select 1 from pg_locks where not granted and relation = 'scim_resources'::regclass`
  while (!isOpen && (await watcher.query(waiting)).rows.length === 0);
  expect(isOpen).toBe(false)
  await session.query('commit')

  const adapters = await opening
  const page = { kind: 'index', offset: 0, limit: 10 } as const
  const { totalResults, resources } = await adapters.users.query(scope, { ...everything, page })
  expect([totalResults, resources.length]).toEqual([2, 2])
  const { rows } = await watcher.query('select sum(changes)::int as changes from scim_counts')
  await adapters.users.delete(scope, String(users[1]?.id), {})
  const after = await watcher.query('select sum(changes)::int as changes from scim_counts')
  expect(after.rows[0].changes - rows[0].changes).toBe(1)
  await Promise.all([session.end(), watcher.end(), adapters.close()])
  await database.drop()
})
