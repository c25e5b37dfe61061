import { memoryAdapters } from '../../adapters/memory/index.js'
import { oneReadingSuite } from './one-reading-suite.js'
import { groupUrn, serve, userUrn } from './server.js'

describe('keys that are paths, in POST and PUT', () => {
  it('are unknown attributes where pathlessDottedKeys is off', async () => {
    const scim = await serve(memoryAdapters(), { deviations: { pathlessDottedKeys: false } })
    const user = await scim.user('a', { 'name.givenName': 'x', [`${userUrn}:title`]: 'x' })
    expect([user.name, user.title]).toEqual([undefined, undefined])
  })

  it('are refused beside the same attribute under its name', async () => {
    const scim = await serve()
    const twice = { userName: 'a', title: 'x', [`${userUrn}:title`]: 'y' }
    expect((await scim.post('/Users', twice)).body.scimType).toBe('invalidSyntax')
  })

  it('count as named: an emptied list of members empties the group also with putWithoutMembers', async () => {
    const scim = await serve(memoryAdapters(), { putWithoutMembers: 'keep' })
    const group = await scim.group('g', [(await scim.user('a')).id])
    for (const members of [{ [`${groupUrn}:members`]: [] }, { [groupUrn]: { members: [] } }]) {
      const kept = await scim.put(`/Groups/${group.id}`, { displayName: 'g' })
      expect(kept.body.members).toHaveLength(1)
      const { body } = await scim.put(`/Groups/${group.id}`, { displayName: 'g', ...members })
      expect(body.members).toEqual([])
      await scim.put(`/Groups/${group.id}`, { displayName: 'g', members: group.members })
    }
  })

  it('may name the password and what is required', async () => {
    const scim = await serve()
    const sent = { [`${userUrn}:userName`]: 'ann', [`${userUrn}:password`]: 's3cret-Pass' }
    const { status, body } = await scim.post('/Users', sent)
    expect([status, body.userName, body.password]).toEqual([201, 'ann', undefined])
    expect((await scim.post('/Users', { 'name.givenName': 'x' })).body.scimType).toBe(
      'invalidValue',
    )
  })
})

describe('one reading of values, in memory', () => oneReadingSuite(() => memoryAdapters(), 80))
