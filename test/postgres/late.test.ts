import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { UnavailableError } from '../../lib/adapter/index.js'
import { emptyRecord } from '../../lib/stores/empty-record.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type HoldingProxy, holdingProxy } from '../support/holding-proxy.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'

const timeoutMs = 500
const now = '2026-03-01T00:00:00.000Z'
const user = aUser()
const group = aGroup({})
const scope = aScope()

let database: TestDatabase
let proxy: HoldingProxy
/** The host whose statements come late, and another one. */
let host: SqlAdapters
let other: SqlAdapters
let admin: pg.Client

beforeEach(async () => {
  database = await testDatabase()
  admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
  await admin.query(pretending)
  proxy = await holdingProxy(database.url)
  host = await sqlAdapters({ url: proxy.url, timeoutMs })
  other = await sqlAdapters({ url: database.url })
  await other.users.create(scope, user, writeOf(user))
  await other.groups.create(scope, group, writeOf(group))
})
afterEach(async () => {
  await proxy.close()
  await Promise.all([host.close(), other.close(), admin.end()])
  await database.drop()
})

/** A clock of the database that can be set. */
const pretending = `
  create schema pretended;
  create table pretended.shift (seconds integer);
  insert into pretended.shift values (0);
  create function pretended.clock_timestamp() returns timestamptz language sql volatile as
    'select pg_catalog.clock_timestamp() + make_interval(secs => seconds) from pretended.shift';
  do $$ begin
    execute format('alter database %I set search_path = pretended, pg_catalog, public',
      current_database());
  end $$`

const setClock = (seconds: number) =>
  admin.query('update pretended.shift set seconds = $1', [seconds])

function change(adapters: SqlAdapters, names: { add?: string[]; remove?: string[] }) {
  const outbox = { pending: [user.id], audit: [] }
  const members = { add: [], remove: [], ...names }
  return adapters.groups.changeMembers?.(scope, group.id, members, { now, outbox })
}

async function memberIds(): Promise<readonly string[]> {
  const found = await other.groups.get(scope, group.id, everything)
  return (found?.members ?? []).map(({ value }) => value)
}

/** A change that never arrives in time, and what the identity provider does once it was refused. */
async function late(lateWork: () => unknown, then: () => unknown, text?: string): Promise<void> {
  proxy.hold(text)
  await expect(lateWork()).rejects.toThrow(UnavailableError)
  await then()
  await proxy.deliver()
}

const addUser = () => change(host, { add: [user.id] })
const removeUser = () => change(other, { remove: [user.id] })

it('adds nobody to a group after it has refused to, even if nobody was removed meanwhile', async () => {
  await late(addUser, removeUser)
  expect(await memberIds()).toEqual([])
})

it('adds nobody again who was removed meanwhile', async () => {
  const repeat = async () => {
    await change(other, { add: [user.id] })
    await removeUser()
  }
  await late(addUser, repeat)
  expect(await memberIds()).toEqual([])
})

it('removes nobody who was added meanwhile', async () => {
  await change(other, { add: [user.id] })
  const repeat = async () => {
    await removeUser()
    await change(other, { add: [user.id] })
  }
  await late(() => change(host, { remove: [user.id] }), repeat)
  expect(await memberIds()).toEqual([user.id])
})

it('keeps what was stored meanwhile: values, records and marks', async () => {
  const record = { ...emptyRecord(user.id, new Date(now)), email: 'new@example.com' }
  await other.access.setValue(scope, 'one', 'before')
  await other.access.saveRecord(scope, record)
  await late(
    () => host.access.setValue(scope, 'one', 'late'),
    () => other.access.setValue(scope, 'one', 'new'),
  )
  await late(
    () => host.access.setValues?.(scope, new Map([['one', 'late']])),
    () => {},
  )
  await late(
    () => host.access.setValue(scope, 'one', undefined),
    () => {},
  )
  await late(
    () => host.access.saveRecord(scope, emptyRecord(user.id, new Date(now))),
    () => {},
  )
  await late(
    () => host.access.deleteRecord(scope, user.id),
    () => {},
  )
  await other.access.mark(scope, [user.id])
  const claim = { owner: 'late', limit: 1, leaseMs: 60_000 }
  await late(
    () => host.access.claim(claim),
    () => {},
  )
  expect(await other.access.getValue(scope, 'one')).toBe('new')
  expect(await other.access.getRecord(scope, user.id)).toEqual(record)
  expect(await other.access.claim({ ...claim, owner: 'new' })).toHaveLength(1)
}, 60_000)

it('creates nobody whose COMMIT comes after it has refused to', async () => {
  const created = aUser()
  await late(
    () => host.users.create(scope, created, writeOf(created)),
    () => {},
    'commit',
  )
  expect(await other.users.get(scope, created.id, everything)).toBeUndefined()
})

it('tells of a lost connection only when what was sent can no longer have effect', async () => {
  await addUser()
  await removeUser()
  proxy.hold()
  const startedAt = performance.now()
  const refused = expect(addUser()).rejects.toThrow(UnavailableError)
  await new Promise((resolve) => setTimeout(resolve, 50))
  proxy.cut()
  await refused
  expect(performance.now() - startedAt).toBeGreaterThan(timeoutMs - 5)
  await removeUser()
  await proxy.deliver()
  expect(await memberIds()).toEqual([])
})

it.each([
  ['forward', 3_600],
  ['back', -3_600],
])('goes on when the clock of the database is set %s', async (_name, seconds) => {
  await addUser()
  await setClock(seconds)
  await change(host, { remove: [user.id] })
  expect(await memberIds()).toEqual([])
  await addUser()
  expect(await memberIds()).toEqual([user.id])
  await host.access.setValue(scope, 'one', 'two')
  expect(await other.access.getValue(scope, 'one')).toBe('two')
})

it('adds nobody late when the clock of the database was set back meanwhile', async () => {
  const setBack = async () => {
    await removeUser()
    await setClock(-3_600)
  }
  await late(addUser, setBack)
  expect(await memberIds()).toEqual([])
})
