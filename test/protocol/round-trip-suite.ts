import fc from 'fast-check'
import type { Adapters } from '../../lib/stores/adapters.js'
import { everySchema } from './every-attribute.js'
import { enterpriseUrn, type ServiceProvider, serve, userUrn } from './server.js'

/** A URN with a dot in it, as those of RFC 7643 have. */
const everyUrn = 'urn:example:params:scim:schemas:extension:Every:2.0.1:User'
const every = everySchema(
  everyUrn,
  [
    { name: 'once', mutability: 'immutable' },
    { name: 'pin', mutability: 'writeOnly' },
    { name: 'asked', returned: 'request' },
  ],
  [{ name: 'plates', multiValued: true }],
)

type Values = Readonly<Record<string, fc.Arbitrary<unknown>>>
const texts = fc.constantFrom('a', 'b', 'A', 'work', 'home', 'a@x.example', '', 'é', '["a"]')
const nothing = fc.constantFrom(null, [], '', {}, [null], [{}])
const flags = fc.constantFrom(true, false, 'True', 'FALSE')
const numbers = fc.constantFrom(1, 2, null)
const some = (values: Values) => fc.record({ ...values }, { requiredKeys: [] })
const listOf = (value: fc.Arbitrary<unknown>) => fc.oneof(fc.array(value, { maxLength: 3 }), value)
const labelled = { value: texts, type: texts, primary: flags }
const elements = listOf(some({ ...labelled, display: texts }))

const ofUser: Values = {
  title: texts,
  active: flags,
  externalId: texts,
  name: some({ givenName: texts, formatted: texts }),
  emails: elements,
  phoneNumbers: elements,
  roles: elements,
  addresses: listOf(some({ locality: texts, type: texts, primary: flags })),
}
const ofEnterprise: Values = {
  department: texts,
  manager: fc.oneof(texts, fc.record({ value: texts })),
}
const ofEvery: Values = {
  text: texts,
  flag: flags,
  count: numbers,
  seen: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00'),
  tags: listOf(texts),
  levels: listOf(numbers),
  once: texts,
  pin: texts,
  asked: texts,
  place: some({ room: texts, labels: listOf(texts) }),
  owner: some({ value: texts, note: texts }),
  boxes: listOf(some({ type: texts, primary: flags, size: numbers })),
  cars: listOf(some({ ...labelled, plates: listOf(texts) })),
}
const ofParts: Values = {
  'name.givenName': texts,
  'emails.type': texts,
  'emails.primary': flags,
  [`${enterpriseUrn}:manager.value`]: texts,
  [`${everyUrn}:place.labels`]: listOf(texts),
  [`${everyUrn}:owner.note`]: texts,
  [`${everyUrn}:cars.plates`]: listOf(texts),
}

function under(urn: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, each]) => [`${urn}:${name}`, each]))
}

const byPath: Values = {
  ...ofUser,
  ...under(enterpriseUrn, ofEnterprise),
  ...under(everyUrn, ofEvery),
  ...ofParts,
}
const paths = Object.keys(byPath)

/** Filters that find again what an operation has written through them. */
const filters = ['type eq "work"', 'value eq "a"', 'primary eq "True"', 'type eq "b" and value pr']
const filtered = fc
  .tuple(
    fc.constantFrom('emails', 'phoneNumbers', 'roles', `${everyUrn}:cars`),
    fc.constantFrom(...filters),
    fc.constantFrom('', '.value', '.type', '.primary'),
  )
  .map(([list, filter, sub]) => `${list}[${filter}]${sub}`)

const fewOf = (values: Values): fc.Arbitrary<object> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(values)), { maxLength: 4 })
    .chain((names) => some(Object.fromEntries(names.map((name) => [name, values[name]!]))))

const people = fc
  .tuple(fewOf(ofUser), fewOf(ofEnterprise), fewOf(ofEvery))
  .map(([base, enterprise, own]) => ({
    ...base,
    [enterpriseUrn]: enterprise,
    [everyUrn]: own,
  }))

const setting = fc.constantFrom('add', 'replace')
const operations: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom(...paths).chain((path) =>
    fc.record({
      op: setting,
      path: fc.constant(path),
      value: fc.oneof({ weight: 4, arbitrary: byPath[path]! }, nothing),
    }),
  ),
  fc.record({ op: setting, path: filtered, value: fc.oneof(texts, flags, elements, nothing) }),
  fc.record({ op: setting, value: fc.oneof(people, fewOf(byPath)) }),
  fc.record({ op: fc.constant('remove'), path: fc.oneof(fc.constantFrom(...paths), filtered) }),
  fc.record({
    op: fc.constant('remove'),
    path: fc.constantFrom(...paths),
    value: fc.oneof(elements, nothing),
  }),
)

