import fc from 'fast-check'
import { ScimError } from '../../lib/errors.js'
import { applyPatch, type Patched } from '../../lib/patch/apply.js'
import { memberChange } from '../../lib/patch/members.js'
import type { PatchOperation } from '../../lib/patch/operation.js'
import { readPatch } from '../../lib/patch/read-patch.js'
import { inOneGo } from '../../lib/patch/steps.js'
import { readResource } from '../../lib/schema/read-resource.js'
import type { Json, JsonObject } from '../../lib/schema/types.js'
import {
  type Choice,
  enterprise,
  optionsOf,
  patchOp,
  resources,
  typeOf,
  warranty,
} from './fixtures.js'

const texts = fc.constantFrom('a', 'b', 'n', 'work', 'home', 'True', 'false', '', 'x@y.example')
const scalars = fc.oneof(texts, fc.boolean(), fc.constant(null), fc.integer(), fc.string())
const elements = fc.record(
  { value: texts, type: texts, primary: fc.oneof(fc.boolean(), texts), display: texts },
  { requiredKeys: [] },
)
const lists = fc.array(elements, { maxLength: 4 })
const stringLists = fc.array(texts, { maxLength: 4 })
const booleans = fc.oneof(fc.boolean(), fc.constantFrom('True', 'FALSE'))
const dates = fc.constantFrom('2027-01-01T00:00:00Z', '2026-02-28T12:00:00+01:00')
const names = fc.record({ givenName: scalars, formatted: scalars }, { requiredKeys: [] })
const places = fc.record(
  { building: texts, room: texts, labels: stringLists },
  { requiredKeys: [] },
)

/** Paths of each type, and values that may fit there. */
const fitting: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  User: {
    userName: texts,
    displayName: texts,
    nickName: texts,
    active: booleans,
    name: names,
    'name.givenName': texts,
    emails: lists,
    'emails.value': texts,
    'emails[type eq "work"]': elements,
    'emails[type eq "work"].value': texts,
    'emails[not (primary eq true)].primary': booleans,
    'emails[value sw "i" and type pr].display': texts,
    'phoneNumbers[type eq "mobile"].value': texts,
    addresses: fc.array(fc.record({ locality: texts, type: texts }), { maxLength: 3 }),
    'addresses[type eq "home"].locality': texts,
    password: fc.constantFrom('Another-secret', ''),
    schemas: fc.constantFrom([enterprise], ['urn:ietf:params:scim:schemas:core:2.0:User']),
    id: texts,
    'meta.version': texts,
    [enterprise]: fc.record({ department: texts, manager: texts }, { requiredKeys: [] }),
    [`${enterprise}:department`]: texts,
    [`${enterprise}:manager`]: fc.oneof(texts, fc.record({ value: texts })),
    'manager.value': texts,
  },
  Group: {
    displayName: texts,
    externalId: texts,
    members: fc.oneof(lists, stringLists, elements),
    'members[value eq "a"]': elements,
    'members[value eq "a" or value eq "n"]': elements,
    'members[value eq "b"].value': texts,
  },
  Device: {
    serial: texts,
    model: texts,
    pin: texts,
    firmware: texts,
    tags: stringLists,
    'tags[value eq "blue"]': texts,
    place: places,
    'place.labels': stringLists,
    'place.zone': texts,
    owners: lists,
    'owners[value eq "o1"].primary': booleans,
    'owners[value eq "o9"]': elements,
    level: fc.integer(),
    seen: dates,
    [warranty]: fc.record({ until: dates, vendor: texts }, { requiredKeys: [] }),
    [`${warranty}:until`]: dates,
  },
}

const anything = fc.oneof(scalars, elements, lists, fc.jsonValue())
const op = fc.constantFrom('add', 'remove', 'replace', 'Replace')

/**
 * A path of the type with a value that mostly fits, now and then with one that does not, or another
 * path.
 */
function placeIn(typeName: string, accepts: (path: string) => boolean = () => true) {
  const places = Object.entries(fitting[typeName]!).filter(([path]) => accepts(path))
  const fits = places.map(([path, value]) => fc.record({ path: fc.constant(path), value }))
  return fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...fits) },
    {
      weight: 1,
      arbitrary: fc.record({
        path: fc.constantFrom(...places.map(([path]) => path)),
        value: anything,
      }),
    },
    { weight: 1, arbitrary: fc.record({ path: fc.string(), value: anything }) },
  )
}

function operationOn(typeName: string): fc.Arbitrary<Json> {
  const place = placeIn(typeName)
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(op, place).map(([name, each]) => ({ op: name, ...each })) },
    { weight: 1, arbitrary: place.map(({ path }) => ({ op: 'remove', path })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('add', 'replace'), fc.array(place, { maxLength: 3 }))
        .map(([name, members]) => ({
          op: name,
          value: Object.fromEntries(members.map(({ path, value }) => [path, value])),
        })),
    },
  ) as fc.Arbitrary<Json>
}

