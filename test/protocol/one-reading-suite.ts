import fc from 'fast-check'
import type { Adapters } from '../../lib/stores/adapters.js'
import { everySchema } from './every-attribute.js'
import { bulkUrn, enterpriseUrn, patchUrn, type ServiceProvider, serve, userUrn } from './server.js'

const everyUrn = 'urn:example:params:scim:schemas:extension:Every'
const every = everySchema(everyUrn, [
  { name: 'weight', type: 'decimal' },
  { name: 'key', type: 'binary' },
  { name: 'link', type: 'reference', referenceTypes: ['external'] },
])
const options = { schemas: [every], userExtensions: [{ schema: everyUrn }] }

const extended = (urn: string, values: object): [string, unknown][] =>
  Object.entries(values).map(([name, value]) => [`${urn}:${name}`, value])

/** A value of each attribute, by its path; of one element where there are several. */
const samples: readonly [string, unknown][] = [
  ['title', 'x'],
  ['profileUrl', 'https://x.example/'],
  ['externalId', 'e'],
  ['name', { givenName: 'x' }],
  ['emails', { value: 'a@b.example', type: 'work' }],
  ['addresses', { locality: 'x', type: 'work' }],
  ['photos', { value: 'https://x.example/1' }],
  ['roles', { value: 'r', primary: true }],
  ...extended(enterpriseUrn, { department: 'x', manager: { value: 'm' } }),
  ...extended(everyUrn, {
    ...{ text: 'x', flag: true, count: 3, weight: 1.5, seen: '2026-01-01T00:00:00Z' },
    ...{ key: 'AAAA', link: 'https://x.example/', tags: 'a', levels: 1 },
    place: { room: '1', labels: ['a'] },
    owner: { value: 'm' },
    boxes: { type: 't', size: 1 },
    cars: { value: 'c', type: 'work' },
  }),
]

/** How clients write a value, or that there is none; some of it is wrong for some types. */
function spellings(value: unknown): unknown[] {
  const text = JSON.stringify(value)
  const none = [null, [], '', [null], [{}], {}, [''], [[]], { value: null }, [{ value: '' }]]
  const labels = [{ type: 'work' }, [{ type: 'work', primary: true }], [{ primary: true }]]
  const texts = [text, `[${text}]`, [text], '[]', '{}', 'null', '[null]']
  const wrapped = [[value], [value, value], [[value]], { value }, [{ value }]]
  const mixed = [[null, value], [{}, value], { unknown: 1 }, [{ unknown: 1 }, value]]
  const others = [5, 'text', true, 'True', [{ type: 'work', value: null, display: 'x' }]]
  return [value, ...none, ...labels, ...texts, ...wrapped, ...mixed, ...others, ...partsOf(value)]
}

function partsOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => [
    { ...value, [name]: null },
    [{ ...value, [name]: '' }],
    { ...value, [name]: [part] },
    { ...value, extra: 1 },
    { [name.toUpperCase()]: part },
    [value, { [name]: part }],
    [
      { ...value, primary: true },
      { ...value, [name]: 'https://other.example/', primary: 'True' },
    ],
  ])
}

const cases = fc
  .constantFrom(...samples)
  .chain(([path, sample]) =>
    fc.record({ path: fc.constant(path), value: fc.constantFrom(...spellings(sample)) }),
  )

interface Given {
  readonly path: string
  readonly value: unknown
}

let people = 0
const newName = () => `person-${people++}@acme.example`

function bodyOf({ path, value }: Given): object {
  const colon = path.lastIndexOf(':')
  if (colon < 0) return { [path]: value }
  return { [path.slice(0, colon)]: { [path.slice(colon + 1)]: value } }
}

interface Named {
  readonly status: number
  readonly id: string
}
type Way = (scim: ServiceProvider, given: Given) => Promise<Named>
const anything: Given = { path: '', value: null }

const bulk = async (scim: ServiceProvider, operation: object) => {
  const { body } = await scim.post('/Bulk', { schemas: [bulkUrn], Operations: [operation] })
  const [{ status, location }] = body.Operations
  return { status: Number(status), id: String(location).split('/').at(-1) ?? '' }
}

