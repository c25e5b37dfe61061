import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { recordStatements } from '../adapters/sql/statements.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { circleSuite } from './circle-suite.js'
import { deleteSuite } from './delete-suite.js'
import { groupOperationsSuite, groupPatchSuite } from './group-patch-suite.js'
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

describe('a circle of a bulk request, over SQL', () => circleSuite(make, 10))
describe('a query over SQL', () => querySuite(make))
describe('PATCH of a group over SQL', () => groupPatchSuite(make))
describe('several operations on a group, over SQL', () => groupOperationsSuite(make))
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

  it.each(['/Users/ID', '/Users?filter=userName%20eq%20%22INES%22'])(
    'answers GET %s with the groups of the user, in one statement',
    async (path) => {
      const scim = await serve(await make())
      const { id } = await scim.user('ines')
      const group = await scim.group('Annotators', [id])
      const read = () => scim.get(path.replace('ID', id))
      const { body } = await read()
      const [user] = body.Resources ?? [body]
      expect(user.groups).toEqual([expect.objectContaining({ value: group.id, type: 'direct' })])
      expect(await recordStatements(read)).toHaveLength(1)
    },
  )

  it('asks the query that a host has put in place of its own', async () => {
    const sql = await make()
    const { users } = sql
    const query: typeof users.query = async (scope, asked) => {
      const page = await users.query(scope, asked)
      const resources = page.resources.filter(({ userName }) => userName !== 'hidden')
      return { ...page, resources, totalResults: resources.length }
    }
    const scim = await serve({ ...sql, users: { ...users, query } })
    const hidden = await scim.user('hidden')
    const named = (name: string) => scim.get(`/Users?filter=userName%20eq%20%22${name}%22`)
    expect((await named('hidden')).body).toMatchObject({ totalResults: 0, Resources: [] })
    const { id } = await scim.user('ines')
    const group = await scim.group('Annotators', [id, hidden.id])
    const { body } = await named('ines')
    expect(body.Resources[0].groups).toEqual([expect.objectContaining({ value: group.id })])
  })

  it('reads the groups of users whom a host adds to a page', async () => {
    const sql = await make()
    const { users } = sql
    const query: typeof users.query = async (scope, asked) => {
      const page = await users.query(scope, asked)
      const all = await users.query(scope, { omit: asked.omit, page: asked.page })
      return { ...page, resources: all.resources, totalResults: all.totalResults }
    }
    const scim = await serve({ ...sql, users: { ...users, query } })
    const ids = [(await scim.user('ines')).id, (await scim.user('jo')).id]
    const group = await scim.group('Annotators', ids)
    const { body } = await scim.get('/Users?filter=userName%20eq%20%22ines%22')
    const groups = body.Resources.map((user: typeof body) => user.groups?.map(idIn))
    expect(groups).toEqual([[group.id], [group.id]])
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

function idIn({ value }: { readonly value: string }): string {
  return value
}