/** Paths whose filter may no longer find what was written, as `roles[primary eq true].primary`. */
const writesWhatItFinds = / and |\[(\w+) eq [^\]]*\]\.\1$/

/** The same without a sub-attribute: what is written, or its `value`, becomes the value found by. */
function writesValueItFinds({ path = '', value }: { path?: string; value?: unknown }): boolean {
  const hasValue = (each: unknown) =>
    typeof each === 'string' || Object.hasOwn(Object(each), 'value')
  return [value].flat().some(hasValue) && /\[value eq [^\]]*\]$/.test(path)
}

/** What may be asked for and is not shown unasked. */
const asked = `?attributes=${everyUrn}:asked`

async function look(scim: ServiceProvider, id: string) {
  const { body, headers } = await scim.get(`/Users/${id}`)
  const { body: more } = await scim.get(`/Users/${id}${asked}`)
  expect(headers.get('etag')).toBe(body.meta.version)
  return { body, version: body.meta.version, asked: more[everyUrn] }
}

function expectWellFormed(body: Readonly<Record<string, unknown>>): void {
  expect(JSON.stringify(body)).not.toMatch(/null|\[\]|\{\}/)
  const urns = [userUrn, enterpriseUrn, everyUrn].filter((urn) => urn === userUrn || body[urn])
  expect([...(body['schemas'] as string[])].sort()).toEqual(urns.sort())
  for (const list of Object.values(body).filter(Array.isArray)) {
    const primaries = list.filter(({ primary }) => primary === true)
    expect(primaries.length).toBeLessThan(2)
  }
}

/**
 * A resource is what its answers show, whatever a PATCH has made of it, on any store (RFC 7644
 * §3.5).
 */
export function roundTripSuite(make: () => Adapters | Promise<Adapters>, numRuns: number): void {
  let count = 0
  const start = async () =>
    serve(await make(), { schemas: [every], userExtensions: [{ schema: everyUrn }] })

  it('PUT of what GET shows, and the same PATCH again, change nothing', async () => {
    const scim = await start()
    await fc.assert(
      fc.asyncProperty(people, operations, async (person, operation) => {
        const created = await scim.post('/Users', { userName: `u${count++}`, ...person })
        expect(created.status).toBeLessThan(500)
        if (created.status >= 400) return
        const { id } = created.body
        const before = await look(scim, id)
        expect((await scim.put(`/Users/${id}`, before.body)).status).toBe(200)
        expect(await look(scim, id)).toEqual(before)
        const once = await scim.patch(`/Users/${id}`, [operation])
        const after = await look(scim, id)
        expectWellFormed(after.body)
        if (once.status !== 200) {
          expect([once.status, after]).toEqual([400, before])
          return
        }
        expect(once.body.meta).toEqual(after.body.meta)
        const again = await scim.patch(`/Users/${id}`, [operation])
        if (again.status !== 200) {
          // The value it has written is no longer one that its filter finds (RFC 7644 §3.5.2.3).
          if (!writesValueItFinds(operation)) {
            expect(operation).toMatchObject({ path: expect.stringMatching(writesWhatItFinds) })
          }
          expect([again.status, again.body.scimType]).toEqual([400, 'noTarget'])
        }
        expect(await look(scim, id)).toEqual(after)
        expect((await scim.put(`/Users/${id}`, after.body)).status).toBe(200)
        expect(await look(scim, id)).toEqual(after)
      }),
      { numRuns },
    )
  }, 60_000)

  it('a whole value given by a filter is the same when it is given again', async () => {
    const scim = await start()
    const { id } = await scim.user('ann', { phoneNumbers: [{ value: 'b', primary: true }] })
    const operation = { op: 'replace', path: 'phoneNumbers[type eq "work"]', value: 'b' }
    for (const _ of [1, 2]) {
      const { body } = await scim.patch(`/Users/${id}`, [operation])
      expect(body.phoneNumbers).toEqual([{ value: 'b', type: 'work' }])
    }
  })

  it('values that a PATCH has made the same are one, as they are in PUT', async () => {
    const scim = await start()
    const emails = [
      { value: 'a', type: 'work', primary: true },
      { value: 'a', type: 'home' },
    ]
    for (const operation of [
      { op: 'remove', path: 'emails.type' },
      { op: 'remove', path: 'emails[type eq "work"].type' },
      { op: 'replace', path: 'emails[type eq "work"].type', value: 'home' },
    ]) {
      const { id } = await scim.user(`u${count++}`, { emails })
      const { body } = await scim.patch(`/Users/${id}`, [operation])
      expect(body.emails).toHaveLength(1)
      expect((await scim.put(`/Users/${id}`, body)).body.meta).toEqual(body.meta)
    }
  })
}
