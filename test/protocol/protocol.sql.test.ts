import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { deleteSuite } from './delete-suite.js'
import { groupPatchSuite } from './group-patch-suite.js'
import { hostSchemasSuite } from './host-schemas-suite.js'
import { oneReadingSuite } from './one-reading-suite.js'
import { passedOverSuite } from './passed-over-suite.js'
import { querySuite } from './query-suite.js'
import { repeatSuite } from './repeat-suite.js'
import { roundTripSuite } from './round-trip-suite.js'
import { bulkUrn, enterpriseUrn, groupUrn, serve, userUrn } from './server.js'
import { tenantSuite } from './tenant-suite.js'

const opened: { adapters: Adapters; database: TestDatabase }[] = []

async function make(): Promise<Adapters> {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  opened.push({ adapters, database })
  return adapters
}

afterEach(async () => {
  for (const { adapters, database } of opened.splice(0)) {
    await adapters.close?.()
    await database.drop()
  }
})

describe('a query over SQL', () => querySuite(make))
describe('PATCH of a group over SQL', () => groupPatchSuite(make))
describe('the schemas of a host, over SQL', () => hostSchemasSuite(make))
describe('DELETE over SQL', () => deleteSuite(make))
describe('what is passed over, over SQL', () => passedOverSuite(make))
describe('one reading of values, over SQL', () => oneReadingSuite(make, 30))
describe('a PATCH that is repeated, over SQL', () => repeatSuite(make))
describe('round trips, over SQL', () => roundTripSuite(make, 40))
describe('two tenants over SQL', () => tenantSuite(make))

describe('over SQL', () => {
  it('creates one of 30 equal resources posted at the same time (S-INT-01, R-CREATE-05)', async () => {
    const scim = await serve(await make())
    const ines = { schemas: [userUrn], userName: 'ines@acme.example' }
    const answers = await Promise.all(Array.from({ length: 30 }, () => scim.post('/Users', ines)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(29)
  })

  it('lets one of 10 writers with the same version win (S-INT-03)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('ines')
    const headers = { 'If-Match': user.meta.version }
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        scim.patch(`/Users/${user.id}`, [{ op: 'add', path: 'title', value: `${index}` }], {
          headers,
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(9)
  })

  it('carries out a bulk request with references (R-BULK-11, R-BULK-12)', async () => {
    const scim = await serve(await make())
    const post = (path: string, bulkId: string, data: object) => ({
      method: 'POST',
      path,
      bulkId,
      data,
    })
    const group = (bulkId: string, member: string) =>
      post('/Groups', bulkId, {
        schemas: [groupUrn],
        displayName: bulkId,
        members: [{ value: `bulkId:${member}` }],
      })
    const { body } = await scim.post('/Bulk', {
      schemas: [bulkUrn],
      Operations: [
        group('a', 'b'),
        group('b', 'a'),
        group('c', 'u'),
        post('/Users', 'u', {
          schemas: [userUrn],
          userName: 'u',
          [enterpriseUrn]: { manager: { value: 'bulkId:v' } },
        }),
        post('/Users', 'v', { schemas: [userUrn], userName: 'v', displayName: 'V' }),
      ],
    })
    const statuses = body.Operations.map(({ status }: { status: string }) => status)
    expect(statuses).toEqual(['201', '201', '201', '201', '201'])
    const id = body.Operations[3].location.split('/').at(-1)
    const { body: user } = await scim.get(`/Users/${id}`)
    expect(user[enterpriseUrn].manager.displayName).toBe('V')
    expect(user.groups).toMatchObject([{ display: 'c', type: 'direct' }])
  })

  it('ends access before it acknowledges, and marks who is to be looked at (S-ATO-08)', async () => {
    const adapters = await make()
    const scim = await serve(adapters)
    const scope = {
      tenant: 'acme',
      actor: 'test',
      requestId: 'test',
      signal: new AbortController().signal,
    }
    const user = await scim.user('ines')
    const pending = await adapters.access?.listPending(scope, { offset: 0, limit: 9 })
    expect(pending?.map(({ userId }) => userId)).toEqual([user.id])
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }])
    expect((await adapters.access?.getRecord(scope, user.id))?.enforced).toBe('deprovisioned')
    expect(await adapters.access?.listPending(scope, { offset: 0, limit: 9 })).toEqual([])
    expect((await scim.delete(`/Users/${user.id}`)).status).toBe(204)
    const log = await adapters.audit?.query(scope, { limit: 9 })
    expect(log?.map(({ event }) => event)).toContain('user.deleted')
  })
})
