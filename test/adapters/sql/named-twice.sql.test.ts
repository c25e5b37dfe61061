import { groupUrn, serve, userUrn } from '../../protocol/server.js'
import { sqlStores } from '../../support/sql-stores.js'

const stores = sqlStores()

it('finds once whom a filter names several times', async () => {
  const scim = await serve(stores().adapters)
  const made = await scim.post('/Users', { schemas: [userUrn], userName: 'ada', externalId: 'A' })
  const { id } = made.body
  const group = { schemas: [groupUrn], displayName: 'Team', members: [{ value: id }] }
  const { id: groupId } = (await scim.post('/Groups', group)).body
  const terms = {
    Users: [`id eq "${id}"`, 'userName eq "ADA"', 'externalId eq "A"', `groups eq "${groupId}"`],
    Groups: [`id eq "${groupId}"`, 'displayName eq "team"', `members eq "${id}"`],
  }
  for (const [endpoint, named] of Object.entries(terms)) {
    for (const one of named) {
      for (const other of named) {
        const filter = encodeURIComponent(`${one} or ${other}`)
        const { body } = await scim.get(`/${endpoint}?filter=${filter}`)
        expect({ one, other, total: body.totalResults, found: body.Resources?.length }).toEqual({
          ...{ one, other },
          total: 1,
          found: 1,
        })
      }
    }
  }
})
