import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, writeOf } from '../adapters/support.js'
import { type TestDatabase, untouchedDatabase } from '../support/test-database.js'

let database: TestDatabase
let admin: pg.Client
let adapters: SqlAdapters | undefined
beforeEach(async () => {
  database = await untouchedDatabase()
  admin = new pg.Client({ connectionString: database.url })
  admin.on('error', () => {})
  await admin.connect()
})
afterEach(async () => {
  await adapters?.close()
  adapters = undefined
  await admin.end()
  await database.drop()
})

const nameOf = (url: string) => new URL(url).pathname.slice(1)

async function inEncoding(encoding: string): Promise<string> {
  const name = `${nameOf(database.url)}_other`
  await admin.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`)
  return `${database.url}_other`
}

const dropOther = () => admin.query(`drop database ${nameOf(database.url)}_other with (force)`)

it.each(['LATIN1', 'EUC_JP'])('refuses a database in %s, and says what to do', async (encoding) => {
  const url = await inEncoding(encoding)
  await expect(sqlAdapters({ url })).rejects.toMatchObject({
    code: 'ERR_SCIM_DATABASE',
    message: expect.stringMatching(`has the encoding ${encoding}.*encoding 'UTF8'`),
  })
  await dropOther()
})

it('takes a database in SQL_ASCII, which keeps any name', async () => {
  adapters = await sqlAdapters({ url: await inEncoding('SQL_ASCII') })
  const scope = { tenant: 'tenant', actor: 'test', requestId: '1', signal: AbortSignal.any([]) }
  await adapters.access.setValue(scope, 'one', 'Zoë 山田 🙂')
  expect(await adapters.access.getValue(scope, 'one')).toBe('Zoë 山田 🙂')
  await adapters.close()
  adapters = undefined
  await dropOther()
})

const setReadOnly = (word: 'on' | 'off') =>
  admin.query(`alter database ${nameOf(database.url)} set default_transaction_read_only = ${word}`)

const endConnections = () =>
  admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = $1 and pid <> pg_backend_pid()`,
    [nameOf(database.url)],
  )

it('tells that a database takes no changes, as a standby, and that it takes them again', async () => {
  adapters = await sqlAdapters({ url: database.url })
  await setReadOnly('on')
  await endConnections()
  expect(await adapters.isWritable()).toBe(false)
  expect(await adapters.isMigrated()).toBe(true)
  await setReadOnly('off')
  await endConnections()
  await adapters.isWritable()
  expect(await adapters.isWritable()).toBe(true)
})

it('starts as a role that may change rows only, once the tables are there', async () => {
  await (await sqlAdapters({ url: database.url })).close()
  const role = `${nameOf(database.url)}_app`
  await admin.query(`create role ${role} login;
    revoke create on schema public from public;
    grant select, insert, update, delete on all tables in schema public to ${role};
    grant usage on all sequences in schema public to ${role}`)
  const url = Object.assign(new URL(database.url), { username: role })
  adapters = await sqlAdapters({ url: url.href })
  const [scope, user] = [aScope(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  await adapters.users.delete(scope, user.id, {})
  expect(await adapters.isWritable()).toBe(true)
  await adapters.close()
  adapters = undefined
  await admin.query(`drop owned by ${role}; drop role ${role}`)
})

it('stores again once the database takes changes, though nobody ends its connections', async () => {
  adapters = await sqlAdapters({ url: database.url, poolSize: 2 })
  const { access } = adapters
  const scope = { tenant: 'tenant', actor: 'test', requestId: '1', signal: AbortSignal.any([]) }
  await setReadOnly('on')
  await endConnections()
  const store = () => access.setValue(scope, 'one', 'stored')
  // One failure for each connection that was lost, and for each new one.
  for (const _ of [1, 2, 3, 4]) {
    await expect(store()).rejects.toMatchObject({ code: 'ERR_SCIM_UNAVAILABLE' })
  }
  await setReadOnly('off')
  for (const _ of [1, 2]) await store().catch(() => {})
  await store()
  expect(await access.getValue(scope, 'one')).toBe('stored')
})