const patching =
  (operationOf: (given: Given) => object): Way =>
  async (scim, given) => {
    const { id } = await scim.user(newName())
    const { status } = await scim.patch(`/Users/${id}`, [operationOf(given)])
    return { status, id }
  }

/** All the ways to give somebody an attribute. */
const ways: Readonly<Record<string, Way>> = {
  POST: async (scim, given) => {
    const sent = { schemas: [userUrn], userName: newName(), ...bodyOf(given) }
    const { status, body } = await scim.post('/Users', sent)
    return { status, id: body.id }
  },
  PUT: async (scim, given) => {
    const { id } = await scim.user(newName())
    const sent = { schemas: [userUrn], userName: newName(), ...bodyOf(given) }
    return { status: (await scim.put(`/Users/${id}`, sent)).status, id }
  },
  'PATCH add with a path': patching(({ path, value }) => ({ op: 'add', path, value })),
  'PATCH replace with a path': patching(({ path, value }) => ({ op: 'replace', path, value })),
  'PATCH add': patching((given) => ({ op: 'add', value: bodyOf(given) })),
  'PATCH replace': patching((given) => ({ op: 'replace', value: bodyOf(given) })),
  'Bulk POST': (scim, given) => {
    const data = { schemas: [userUrn], userName: newName(), ...bodyOf(given) }
    return bulk(scim, { method: 'POST', path: '/Users', bulkId: 'x', data })
  },
  'Bulk PATCH': async (scim, { path, value }) => {
    const { id } = await scim.user(newName())
    const data = { schemas: [patchUrn], Operations: [{ op: 'replace', path, value }] }
    return bulk(scim, { method: 'PATCH', path: `/Users/${id}`, data })
  },
}

/** Ways to give an attribute to somebody who has a value of it. */
const overwriting: Readonly<Record<string, (id: string, given: Given) => object>> = {
  PUT: (_, given) => ({
    method: 'PUT',
    data: { schemas: [userUrn], userName: newName(), ...bodyOf(given) },
  }),
  'PATCH replace with a path': (_, { path, value }) => ({
    method: 'PATCH',
    data: { schemas: [patchUrn], Operations: [{ op: 'replace', path, value }] },
  }),
  'PATCH replace': (_, given) => ({
    method: 'PATCH',
    data: { schemas: [patchUrn], Operations: [{ op: 'replace', value: bodyOf(given) }] },
  }),
}

async function overwritten(scim: ServiceProvider, way: string, given: Given) {
  const sample = new Map(samples).get(given.path)
  const had = bodyOf({ path: given.path, value: sample })
  const { id } = await scim.user(newName(), had)
  const operation = overwriting[way]?.(id, given)
  const { status } = await bulk(scim, { ...operation, path: `/Users/${id}` })
  return seen(scim, { status, id })
}

/** Attributes of which replace takes the place of all that was there: it merges into others. */
const replaced = cases.filter(({ path }) => !/name$|manager$|place$|owner$/.test(path))

async function outcomeOf(scim: ServiceProvider, way: Way, given: Given) {
  return seen(scim, await way(scim, given))
}

async function seen(scim: ServiceProvider, { status, id }: Named) {
  expect(status).toBeLessThan(500)
  if (status >= 400) return 'refused'
  const { id: _, meta, userName, ...attributes } = (await scim.get(`/Users/${id}`)).body
  return attributes
}

const department = { [enterpriseUrn]: { department: 'Ops' } }
const manager = { [enterpriseUrn]: { manager: { value: 'm' } } }
const work = { emails: [{ value: 'a@b.example', type: 'work' }] }

/** How clients say that there is no value (RFC 7643 §2.5). */
const noValues: readonly unknown[][] = [[null], [''], [[]], [[null]], [[{ value: null }]]]

