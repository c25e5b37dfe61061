import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, statement } from '../../../adapters/sql/database.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.drop())

const touch = statement(() => sql`update scim_rules set version = version where tenant = ''`)

/** Holds the write lock, as another process would, until the returned function is called. */
async function holdWriteLock(): Promise<() => Promise<void>> {
  const other = createDatabase(await openSqlite(database.url.slice('sqlite:'.length), 1000))
  const { promise: released, resolve: release } = deferred()
  const { promise: locked, resolve: lock } = deferred()
  const ended = other.transaction(async (session) => {
    await session.change(touch, {})
    lock()
    await released
  })
  await locked
  return async () => {
    release()
    await ended
    await other.close()
  }
}

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve: () => resolve() }
}

it('waits for another process that is writing, while this one goes on reading', async () => {
  const adapters = await sqlAdapters({ url: database.url, timeoutMs: 10_000 })
  const [scope, user, second] = [aScope(), aUser(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  const release = await holdWriteLock()
  let isStored = false
  const write = adapters.users.create(scope, second, writeOf(second)).then(() => {
    isStored = true
  })
  for (let reads = 0; reads < 20; reads += 1) {
    expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
    await delay(2)
  }
  expect(isStored).toBe(false)
  await release()
  await write
  expect(await adapters.users.get(scope, second.id, everything)).toEqual(second)
  await adapters.close()
})

it('gives up with an UnavailableError when the other process does not end in time, and works again later', async () => {
  const adapters = await sqlAdapters({ url: database.url, timeoutMs: 50 })
  const [scope, user] = [aScope(), aUser()]
  const release = await holdWriteLock()
  await expect(adapters.users.create(scope, user, writeOf(user))).rejects.toMatchObject({
    name: 'UnavailableError',
    code: 'ERR_SCIM_UNAVAILABLE',
    message: 'The database cannot answer now.',
  })
  await release()
  await adapters.users.create(scope, user, writeOf(user))
  await adapters.close()
})

it('reads only what is committed, before, during and after a transaction of its own', async () => {
  const migrated = await sqlAdapters({ url: database.url })
  await migrated.close()
  const own = createDatabase(await openSqlite(database.url.slice('sqlite:'.length), 1000))
  const note = statement(
    () => sql`insert into scim_rules (tenant, version, rules) values ('new', 1, '{}')`,
  )
  const noted = sql`select tenant from scim_rules where tenant = 'new'`
  const found = async () => (await own.all(noted)).length
  expect(await found()).toBe(0)
  await own.transaction(async (session) => {
    await session.change(note, {})
    expect(await found()).toBe(0)
  })
  expect(await found()).toBe(1)
  await own.close()
})

describe('a write that gave up because another process was writing', () => {
  const scope = aScope()

  /** Two hosts on one database, and somebody who is in. */
  async function twoHosts() {
    const options = { url: database.url, timeoutMs: 300 }
    const [own, other] = [await sqlAdapters(options), await sqlAdapters(options)]
    const user = aUser({ userName: 'ann@example.com', active: true })
    await other.users.create(scope, user, writeOf(user))
    await other.access.saveRecord(scope, {
      ...{ userId: user.id, applied: [], deferred: [], notes: [], hadRole: false },
      ...{ account: { id: '7', origin: 'created' }, at: '2026-01-01T00:00:00.000Z' },
    })
    const isIn = async () => (await own.groups.personByAccount?.(scope, '7'))?.access?.active
    expect(await isIn()).toBe(true)
    const putOut = async () => {
      const out = { ...user, active: false, meta: { ...user.meta, version: 'next' } }
      const expectedVersion = user.meta.version
      await other.users.replace(scope, out, { ...writeOf(out), expectedVersion })
    }
    const close = async () => {
      await own.close()
      await other.close()
    }
    return { own, other, isIn, putOut, close }
  }
  type Hosts = Awaited<ReturnType<typeof twoHosts>>
  const claim = ({ own }: Hosts) => own.access.claim({ owner: 'own', limit: 1, leaseMs: 1_000 })

  it.each<[string, (hosts: Hosts) => Promise<unknown>]>([
    [
      'in a transaction',
      ({ own }) => {
        const second = aUser()
        return own.users.create(scope, second, writeOf(second))
      },
    ],
    ['of one statement', claim],
  ])('%s lets the host see what others commit', async (_, write) => {
    const hosts = await twoHosts()
    await hosts.own.access.mark(scope, ['x'])
    const release = await holdWriteLock()
    await expect(write(hosts)).rejects.toThrow()
    await release()
    expect(await hosts.isIn()).toBe(true)
    await hosts.putOut()
    expect(await hosts.isIn()).toBe(false)
    await hosts.close()
  })

  it('takes nothing back that is written after it', async () => {
    const hosts = await twoHosts()
    const { own, other, close } = hosts
    await own.access.mark(scope, ['x'])
    const release = await holdWriteLock()
    await expect(claim(hosts)).rejects.toThrow()
    await release()
    await own.access.setValue(scope, 'name', 'kept')
    expect(await other.access.getValue(scope, 'name')).toBe('kept')
    await claim(hosts)
    expect(await own.access.getValue(scope, 'name')).toBe('kept')
    await close()
  })
})
