import { memoryAdapters } from '../../adapters/memory/index.js'
import { enterpriseUrn, groupUrn, serve, userUrn } from '../protocol/server.js'

/** What docs/decisions.md says and no other test shows over HTTP. */

describe('two groups of one name', () => {
  const crew = { schemas: [groupUrn], displayName: 'CREW' }

  it('conflict, in any case, also by a rename (R-GROUP-03)', async () => {
    const scim = await serve()
    await scim.group('Crew')
    const other = await scim.group('Staff')
    const answers = [
      await scim.post('/Groups', crew),
      await scim.put(`/Groups/${other.id}`, crew),
      await scim.patch(`/Groups/${other.id}`, [
        { op: 'replace', path: 'displayName', value: 'crew' },
      ]),
    ]
    for (const { status, body } of answers) {
      expect({ status, scimType: body.scimType }).toEqual({ status: 409, scimType: 'uniqueness' })
    }
  })

  it('are two groups where the host has it so (R-GROUP-03, R-GROUP-02)', async () => {
    const scim = await serve(memoryAdapters(), { uniqueGroupNames: false })
    await scim.group('Crew')
    expect((await scim.post('/Groups', crew)).status).toBe(201)
  })
})

describe('two people of one externalId', () => {
  it('are the business of the client, and conflict only where the host has it so (R-COMMON-08)', async () => {
    const twin = { schemas: [userUrn], userName: 'noor', externalId: 'E-1' }
    for (const [options, status] of [
      [{}, 201],
      [{ uniqueExternalIds: true }, 409],
    ] as const) {
      const scim = await serve(memoryAdapters(), options)
      await scim.user('ines', { externalId: 'E-1' })
      expect((await scim.post('/Users', twin)).status).toBe(status)
    }
  })
})

describe('unknown attributes', () => {
  it.each([
    ['ignore', 201, 201],
    ['known', 201, 400],
    ['reject', 400, 400],
  ] as const)(
    'with %s: one of RFC 7643 that the type lacks gives %s, one of nobody gives %s (R-COMMON-16)',
    async (unknownAttributes, standard, foreign) => {
      const scim = await serve(memoryAdapters(), { unknownAttributes })
      const user = { schemas: [userUrn], userName: 'ines' }
      expect((await scim.post('/Users', { ...user, members: [] })).status).toBe(standard)
      const other = { ...user, userName: 'noor', shoeSize: 42 }
      expect((await scim.post('/Users', other)).status).toBe(foreign)
    },
  )
})

describe('a manager', () => {
  it('may be somebody unknown, kept as text, and is linked when it is a user (R-ENT-04)', async () => {
    const scim = await serve()
    const [boss, user] = [await scim.user('boss'), await scim.user('ines', managedBy('later'))]
    expect(user[enterpriseUrn].manager).toEqual({ value: 'later' })
    await scim.put(`/Users/${user.id}`, { userName: 'ines', ...managedBy(boss.id) })
    const { body } = await scim.get(`/Users/${user.id}`)
    expect(body[enterpriseUrn].manager).toEqual({ value: boss.id, $ref: boss.meta.location })
  })

  it('who is deleted stays as text, and the people they managed are unchanged (R-ENT-04, R-DEL-06)', async () => {
    const scim = await serve()
    const boss = await scim.user('boss')
    const user = await scim.user('ines', managedBy(boss.id))
    await scim.delete(`/Users/${boss.id}`)
    const { body } = await scim.get(`/Users/${user.id}`)
    expect(body[enterpriseUrn].manager).toEqual({ value: boss.id })
    expect(body.meta.version).toBe(user.meta.version)
  })
})

const managedBy = (value: string) => ({
  schemas: [userUrn, enterpriseUrn],
  [enterpriseUrn]: { manager: { value } },
})

describe('attributes that are made when a resource is read', () => {
  it.each([
    'groups.value co "x"',
    'groups[value eq "x" and type eq "direct"]',
    'meta.location eq "x"',
    'groups pr',
  ])('cannot be filtered by: %s', async (filter) => {
    const { status, body } = await (await serve()).get(
      `/Users?filter=${encodeURIComponent(filter)}`,
    )
    expect({ status, scimType: body.scimType }).toEqual({
      status: 400,
      scimType: 'invalidFilter',
    })
  })
})