/** Ways to name an attribute, with the one of the schemas. */
const namings: readonly [object, object][] = [
  [{ [`${userUrn}:title`]: 'x' }, { title: 'x' }],
  [{ [userUrn]: { title: 'x' } }, { title: 'x' }],
  [{ 'name.givenName': 'x' }, { name: { givenName: 'x' } }],
  [
    { 'name.givenName': 'x', name: { familyName: 'y' } },
    { name: { givenName: 'x', familyName: 'y' } },
  ],
  [{ [`${userUrn}:name.givenName`]: 'x' }, { name: { givenName: 'x' } }],
  [{ [userUrn]: { 'name.givenName': 'x' } }, { name: { givenName: 'x' } }],
  [{ [`${enterpriseUrn}:department`]: 'Ops' }, department],
  [{ [`${enterpriseUrn}.department`]: 'Ops' }, department],
  [{ department: 'Ops' }, department],
  [{ [`${enterpriseUrn}:manager.value`]: 'm' }, manager],
  [{ [`${enterpriseUrn}:manager`]: 'm' }, manager],
  [{ [enterpriseUrn]: { 'manager.value': 'm' } }, manager],
  [{ manager: 'm' }, manager],
  [{ 'emails[type eq "work"].value': 'a@b.example' }, work],
  [{ [userUrn]: { 'emails[type eq "work"].value': 'a@b.example' } }, work],
  [{ 'emails.type': 'work', emails: ['a@b.example'] }, work],
  [{ 'emails[': 'x', 'name.nonsense': 'x', 'urn:x:y:z': 1, title: 'x' }, { title: 'x' }],
]

const namingWays: Readonly<
  Record<string, (scim: ServiceProvider, given: object) => Promise<Named>>
> = {
  POST: async (scim, given) => {
    const { status, body } = await scim.post('/Users', { userName: newName(), ...given })
    return { status, id: body.id }
  },
  PUT: async (scim, given) => {
    const { id } = await scim.user(newName())
    return {
      status: (await scim.put(`/Users/${id}`, { userName: newName(), ...given })).status,
      id,
    }
  },
  'PATCH add': (scim, value) => patching(() => ({ op: 'add', value }))(scim, anything),
  'PATCH replace': (scim, value) => patching(() => ({ op: 'replace', value }))(scim, anything),
  'Bulk POST': (scim, given) =>
    bulk(scim, {
      ...{ method: 'POST', path: '/Users', bulkId: 'x' },
      data: { userName: newName(), ...given },
    }),
}

/** What clients put around the attributes of a schema. */
const wrappings: readonly ((attributes: object) => unknown)[] = [
  (attributes) => attributes,
  (attributes) => [attributes],
  (attributes) => JSON.stringify(attributes),
  (attributes) => JSON.stringify([attributes]),
]

/**
 * The same meaning gives the same resource, whatever the method, on any store (RFC 7644 §3.3,
 * §3.5).
 */
