import { labelStudioAdapters } from '../../../adapters/label-studio/index.js'
import { filtered } from '../../protocol/query-suite.js'
import { serve } from '../../protocol/server.js'
import { sqlStores } from '../../support/sql-stores.js'

const stores = sqlStores()
const urn = 'urn:example:staff'

/** A schema in which badges are unique, or not. */
const badges = (uniqueness: 'none' | 'server') => {
  const attributes = [{ name: 'badge', type: 'string', uniqueness }]
  const schema = { id: urn, name: 'Staff', attributes }
  return { schemas: [schema], userExtensions: [{ schema: urn }] } as never
}

it('finds people by an attribute that was not unique when they were stored', async () => {
  const { adapters: storage } = stores()
  const before = await serve(storage, badges('none'))
  const { id } = await before.user('ada@example.com', { [urn]: { badge: '7' } })
  const url = 'http://127.0.0.1:1'
  const adapters = labelStudioAdapters({ url, token: 'a'.repeat(40), storage })
  const after = await serve(adapters, badges('server'))
  const { body } = await after.get(`/Users?${filtered(`${urn}:badge eq "7"`)}`)
  expect(body.Resources).toMatchObject([{ id }])
})
