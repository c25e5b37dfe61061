import { startJavaClient } from '../java-client.js'
import { describeLife, person, type StartClient } from '../life.js'

describe('the client of SCIM-SDK 1.30.0 against the example host', () => {
  const start: StartClient = (baseUrl, token) => startJavaClient('scim-sdk', baseUrl, token)
  const life = describeLife(start, { patchesAnyVersion: true })

  it('lists everybody by itself', async () => {
    const { total, resources } = await life.client().do('all', { type: 'User' })
    expect([total, resources.length]).toEqual([6, 6])
  })

  it('searches by POST', async () => {
    const found = await life
      .client()
      .do('search', { type: 'User', attribute: 'userName', value: 'c', count: 3 })
    expect(found).toMatchObject({ success: true, total: 5 })
    expect(found.resources).toHaveLength(3)
  })

  it('creates people and their group in one bulk request', async () => {
    const operations = [
      { method: 'POST', path: '/Users', bulkId: 'dan', data: person('dan') },
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'duo',
        data: { displayName: 'duo', members: [{ value: 'bulkId:dan' }] },
      },
    ]
    const belief = await life.client().do('bulk', { operations })
    expect(belief.success).toBe(true)
    const statuses = belief.resource.Operations.map(({ status }: { status: unknown }) => status)
    expect(statuses.map(Number)).toEqual([201, 201])
    const [duo] = await life.server().groupsNamed('duo')
    expect(await life.server().memberNames(duo.id)).toEqual(['dan@corp.example'])
  })
})
