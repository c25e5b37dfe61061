import type { Json } from '../../lib/schema/types.js'
import { type Answer, bulkUrn, patchUrn, type ServiceProvider, serve, userUrn } from './server.js'

const urn = 'urn:example:params:scim:schemas:extension:Parts'
const parts = {
  id: urn,
  name: 'Parts',
  attributes: [
    {
      name: 'items',
      type: 'complex' as const,
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'size', type: 'integer' as const },
        { name: 'fix', mutability: 'immutable' as const },
      ],
    },
    {
      name: 'keys',
      type: 'complex' as const,
      multiValued: true,
      subAttributes: [
        { name: 'value', mutability: 'immutable' as const },
        { name: 'size', type: 'integer' as const },
        { name: 'fix', mutability: 'immutable' as const },
      ],
    },
  ],
}

type Items = Json[]
type Way = (
  scim: ServiceProvider,
  person: { readonly id: string; readonly userName: string },
  name: string,
  items: Items,
) => Promise<Pick<Answer, 'status' | 'body'>>

const patching =
  (operation: (name: string, items: Items) => object): Way =>
  (scim, { id }, name, items) =>
    scim.patch(`/Users/${id}`, [operation(name, items)])

/** The ways to give a whole list. */
const ways: Readonly<Record<string, Way>> = {
  PUT: (scim, { id, userName }, name, items) =>
    scim.put(`/Users/${id}`, { schemas: [userUrn, urn], userName, [urn]: { [name]: items } }),
  'PATCH replace': patching((name, value) => ({ op: 'replace', path: `${urn}:${name}`, value })),
  'PATCH add': patching((name, value) => ({ op: 'add', path: `${urn}:${name}`, value })),
  'PATCH replace of the extension': patching((name, items) => ({
    op: 'replace',
    path: urn,
    value: { [name]: items },
  })),
  'PATCH replace without a path': patching((name, items) => ({
    op: 'replace',
    value: { [urn]: { [name]: items } },
  })),
  'PATCH add without a path': patching((name, items) => ({
    op: 'add',
    value: { [`${urn}:${name}`]: items },
  })),
  'PATCH replace of one by a filter': patching((name, [value = null]) => ({
    op: 'replace',
    path: `${urn}:${name}[value eq "1"]`,
    value,
  })),
  'PATCH in a bulk request': async (scim, { id }, name, value) => {
    const Operations = [{ op: 'add', path: `${urn}:${name}`, value }]
    const data = { schemas: [patchUrn], Operations }
    const operation = { method: 'PATCH', path: `/Users/${id}`, data }
    const { body } = await scim.post('/Bulk', { schemas: [bulkUrn], Operations: [operation] })
    const [{ status, response }] = body.Operations
    return { status: Number(status), body: response }
  },
}

async function start(name: string, items: Items) {
  const scim = await serve(undefined, { schemas: [parts], userExtensions: [{ schema: urn }] })
  const person = await scim.user('ines', { schemas: [userUrn, urn], [urn]: { [name]: items } })
  const now = async () => (await scim.get(`/Users/${person.id}`)).body
  return { scim, person, now }
}

describe.each(['items', 'keys'])('an immutable part of an element of %s', (name) => {
  describe.each(Object.entries(ways))('by %s', (_, way) => {
    it('is refused another value, and nothing changes', async () => {
      const { scim, person, now } = await start(name, [{ value: '1', fix: 'a' }])
      const { status, body } = await way(scim, person, name, [{ value: '1', fix: 'b', size: 3 }])
      expect([status, body.scimType]).toEqual([400, 'mutability'])
      expect(body.detail).toContain(`"${urn}:${name}.fix"`)
      expect(await now()).toEqual(person)
    })

    it.each([[{ fix: 'a' }], [{}], [{ fix: null }]])('stays with %j', async (sent) => {
      const { scim, person, now } = await start(name, [{ value: '1', fix: 'a' }])
      const { status } = await way(scim, person, name, [{ value: '1', size: 3, ...sent }])
      expect(status).toBe(200)
      expect((await now())[urn][name]).toEqual([{ value: '1', fix: 'a', size: 3 }])
    })

    it('can be set where it has no value', async () => {
      const { scim, person, now } = await start(name, [{ value: '1' }])
      expect((await way(scim, person, name, [{ value: '1', fix: 'b' }])).status).toBe(200)
      expect((await now())[urn][name]).toEqual([{ value: '1', fix: 'b' }])
    })
  })

  const lists = Object.entries(ways).filter(([way]) => !way.includes('filter'))

  it.each(lists)('can be set in a new element, by %s', async (_, way) => {
    const { scim, person, now } = await start(name, [{ value: '1', fix: 'a' }])
    const both = [
      { value: '1', fix: 'a' },
      { value: '2', fix: 'b' },
    ]
    expect((await way(scim, person, name, both)).status).toBe(200)
    expect((await now())[urn][name]).toEqual(both)
  })

  it('can be set anew when an operation before has removed the element', async () => {
    const { scim, person, now } = await start(name, [{ value: '1', fix: 'a' }])
    const path = `${urn}:${name}`
    const { status } = await scim.patch(`/Users/${person.id}`, [
      { op: 'remove', path: `${path}[value eq "1"]` },
      { op: 'add', path, value: [{ value: '1', fix: 'b' }] },
    ])
    expect(status).toBe(200)
    expect((await now())[urn][name]).toEqual([{ value: '1', fix: 'b' }])
  })
})

it('an element does not get the immutable part of another by taking its value', async () => {
  const items = [
    { value: '1', fix: 'a' },
    { value: '2', fix: 'b' },
  ]
  const { scim, person, now } = await start('items', items)
  const path = `${urn}:items[value eq "2"].value`
  const operations = [{ op: 'replace', path, value: '1' }]
  const { status, body } = await scim.patch(`/Users/${person.id}`, operations)
  expect([status, body.scimType]).toEqual([400, 'mutability'])
  expect(await now()).toEqual(person)
})