export function oneReadingSuite(make: () => Adapters | Promise<Adapters>, numRuns: number): void {
  it('reads a value alike in POST, PUT, PATCH with and without a path, and Bulk', async () => {
    const scim = await serve(await make(), options)
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const posted = await outcomeOf(scim, ways['POST'] as Way, given)
        for (const way of Object.values(ways)) {
          expect(await outcomeOf(scim, way, given)).toEqual(posted)
        }
      }),
      { numRuns },
    )
  }, 60_000)

  it('reads a value alike in PUT and PATCH where there is one already', async () => {
    const scim = await serve(await make(), options)
    await fc.assert(
      fc.asyncProperty(replaced, async (given) => {
        const posted = await outcomeOf(scim, ways['POST'] as Way, given)
        for (const way of Object.keys(overwriting)) {
          expect([way, await overwritten(scim, way, given)]).toEqual([way, posted])
        }
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    )
  }, 60_000)

  it.each(Object.keys(namingWays))(
    'reads the attributes under a URN alike: %s',
    async (name) => {
      const scim = await serve(await make())
      const way = namingWays[name] as (typeof namingWays)[string]
      const outcome = async (given: object) => seen(scim, await way(scim, given))
      for (const wrap of wrappings) {
        expect(await outcome({ [userUrn]: wrap({ active: false }) })).toMatchObject({
          active: false,
        })
        expect(await outcome({ [enterpriseUrn]: wrap({ department: 'Ops' }) })).toMatchObject(
          department,
        )
      }
      for (const urn of [userUrn, enterpriseUrn]) {
        for (const none of [null, '', []]) {
          expect(await outcome({ [urn]: none })).toMatchObject({ active: true })
        }
        for (const wrong of [5, 'x', [{}, {}], true]) {
          expect(await outcome({ [urn]: wrong, title: 'x' })).toBe('refused')
        }
      }
    },
    60_000,
  )

  it.each(Object.keys(ways))('refuses two primary values in one list: %s', async (way) => {
    const scim = await serve(await make())
    const primary = true
    const value = [
      { value: 'a@b.example', primary },
      { value: 'c@d.example', type: 'work', primary },
    ]
    const given = { path: 'emails', value }
    expect(await outcomeOf(scim, ways[way] as Way, given)).toBe('refused')
  })

  it.each(Object.keys(ways))('counts two spellings of one primary value once: %s', async (way) => {
    const scim = await serve(await make())
    const value = [
      { value: 'r', primary: true },
      { value: 'r', primary: 'True' },
    ]
    const outcome = await outcomeOf(scim, ways[way] as Way, { path: 'roles', value })
    expect(outcome).toMatchObject({ roles: [{ value: 'r', primary: true }] })
  })

  it.each(noValues)('takes %j for no value of active: POST, PUT and PATCH', async (active) => {
    const scim = await serve(await make())
    const now = async (id: string) => (await scim.get(`/Users/${id}`)).body.active
    expect((await scim.user(newName(), { active })).active).toBe(true)
    for (const had of [true, false]) {
      const { id, userName } = await scim.user(newName(), { active: had })
      expect((await scim.put(`/Users/${id}`, { userName, active })).status).toBe(200)
      expect(await now(id)).toBe(had)
    }
    const naming = [{ path: 'active', value: active }, { value: { active } }]
    for (const operation of naming.flatMap((each) => [
      { op: 'add', ...each },
      { op: 'replace', ...each },
    ])) {
      const { id, userName } = await scim.user(newName())
      expect((await scim.patch(`/Users/${id}`, [operation])).status).toBe(200)
      expect(await now(id)).toBeUndefined()
      expect((await scim.put(`/Users/${id}`, { userName, active })).body.active).toBeUndefined()
    }
  })

  it.each(noValues)('refuses %j for what is required, in every method', async (value) => {
    const scim = await serve(await make())
    const user = await scim.user(newName())
    const group = await scim.group(newName())
    const answers = [
      await scim.post('/Users', { userName: value }),
      await scim.put(`/Users/${user.id}`, { userName: value }),
      await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'userName', value }]),
      await scim.patch(`/Users/${user.id}`, [{ op: 'add', value: { userName: value } }]),
      await scim.post('/Groups', { displayName: value }),
      await scim.put(`/Groups/${group.id}`, { displayName: value }),
      await scim.patch(`/Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value }]),
    ]
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400))
  })

  it.each([
    [null, 0],
    [[], 0],
    ['', 1],
    [[null], 1],
    [{}, 1],
    [[{ value: '' }], 1],
  ])(
    'takes %j in place of the members of a group alike in PUT and PATCH',
    async (members, left) => {
      const scim = await serve(await make())
      const member = (await scim.user(newName())).id
      const displayName = newName()
      const { id } = await scim.group(displayName, [member])
      const writes = [
        () => scim.put(`/Groups/${id}`, { displayName, members }),
        () => scim.patch(`/Groups/${id}`, [{ op: 'replace', path: 'members', value: members }]),
        () => scim.patch(`/Groups/${id}`, [{ op: 'replace', value: { members } }]),
      ]
      for (const write of writes) {
        expect((await write()).status >= 400).toBe(left === 1)
        expect((await scim.get(`/Groups/${id}`)).body.members).toHaveLength(left)
        await scim.put(`/Groups/${id}`, { displayName, members: [{ value: member }] })
      }
      const { status } = await scim.post('/Groups', { displayName: newName(), members })
      expect(status >= 400).toBe(left === 1)
    },
  )

  it.each(namings)(
    'reads the names of %j alike in POST, PUT, PATCH and Bulk',
    async (given, meant) => {
      const scim = await serve(await make())
      for (const way of Object.values(namingWays)) {
        const { status, id } = await way(scim, given)
        expect(status).toBeLessThan(300)
        const {
          id: _,
          meta,
          userName,
          active,
          schemas,
          ...found
        } = (await scim.get(`/Users/${id}`)).body
        expect(found).toEqual(meant)
      }
    },
  )
}
