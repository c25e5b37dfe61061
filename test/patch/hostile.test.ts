import fc from 'fast-check'
import { ScimError } from '../../lib/errors.js'
import { applyPatch } from '../../lib/patch/apply.js'
import { memberChange } from '../../lib/patch/members.js'
import { readPatch } from '../../lib/patch/read-patch.js'
import { inOneGo } from '../../lib/patch/steps.js'
import type { Json } from '../../lib/schema/types.js'
import { type Choice, enterprise, optionsOf, patchOp, resources, typeOf } from './fixtures.js'

/** What a hostile path or key may hope to reach, also written with escapes that JSON decodes. */
const names = [
  '__proto__',
  '__proto__.polluted',
  '\\u005f_proto__.polluted',
  '__PROTO__.polluted',
  'constructor',
  'constructor.prototype',
  'constructor.prototype.polluted',
  'prototype.polluted',
  'toString',
  'toString.polluted',
  'valueOf.polluted',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  '__defineGetter__',
  '__lookupSetter__',
  'name.__proto__',
  'name.__proto__.polluted',
  'name.constructor',
  'emails.__proto__',
  'emails[type eq \\"work\\"].__proto__',
  'emails[type eq \\"work\\"].constructor',
  'emails[__proto__ eq \\"x\\"].value',
  'emails[constructor pr].value',
  'members[__proto__ eq \\"x\\"]',
  'urn:__proto__',
  'urn:__proto__:polluted',
  `${enterprise}:__proto__`,
  `${enterprise}:constructor.prototype`,
  `${enterprise}:manager.__proto__`,
  `${enterprise}.__proto__.polluted`,
  '[\\"__proto__\\"]',
  '$ref.__proto__',
].map((text) => JSON.parse(`"${text}"`) as string)

/** An object with one member of its own, whatever its name. */
function withKey(key: string, value: Json): Json {
  return JSON.parse(`{${JSON.stringify(key)}: ${JSON.stringify(value)}}`) as Json
}

const values: readonly Json[] = [
  'polluted',
  withKey('__proto__', { polluted: true }),
  [{ value: 'x' }],
]

/** Operations that use a name in every place where a client can write one. */
function operationsWith(name: string): Json[] {
  const byPath = values.flatMap((value) =>
    ['add', 'replace', 'remove'].map((op) => ({ op, path: name, value })),
  )
  const places = values.flatMap((value) => {
    const object = withKey(name, value)
    return [
      { op: 'add', value: object },
      { op: 'replace', value: { [enterprise]: object } },
      { op: 'replace', path: enterprise, value: object },
      { op: 'add', path: 'name', value: object },
      { op: 'replace', path: 'emails', value: [object] },
      { op: 'add', path: 'emails[type eq "work"]', value: object },
      { op: 'add', path: 'members', value: [object] },
      { op: 'remove', path: 'emails', value: [object] },
      withKey(name, value),
    ]
  })
  const inText = [
    { op: 'add', path: 'schemas', value: [name] },
    { op: name, path: 'title', value: 'T' },
    { op: 'remove', path: 'members', value: [name] },
  ]
  return [...byPath, { op: 'remove', path: name }, ...places, ...inText]
}

const shared = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  Map,
  Set,
  Date,
  RegExp,
  Error,
  ScimError,
].flatMap((builtIn) => [builtIn, builtIn.prototype as object])

/**
 * The own properties of what all objects share, down to the functions and what those hold; flat, to
 * compare by identity.
 */
function snapshot(
  objects: readonly object[] = [...shared, JSON, Math, Reflect],
  depth = 2,
): unknown[] {
  return objects.flatMap((object) =>
    Reflect.ownKeys(object).flatMap((key) => {
      const property = { ...Object.getOwnPropertyDescriptor(object, key) }
      const held = property.value as unknown
      const inner = typeof held === 'function' && depth > 0 ? snapshot([held], depth - 1) : []
      return [key, ...Object.values(property), ...inner]
    }),
  )
}

/** `undefined` when it was refused; the resource otherwise. */
function attempt(type: string, operation: Json, choice: Choice): Json | undefined {
  const options = optionsOf(choice)
  try {
    const operations = readPatch({ schemas: [patchOp], Operations: [operation] }, options)
    inOneGo(memberChange(typeOf(type), operations, options))
    return inOneGo(applyPatch(typeOf(type), resources[type]!, operations, options)).resource
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    expect(error.status).toBe(400)
    return undefined
  }
}

describe('names that JavaScript objects inherit', () => {
  it.each(names)(
    '%s is refused wherever a PATCH can name it (S-INP-01, I-15, I-16, P1, G9)',
    (name) => {
      const before = snapshot()
      for (const operation of operationsWith(name)) {
        for (const type of ['User', 'Group', 'Device']) {
          for (const unknownAttributes of ['known', 'reject', 'ignore'] as const) {
            const resource = attempt(type, operation, { unknownAttributes })
            if (resource !== undefined) expectHarmless(type, operation, resource)
          }
        }
      }
      const after = snapshot()
      expect(after.findIndex((each, index) => !Object.is(each, before[index]))).toBe(-1)
      expect(after).toHaveLength(before.length)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    },
  )

  it.each(['known', 'reject'] as const)(
    'are no keys of a value (%s, S-INP-01)',
    (unknownAttributes) => {
      for (const name of names) {
        const operation = { op: 'replace', value: withKey(name, { polluted: true }) }
        expect(attempt('User', operation, { unknownAttributes })).toBeUndefined()
      }
    },
  )

  it('are no paths (S-INP-01, S-INP-02)', () => {
    for (const name of names) {
      for (const op of ['add', 'replace', 'remove']) {
        expect(attempt('User', { op, path: name, value: 'x' }, {})).toBeUndefined()
      }
    }
  })

  it('lead nowhere in any random path (S-INP-02)', () => {
    const inherited = Object.getOwnPropertyNames(Object.prototype)
    const part = fc.oneof(fc.constantFrom(...inherited, 'emails', 'name', 'value'), fc.string())
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(path, fc.jsonValue(), (text, value) => {
        const operation = { op: 'add', path: text, value: value as Json }
        const resource = attempt('User', operation, { unknownAttributes: 'ignore' })
        if (resource !== undefined) expectHarmless('User', operation, resource)
        return !('polluted' in Object.prototype)
      }),
    )
  })
})

/** The only members are those that schemas define. */
function expectHarmless(type: string, operation: Json, resource: Json): void {
  const known = new Set([...typeOf(type).attributes.values()].map(({ name }) => name))
  for (const { schema } of typeOf(type).extensions) known.add(schema.id)
  const unknown = Object.keys(resource as object).filter((name) => !known.has(name))
  expect([operation, unknown]).toEqual([operation, []])
  expect(Object.getPrototypeOf(resource)).toBe(Object.prototype)
}
