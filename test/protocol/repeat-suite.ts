import fc from 'fast-check'
import type { Adapters } from '../../lib/stores/adapters.js'
import { enterpriseUrn, serve } from './server.js'

const texts = fc.constantFrom('a', 'b', 'work', '', 'x@y.example')
const values = fc.record(
  { value: texts, type: texts, primary: fc.boolean() },
  { requiredKeys: ['value'] },
)

const userValues: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  active: fc.constantFrom(true, false, 'False', [true]),
  title: texts,
  'name.givenName': texts,
  emails: fc.array(values, { maxLength: 3 }),
  'phoneNumbers[type eq "work"]': fc.oneof(values, fc.record({ display: texts })),
  'roles[primary eq "True"].value': texts,
  'addresses[type eq "work"]': fc.record({ streetAddress: texts }),
  [`${enterpriseUrn}:department`]: texts,
  [`${enterpriseUrn}.costCenter`]: texts,
  'urn:example:unknown:badge': texts,
}

function operationOn(places: Readonly<Record<string, fc.Arbitrary<unknown>>>) {
  const place = fc.oneof(
    ...Object.entries(places).map(([path, value]) => fc.record({ path: fc.constant(path), value })),
  )
  return fc.oneof(
    fc.tuple(fc.constantFrom('add', 'Replace'), place).map(([op, each]) => ({ op, ...each })),
    place.map(({ path }) => ({ op: 'remove', path })),
  )
}

/**
 * A PATCH that is sent again changes nothing, on any store (`docs/decisions.md`, repeated
 * requests).
 */
export function repeatSuite(make: () => Adapters | Promise<Adapters>): void {
  it('leaves a user as they are', async () => {
    const scim = await serve(await make())
    const { id } = await scim.user('ines')
    const operations = fc.uniqueArray(operationOn(userValues), {
      minLength: 1,
      maxLength: 3,
      selector: ({ path }) => path,
    })
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        const once = await scim.patch(`/Users/${id}`, list)
        const stored = (await scim.get(`/Users/${id}`)).body
        const twice = await scim.patch(`/Users/${id}`, list)
        expect([once.status, twice.status].every((status) => status < 500)).toBe(true)
        expect((await scim.get(`/Users/${id}`)).body).toEqual(stored)
      }),
      { numRuns: 60 },
    )
  })

  it('adds a value with another type once, beside one that has got its type before', async () => {
    const scim = await serve(await make())
    const emails = [{ value: 'a@acme.example' }]
    const { id } = await scim.user('ada', { emails })
    const [work, home] = ['work', 'home'].map((type) => ({ value: 'a@acme.example', type }))
    const add = [{ op: 'add', path: 'emails', value: [work, ...emails, home] }]
    for (let times = 0; times < 2; times += 1) {
      await scim.patch(`/Users/${id}`, add)
      expect((await scim.get(`/Users/${id}`)).body).toMatchObject({ emails: [work, home] })
    }
  })

  it('leaves a group as it is', async () => {
    const scim = await serve(await make())
    const ids = [(await scim.user('ines')).id, (await scim.user('bob')).id, 'nobody']
    const { id: group } = await scim.group('crew')
    const someone = fc.constantFrom(...ids)
    const members = fc.array(
      someone.map((value) => ({ value })),
      { minLength: 1, maxLength: 3 },
    )
    const operation = fc.oneof(
      members.map((value) => ({ op: 'add', path: 'members', value })),
      members.map((value) => ({ op: 'Remove', path: 'members', value })),
      members.map((value) => ({ op: 'replace', path: 'members', value })),
      someone.map((each) => ({ op: 'remove', path: `members[value eq "${each}"]` })),
      someone.map((each) => ({ op: 'add', path: `members[value eq "${each}"]`, value: {} })),
      texts.map((value) => ({ op: 'replace', value: { displayName: value || 'crew' } })),
    )
    await fc.assert(
      fc.asyncProperty(operation, async (each) => {
        const once = await scim.patch(`/Groups/${group}`, [each])
        const stored = (await scim.get(`/Groups/${group}`)).body
        const twice = await scim.patch(`/Groups/${group}`, [each])
        expect([once.status, twice.status].every((status) => status < 500)).toBe(true)
        expect((await scim.get(`/Groups/${group}`)).body).toEqual(stored)
      }),
      { numRuns: 60 },
    )
  })
}
