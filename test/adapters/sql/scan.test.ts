import { createDatabase, lone, statement } from '../../../adapters/sql/database.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { parseFilter } from '../../../lib/filter/parse.js'
import { resolveFilter } from '../../../lib/filter/resolve.js'
import type { AuditQuery, Scope } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope, everything, userType } from '../support.js'
import { recordStatements } from './statements.js'

let database: TestDatabase
let adapters: SqlAdapters
const scope = aScope('tenant')
const page = { kind: 'index', offset: 0, limit: 10 } as const

beforeAll(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url, timeoutMs: 500 })
  const direct = createDatabase(await openSqlite(database.url.slice('sqlite:'.length), 1000))
  const comparable = JSON.stringify({ emails: [{ type: 'work', value: 'a@example.com' }] })
  const fill = sql`
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 8000)
    insert into scim_resources
      (tenant, id, resource_type, created, last_modified, version, document, comparable)
    select 'tenant', 'u' || n, 'User', n, n, 'v', json_object('id', 'u' || n),
      json_set(${comparable}, '$.userName', 'u' || n)
    from numbers`
  const addKeys = sql`
    insert into scim_lookups (tenant, resource_type, attribute, lookup_key, resource_id, is_unique)
    select tenant, 'User', 'userName', id, id, 1 from scim_resources`
  const fillLog = sql`
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 200000)
    insert into scim_audit (tenant, at, event, actor, target_id, outcome, entry)
    select 'tenant', '2026-01-01T00:00:00.000Z', 'user.patched', 'okta', 'u1', 'succeeded', '{}'
    from numbers`
  for (const each of [fill, addKeys, fillLog]) {
    await direct.alone(lone(statement(() => each)), {})
  }
  await direct.close()
})
afterAll(async () => {
  await adapters.close()
  await database.drop()
})

/** A filter that reads everybody forty times over. */
function slowly(asked: Scope = scope) {
  const terms = Array.from({ length: 40 }, (_, n) => `emails[type eq "work" and value co "${n}x"]`)
  const filter = resolveFilter(parseFilter(terms.join(' or ')), userType, { deviations: new Set() })
  return adapters.users.query(asked, { ...everything, filter, page })
}

it('goes on answering while a filter reads everybody (D3)', async () => {
  let isRunning = true
  const slow = slowly().finally(() => {
    isRunning = false
  })
  for (let reads = 0; reads < 50; reads += 1) {
    expect((await adapters.users.get(scope, `u${reads + 1}`, everything))?.id).toBe(`u${reads + 1}`)
  }
  expect(isRunning).toBe(true)
  expect(await slow).toMatchObject({ resources: [], totalResults: 0 })
})

it.each<[string, AuditQuery]>([
  ['an actor', { actor: 'nobody', limit: 10 }],
  ['an outcome', { outcome: 'failed', limit: 10 }],
  ['a time', { from: '2026-02-01T00:00:00.000Z', limit: 10 }],
  ['a time', { until: '2025-02-01T00:00:00.000Z', limit: 10 }],
  ['an event of an actor', { event: 'user.patched', actor: 'nobody', limit: 10 }],
])('goes on answering while the whole audit log is read for %s', async (_name, query) => {
  let isRunning = true
  const slow = adapters.audit.query(scope, query).finally(() => {
    isRunning = false
  })
  for (let reads = 0; reads < 20; reads += 1) {
    expect(await adapters.users.get(scope, 'u1', everything)).toBeDefined()
  }
  expect(isRunning).toBe(true)
  expect(await slow).toEqual([])
})

it('lets go of requests that end, bounds how many run at a time, and goes on afterwards (D3)', async () => {
  const leaving = new AbortController()
  const left = slowly({ ...scope, signal: leaving.signal })
  leaving.abort(new Error('The client has left.'))
  await expect(left).rejects.toMatchObject({ message: expect.stringMatching(/left|aborted/) })
  const many = await Promise.allSettled(Array.from({ length: 30 }, () => slowly()))
  const refused = many.filter(({ status }) => status === 'rejected')
  expect(many.length - refused.length).toBeGreaterThan(0)
  for (const { reason } of refused as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ name: 'UnavailableError' })
  }
  expect(refused.length).toBeGreaterThan(0)
  expect(await slowly()).toMatchObject({ totalResults: 0 })
})

it('reads everybody for a beginning that many have, and uses the index for one that few have', async () => {
  const named = async (text: string) => {
    const filter = resolveFilter(parseFilter(`userName sw "${text}"`), userType, {
      deviations: new Set(),
    })
    let total = 0
    const texts = await recordStatements(async () => {
      total = (await adapters.users.query(scope, { ...everything, filter, page })).totalResults
    })
    return { total, isByIndex: texts.some((each) => each.includes('as found cross join')) }
  }
  expect(await named('u')).toEqual({ total: 8000, isByIndex: false })
  expect(await named('u1')).toEqual({ total: 1111, isByIndex: true })
  expect(await named('u12')).toEqual({ total: 111, isByIndex: true })
})

it('reads what was written before (D3)', async () => {
  const filter = resolveFilter(parseFilter('emails.type eq "work"'), userType, {
    deviations: new Set(),
  })
  expect(await adapters.users.query(scope, { ...everything, filter, page })).toMatchObject({
    totalResults: 8000,
  })
})