const type = fc.constantFrom('User', 'Group', 'Device')
const request = type.chain((name) =>
  fc.tuple(fc.constant(name), fc.array(operationOn(name), { minLength: 1, maxLength: 3 })),
)
const choice: fc.Arbitrary<Choice> = fc.record({
  strict: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.boolean()),
  unknownAttributes: fc.constantFrom('ignore', 'reject', 'known'),
})

/**
 * The result, or `undefined` when a ScimError refuses it; anything else that is thrown fails the
 * property.
 */
function attempt(typeName: string, body: Json, options: Choice, resource = resources[typeName]!) {
  const effective = optionsOf(options)
  try {
    const read = readPatch(body, effective)
    return inOneGo(applyPatch(typeOf(typeName), resource, read, effective))
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return undefined
  }
}

/**
 * Whether no operation looks at what another one, or it itself, changes: only then is the second
 * time the same.
 */
function isIndependent(list: readonly Json[]): boolean {
  if (JSON.stringify(list).includes('emails[not (primary eq true)].primary')) return false
  const roots = (list as JsonObject[]).flatMap(({ path, value }) =>
    typeof path === 'string' ? [path] : Object.keys(value as JsonObject),
  )
  const attributes = roots.map((root) => root.replace(/[.[].*/s, '').toLowerCase())
  return new Set(attributes).size === attributes.length && !attributes.includes('schemas')
}

const message = (list: Json): Json => ({ schemas: [patchOp], Operations: list })

describe('PATCH with any input', () => {
  it('never throws anything but a ScimError', () => {
    fc.assert(
      fc.property(type, fc.jsonValue(), choice, (name, body, options) => {
        attempt(name, body as Json, options)
        attempt(name, message(body as Json), options)
        attempt(name, message([body as Json]), options)
      }),
    )
  })

  it('leaves the resource and the request as they were (R-PATCH-13, S-INT-04)', () => {
    fc.assert(
      fc.property(request, choice, ([name, list], options) => {
        const resource = frozen(structuredClone(resources[name]!))
        attempt(name, frozen(message(list)), options, resource)
        expect(resource).toEqual(resources[name])
      }),
      { numRuns: 1000 },
    )
  })

  it('results in a resource that is valid as a whole, or is refused (R-PATCH-54)', () => {
    fc.assert(
      fc.property(request, choice, ([name, list], options) => {
        const patched = attempt(name, message(list), options)
        if (patched !== undefined) expectValid(name, patched)
      }),
      { numRuns: 1000 },
    )
  })

  it('names exactly the attributes that differ (R-PATCH-18)', () => {
    fc.assert(
      fc.property(request, choice, ([name, list], options) => {
        const patched = attempt(name, message(list), options)
        if (patched === undefined) return
        const before = resources[name]!
        const all = new Set([...Object.keys(before), ...Object.keys(patched.resource)])
        const differing = [...all].filter(
          (key) =>
            JSON.stringify(sorted(before[key])) !== JSON.stringify(sorted(patched.resource[key])),
        )
        expect([...patched.changed].sort()).toEqual(differing.sort())
      }),
      { numRuns: 1000 },
    )
  })

  it('changes nothing when it is repeated (A5, B5)', () => {
    fc.assert(
      fc.property(
        request.filter(([, list]) => isIndependent(list)),
        ([name, list]) => {
          const once = attempt(name, message(list), {})
          if (once === undefined) return
          const twice = attempt(name, message(list), {}, once.resource)
          // What finds nothing the second time is refused, and changes nothing either.
          if (twice !== undefined) expect(twice.resource).toEqual(once.resource)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('never puts a secret into the resource (R-PATCH-44, R-USER-11)', () => {
    fc.assert(
      fc.property(fc.array(operationOn('User'), { maxLength: 3 }), choice, (list, options) => {
        const secret = [{ op: 'add', path: 'password', value: 'A-long-secret' }]
        const patched = attempt('User', message([...secret, ...list]), options)
        if (patched === undefined) return
        expect(JSON.stringify(patched.resource)).not.toContain('A-long-secret')
        expect(Object.keys(patched.secrets)).toEqual(['password'])
      }),
    )
  })
})

describe('PATCH laws', () => {
  const ids = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 6 })

  it('adding values and removing them again gives the resource back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...'vwxyz')), fc.boolean(), (added, byList) => {
        const values = added.map((id) => ({ value: id }))
        const removals = byList
          ? [{ op: 'remove', path: 'members', value: values }]
          : added.map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` }))
        const list = [{ op: 'add', path: 'members', value: values }, ...removals]
        const patched = attempt('Group', message(list), {})
        expect(patched?.resource).toEqual(resources['Group'])
        expect(patched?.changed).toEqual([])
      }),
    )
  })

  it('applying an operation twice is as applying it once', () => {
    // Where a filter chooses by what the operation changes, the second time is another question.
    const isRepeatable = (path: string) => !path.includes('[') || path.endsWith('].value')
    const repeatable = type.chain((name) => {
      const write = fc.tuple(
        fc.constantFrom('add', 'replace', 'remove'),
        placeIn(name, isRepeatable),
      )
      const removal = placeIn(name).map(({ path }) => ({ op: 'remove', path }))
      const each = fc.oneof(
        { weight: 3, arbitrary: write.map(([operator, place]) => ({ op: operator, ...place })) },
        { weight: 1, arbitrary: removal },
      ) as fc.Arbitrary<{ readonly path: string }>
      return fc.tuple(fc.constant(name), each)
    })
    fc.assert(
      fc.property(repeatable, choice, ([name, each], options) => {
        const once = attempt(name, message([each]), options)
        if (once === undefined) return
        const twice = attempt(name, message([each]), options, once.resource)
        // An element that has lost its only value is no target any more (RFC 7644 §3.5.2.3).
        if (options.strict && twice === undefined && String(each.path).includes('[')) return
        expect(twice?.resource).toEqual(once.resource)
        expect(twice?.changed).toEqual([])
        expect(attempt(name, message([each, each]), options)?.resource).toEqual(once.resource)
      }),
      { numRuns: 2000 },
    )
  })

  it('member deltas do what applying the operations to the group does (R-PATCH-51)', () => {
    const values = ids.map((list) => list.map((id) => ({ value: id })))
    const clear = fc.oneof(
      fc.record({
        op: fc.constantFrom('add', 'remove'),
        path: fc.constant('members'),
        value: values,
      }),
      fc.record({
        op: fc.constant('remove'),
        path: fc.constantFrom(...'abcn').map((id) => `members[value eq "${id}"]`),
      }),
      fc.record({ op: fc.constant('add'), value: fc.record({ members: values }) }),
      fc.record({ op: fc.constant('replace'), path: fc.constant('displayName'), value: texts }),
    ) as fc.Arbitrary<PatchOperation>
    fc.assert(
      fc.property(fc.array(clear, { maxLength: 6 }), (list) => {
        const whole = attempt('Group', message(list as unknown as Json), {})
        if (whole === undefined) return
        const options = optionsOf()
        const deltas = inOneGo(memberChange(typeOf('Group'), list, options))
        const { members, ...withoutMembers } = resources['Group']!
        const present = new Set(idsOf(members))
        for (const id of deltas?.change.add ?? []) present.add(id)
        for (const id of deltas?.change.remove ?? []) present.delete(id)
        expect([...present].sort()).toEqual(idsOf(whole.resource['members']).sort())
        const { members: _, ...rest } = whole.resource
        const others = applyPatch(typeOf('Group'), withoutMembers, deltas!.rest, options)
        expect(inOneGo(others).resource).toEqual(rest)
      }),
      { numRuns: 500 },
    )
  })
})

/**
 * Valid as a client's own resource would have to be, every deviation off; readOnly parts stay as
 * they were.
 */
function expectValid(typeName: string, { resource }: Patched): void {
  const { schema, extensions } = typeOf(typeName)
  const urns = extensions.map((extension) => extension.schema.id)
  const schemas = [schema.id, ...urns.filter((urn) => Object.hasOwn(resource, urn))]
  const options = optionsOf({ strict: true, unknownAttributes: 'reject' })
  expect(() => readResource(typeOf(typeName), { ...resource, schemas }, options)).not.toThrow()
  for (const name of ['id', 'meta', 'firmware', 'groups']) {
    expect(resource[name]).toEqual(resources[typeName]![name])
  }
  for (const each of Object.values(resource)) {
    expect(each).not.toBeNull()
    expect(each).not.toEqual([])
    expect(each).not.toEqual({})
  }
}

function idsOf(members: Json | undefined): string[] {
  return ((members ?? []) as JsonObject[]).map(({ value: id }) => String(id))
}

/** A value with the members of its objects in one order. */
function sorted(json: Json | undefined): Json | undefined {
  if (Array.isArray(json)) return json.map((each) => sorted(each)!)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)!]))
}

function frozen<T extends Json>(json: T): T {
  if (typeof json === 'object' && json !== null) {
    Object.values(json).forEach(frozen)
    Object.freeze(json)
  }
  return json
}
