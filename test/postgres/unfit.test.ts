import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
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

it('tells that a database takes no changes, as a standby, and that it takes them again', async () => {
  adapters = await sqlAdapters({ url: database.url })
  const name = nameOf(database.url)
  const setReadOnly = async (word: 'on' | 'off') => {
    await admin.query(`alter database ${name} set default_transaction_read_only = ${word}`)
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = $1 and pid <> pg_backend_pid()`,
      [name],
    )
  }
  await setReadOnly('on')
  expect(await adapters.isWritable()).toBe(false)
  expect(await adapters.isMigrated()).toBe(true)
  await setReadOnly('off')
  await adapters.isWritable()
  expect(await adapters.isWritable()).toBe(true)
})
