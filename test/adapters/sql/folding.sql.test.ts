import { sqlAdapters } from '../../../adapters/sql/index.js'
import type { Adapters, Group, User } from '../../../lib/stores/index.js'
import { groupUrn, serve, userUrn } from '../../protocol/server.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aGroup, aUser } from '../support.js'

const scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}
const joined = 'گروه\u200cها'
const plain = 'گروهها'
const soft = 'Daten\u00adbank@acme.example'

describe('names that an older version has stored', () => {
  let database: TestDatabase
  let adapters: Adapters
  beforeEach(async () => {
    database = await testDatabase()
    adapters = await sqlAdapters({ url: database.url, timeoutMs: 5000 })
  })
  afterEach(async () => {
    await adapters.close?.()
    await database.drop()
  })

  /** As versions did that did not leave format characters out of what is compared. */
  async function storeAsBefore(): Promise<{ user: User; group: Group }> {
    const user = { ...aUser(), userName: soft } as User
    const group = { ...aGroup(), displayName: joined } as Group
    const key = (attribute: string, text: string) => ({ attribute, key: text, unique: true })
    await adapters.users.create(scope, user, {
      keys: [key('userName', soft.toLowerCase())],
      comparable: () => ({ id: user.id, userName: soft.toLowerCase() }),
    })
    await adapters.groups.create(scope, group, {
      keys: [key('displayName', joined)],
      comparable: () => ({ id: group.id, displayName: joined }),
    })
    return { user, group }
  }

  it('are folded as new ones are: found, sorted and unique (A10)', async () => {
    const { user, group } = await storeAsBefore()
    const scim = await serve(adapters)
    for (const displayName of [joined, plain]) {
      for (const operator of ['eq', 'sw']) {
        const filter = encodeURIComponent(`displayName ${operator} "${displayName}"`)
        const { body } = await scim.get(`/Groups?filter=${filter}`)
        expect(body.Resources).toMatchObject([{ id: group.id, displayName: joined }])
      }
      const twin = await scim.post('/Groups', { schemas: [groupUrn], displayName })
      expect(twin.status).toBe(409)
    }
    const filter = encodeURIComponent('userName eq "datenbank@acme.example"')
    const found = await scim.get(`/Users?filter=${filter}&sortBy=userName`)
    expect(found.body.Resources).toMatchObject([{ id: user.id, userName: soft }])
    const twin = { schemas: [userUrn], userName: 'datenbank@acme.example' }
    expect((await scim.post('/Users', twin)).status).toBe(409)
  })

  it('keep nobody in who shares the folded name with another', async () => {
    const { user } = await storeAsBefore()
    const other = { ...aUser(), userName: 'datenbank@acme.example' } as User
    await adapters.users.create(scope, other, {
      keys: [{ attribute: 'userName', key: other.userName, unique: true }],
      comparable: () => ({ id: other.id, userName: other.userName }),
    })
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const scim = await serve(adapters)
    const off = [{ op: 'replace', path: 'active', value: false }]
    for (const { id } of [user, other]) {
      const { status, body } = await scim.patch(`/Users/${id}`, off)
      expect([status, body.active]).toEqual([200, false])
      expect((await scim.delete(`/Users/${id}`)).status).toBe(204)
    }
    warn.mockRestore()
  })
})
