import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters, watched } from './adapters.js'
import { serve } from './server.js'
import { tenantSuite } from './tenant-suite.js'

const other = { as: 'other' }

describe.each([
  ['the memory adapters', memoryAdapters],
  ['minimal adapters', minimalAdapters],
])('two tenants over %s', (_, make) => tenantSuite(make))

it('has the tenant in the scope of every call of a store (S-AUTHZ-02)', async () => {
  const adapters = watched(memoryAdapters())
  const scim = await serve(adapters)
  const user = await scim.user('ines', {}, other)
  const group = await scim.group('Crew', [user.id], other)
  await scim.get('/', other)
  await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }], other)
  await scim.patch(`/Groups/${group.id}`, [{ op: 'remove', path: 'members' }], other)
  await scim.delete(`/Users/${user.id}`, other)
  expect(adapters.calls.length).toBeGreaterThan(10)
  for (const { name, args } of adapters.calls) {
    const [first] = args as [{ tenant: string }]
    // Not of a tenant: it says which keys exist at all.
    if (name.endsWith('.useKeys')) continue
    if (name === 'access.claim') expect(first.tenant).toBe('other')
    else if (name === 'access.settle') expect(args[1]).toMatchObject({ tenant: 'other' })
    else expect([name, first.tenant]).toEqual([name, 'other'])
  }
})

it('keeps two routers in one process apart', async () => {
  const [one, two] = [await serve(), await serve()]
  const user = await one.user('ines')
  expect((await two.get('/Users')).body.totalResults).toBe(0)
  expect((await two.user('ines')).meta.location).toContain(two.baseUrl)
  expect((await one.get(`/Users/${user.id}`)).body.meta.location).toContain(one.baseUrl)
  expect(two.events).toHaveLength(1)
})
