import fc from 'fast-check'
import type { AttributeInput } from '../../lib/schema/types.js'
import { type ServiceProvider, serve } from './server.js'

const urn = 'urn:example:params:scim:schemas:Unseen'
const asked = { returned: 'request' as const }

const list = (
  name: string,
  subAttributes: readonly AttributeInput[],
  more: Partial<AttributeInput> = {},
): AttributeInput => ({ name, type: 'complex', multiValued: true, subAttributes, ...more })

const kinds = [{ name: 'kind' }, { name: 'note', ...asked }]
const values = [{ name: 'value' }, { name: 'type' }, { name: 'note', ...asked }]
const keys = [{ name: 'value', ...asked }, { name: 'type' }, { name: 'kind' }]
const attributes: readonly AttributeInput[] = [
  { name: 'label', required: true },
  list('parts', kinds),
  list('fixedParts', kinds, { mutability: 'immutable' }),
  list('values', values),
  list('fixedValues', values, { mutability: 'immutable' }),
  list('keys', keys),
  list('hidden', [{ name: 'kind', ...asked }]),
  list('fixedHidden', [{ name: 'kind', ...asked }], { mutability: 'immutable' }),
  list('mixed', [...kinds, { name: 'hint', ...asked }, { name: 'once', mutability: 'immutable' }]),
  list('members', [{ name: 'value', mutability: 'immutable' }, ...kinds]),
  { name: 'one', type: 'complex', subAttributes: kinds },
  { name: 'fixedOne', type: 'complex', subAttributes: kinds, mutability: 'immutable' },
]
const lists = attributes.filter(({ multiValued }) => multiValued)

/** Asks for everything, seen and unseen. */
const everything = `?attributes=label,${attributes
  .flatMap(({ name, subAttributes = [] }) => subAttributes.map((sub) => `${name}.${sub.name}`))
  .join()}`

const start = () =>
  serve(undefined, {
    schemas: [{ id: urn, name: 'Unseen', attributes }],
    resourceTypes: [{ name: 'Unseen', endpoint: '/Unseen', schema: urn }],
  })

async function create(scim: ServiceProvider, given: object) {
  const { status, body } = await scim.post('/Unseen', { schemas: [urn], label: 'l', ...given })
  expect(status).toBe(201)
  return `/Unseen/${body.id}`
}

const texts = fc.constantFrom('a', 'b', 'c')
const elementOf = ({ subAttributes = [] }: AttributeInput) =>
  fc.record(Object.fromEntries(subAttributes.map(({ name }) => [name, texts])), {
    requiredKeys: [],
  })
const resources = fc.record(
  Object.fromEntries(
    attributes.flatMap((attribute) => {
      if (!attribute.subAttributes) return []
      const element = elementOf(attribute)
      const value = attribute.multiValued ? fc.array(element, { maxLength: 4 }) : element
      return [[attribute.name, value]]
    }),
  ),
  { requiredKeys: [] },
)

describe('a PUT of what GET shows', () => {
  it('changes nothing of what it does not show', async () => {
    const scim = await start()
    await fc.assert(
      fc.asyncProperty(resources, async (given) => {
        const { members = [], ...rest } = given as Record<string, object[]>
        const whole = members.filter((member) => 'value' in member)
        const path = await create(scim, { ...rest, members: whole })
        const before = (await scim.get(path + everything)).body
        const { body: shown } = await scim.get(path)
        const put = await scim.put(path, shown)
        expect([put.status, put.body.meta]).toEqual([200, shown.meta])
        expect((await scim.get(path + everything)).body).toEqual(before)
      }),
      { numRuns: 300 },
    )
  })

  it.each(lists.map(({ name }) => name))('in another order changes nothing: %s', async (name) => {
    const scim = await start()
    const elements = ['a', 'b', 'c'].map((text) => ({ value: text, kind: text, note: `n${text}` }))
    const path = await create(scim, { [name]: elements })
    const before = (await scim.get(path + everything)).body
    const { body: shown } = await scim.get(path)
    const reversed = shown[name] && { [name]: [...shown[name]].reverse() }
    expect((await scim.put(path, { ...shown, ...reversed })).status).toBe(200)
    expect((await scim.get(path + everything)).body).toEqual(before)
  })
})

describe('a PUT that differs from what GET shows', () => {
  const mixed = [{ kind: 'a', note: 'n', hint: 'h' }, { kind: 'b', note: 'm' }, { note: 'alone' }]

  it.each([
    ['removes what it leaves out', [{ kind: 'a' }], [mixed[0], mixed[2]]],
    ['adds a new element', [{ kind: 'a' }, { kind: 'c' }], [mixed[0], { kind: 'c' }, mixed[2]]],
    [
      'changes what it names, and then also leaves out what is unseen',
      [{ kind: 'a', note: 'new' }, { kind: 'b' }],
      [{ ...mixed[0], note: 'new' }, mixed[1]],
    ],
    ['keeps only what nobody sees of a list without values', [], [mixed[2]]],
  ])('%s', async (_, sent, expected) => {
    const scim = await start()
    const path = await create(scim, { mixed })
    expect((await scim.put(path, { schemas: [urn], label: 'l', mixed: sent })).status).toBe(200)
    const { body } = await scim.get(path + everything)
    expect(body.mixed).toEqual(expected)
  })
})
