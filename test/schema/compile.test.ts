import { ConfigurationError } from '../../lib/errors.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { resolvePath } from '../../lib/schema/paths.js'
import type { AttributeInput, SchemaOptions } from '../../lib/schema/types.js'
import { cpuMs } from '../support/cpu-time.js'

const urn = 'urn:example:schemas:2.0:Badge'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const part = { type: 'complex', subAttributes: [{ name: 'x' }] } as const

/** A User extension with these attributes. */
const extension = (...attributes: unknown[]) =>
  ({
    schemas: [{ id: urn, name: 'Badge', attributes: attributes as AttributeInput[] }],
    userExtensions: [{ schema: urn }],
  }) satisfies SchemaOptions
const withId = (id: string): SchemaOptions => ({
  schemas: [{ id, name: 'Badge', attributes: [{ name: 'x' }] }],
  userExtensions: [{ schema: id }],
})
const device = { name: 'Device', endpoint: '/Devices', schema: urn }
const withType = (more: object): SchemaOptions => ({
  schemas: [{ id: urn, name: 'Badge', attributes: [{ name: 'x' }] }],
  resourceTypes: [{ ...device, ...more }],
})
/** Something with a shape that the types forbid, as a host without TypeScript gives it. */
const untyped = (options: unknown) => options as SchemaOptions

function refusal(options: SchemaOptions): string | undefined {
  try {
    compileResourceTypes(options)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toHaveProperty('code', 'ERR_SCIM_SCHEMA')
    return (error as Error).message
  }
  return undefined
}

describe("a host's own schemas", () => {
  it('become part of the resource types and of /Schemas (R-SCH-10, R-DISC-02)', () => {
    const { byName, schemas, types } = compileResourceTypes({
      schemas: [
        { id: urn, name: 'Badge', attributes: [{ name: 'number', uniqueness: 'server' }] },
        { id: 'urn:example:2.0:Device', name: 'Device', attributes: [{ name: 'serial' }] },
      ],
      userExtensions: [{ schema: urn.toUpperCase(), required: true }],
      groupExtensions: [{ schema: urn }],
      resourceTypes: [
        {
          name: 'Device',
          endpoint: '/Devices',
          schema: 'urn:example:2.0:Device',
          schemaExtensions: [{ schema: urn }, { schema: enterprise }],
        },
      ],
    })
    expect(types.map(({ name }) => name)).toEqual(['User', 'Group', 'Device'])
    expect(schemas.map(({ id }) => id)).toEqual(
      expect.arrayContaining([urn, 'urn:example:2.0:Device']),
    )
    const [, badge] = byName.get('User')!.extensions
    expect(badge).toMatchObject({ required: true, schema: { id: urn } })
    for (const name of ['User', 'Group', 'Device']) {
      const path = resolvePath(byName.get(name)!, `${urn}:NUMBER`)
      expect(path).toMatchObject({ extension: urn, attribute: { uniqueness: 'server' } })
      expect(byName.get(name)!.lookups).toContainEqual(
        expect.objectContaining({ name: `${urn}:number`, unique: true }),
      )
    }
    expect(resolvePath(byName.get('Device')!, 'serial')).toBeDefined()
    expect(resolvePath(byName.get('Device')!, 'externalId')).toBeDefined()
  })

  it('get the defaults of the RFC (R-TYPE-20)', () => {
    const { byName } = compileResourceTypes(
      extension({ name: 'a' }, { name: 'b', mutability: 'writeOnly' }),
    )
    expect(resolvePath(byName.get('User')!, `${urn}:a`)?.attribute).toEqual({
      name: 'a',
      type: 'string',
      multiValued: false,
      description: '',
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    })
    expect(resolvePath(byName.get('User')!, `${urn}:b`)?.attribute?.returned).toBe('never')
  })

  it('may be what /Schemas and /ResourceTypes of another service provider answer', () => {
    const [schema] = extension({ name: 'a' }).schemas
    const copied = { ...schema, schemas: ['urn:x:y'], meta: { resourceType: 'Schema' } }
    const type = { ...device, id: 'Device', schemas: ['urn:x:y'], meta: {} }
    expect(refusal(untyped({ schemas: [copied], resourceTypes: [type] }))).toBeUndefined()
  })

  it('do not change what another router has', () => {
    compileResourceTypes({ ...extension({ name: 'a' }), uniqueGroupNames: true })
    const { byName } = compileResourceTypes()
    expect(resolvePath(byName.get('User')!, `${urn}:a`)).toBeUndefined()
    expect(byName.get('Group')!.attributes.get('displayname')?.uniqueness).toBe('none')
  })
})

describe('schemas that contradict themselves', () => {
  const sub = (more: object) => extension({ name: 'p', type: 'complex', subAttributes: [more] })

  const rows: [string, SchemaOptions, string, string][] = [
    ['an empty name', extension({ name: '' }), 'attributes[0]', 'R-TYPE-21'],
    ['a name with a space', extension({ name: 'a b' }), 'attributes[0]', 'R-TYPE-21'],
    ['a name with a dot', extension({ name: 'a.b' }), 'attributes[0]', 'R-TYPE-21'],
    ['a name with a colon', extension({ name: 'a:b' }), 'attributes[0]', 'R-TYPE-21'],
    ['a name that begins with a digit', extension({ name: '1a' }), 'attributes[0]', 'R-TYPE-21'],
    [
      '$ref outside of a complex attribute',
      extension({ name: '$ref' }),
      'attributes[0]',
      'R-TYPE-21',
    ],
    ['an inherited name', extension({ name: 'constructor' }), 'attributes[0]', 'S-INP-02'],
    [
      'an inherited name in another case',
      extension({ name: 'TOSTRING' }),
      'attributes[0]',
      'S-INP-02',
    ],
    ['__proto__', extension({ name: '__proto__' }), 'attributes[0]', 'S-INP-01'],
    ['one name twice', extension({ name: 'a' }, { name: 'A' }), 'attributes[1]', 'R-SCH-09'],
    ['a common attribute', extension({ name: 'externalID' }), 'attributes[0]', 'R-SCH-10'],
    ['an attribute of User', extension({ name: 'username' }), 'userExtensions[0]', 'R-SCH-10'],
    [
      'complex without sub-attributes',
      extension({ name: 'a', type: 'complex' }),
      'attributes[0]',
      'R-SCH-04',
    ],
    [
      'sub-attributes without complex',
      extension({ ...part, name: 'a', type: 'string' }),
      'attributes[0]',
      'R-SCH-04',
    ],
    ['complex in complex', sub({ name: 'b', type: 'complex' }), 'subAttributes[0]', 'R-TYPE-10'],
    ['sub-attributes of sub-attributes', sub({ ...part, name: 'b' }), 'subAttributes', 'R-TYPE-10'],
    [
      'unique complex',
      extension({ ...part, name: 'a', uniqueness: 'server' }),
      'attributes[0]',
      'R-TYPE-22',
    ],
    [
      'unique boolean',
      extension({ name: 'a', type: 'boolean', uniqueness: 'global' }),
      'attributes[0]',
      'R-TYPE-22',
    ],
    [
      'unique dateTime',
      extension({ name: 'a', type: 'dateTime', uniqueness: 'server' }),
      'attributes[0]',
      'R-TYPE-22',
    ],
    [
      'case-exact integer',
      extension({ name: 'a', type: 'integer', caseExact: true }),
      'attributes[0]',
      'R-TYPE-22',
    ],
    [
      'references of a string',
      extension({ name: 'a', referenceTypes: ['uri'] }),
      'attributes[0]',
      'R-SCH-06',
    ],
    [
      'a reference to nothing known',
      extension({ name: 'a', type: 'reference', referenceTypes: ['Dog'] }),
      'referenceTypes',
      'R-SCH-06',
    ],
    [
      'referenceTypes that are no array',
      extension({ name: 'a', type: 'reference', referenceTypes: 'User' }),
      'referenceTypes',
      'R-SCH-06',
    ],
    [
      'canonical values of a boolean',
      extension({ name: 'a', type: 'boolean', canonicalValues: ['x'] }),
      'attributes[0]',
      'R-SCH-09',
    ],
    [
      'writeOnly and returned',
      extension({ name: 'a', mutability: 'writeOnly', returned: 'always' }),
      'attributes[0]',
      'R-SCH-08',
    ],
    [
      'readOnly and never returned',
      extension({ name: 'a', mutability: 'readOnly', returned: 'never' }),
      'attributes[0]',
      'R-SCH-09',
    ],
    [
      'readOnly and required',
      extension({ name: 'a', mutability: 'readOnly', required: true }),
      'attributes[0]',
      'R-SCH-09',
    ],
    [
      'writeOnly and required',
      extension({ name: 'a', mutability: 'writeOnly', required: true }),
      'attributes[0]',
      'R-SCH-09',
    ],
    [
      'a secret within a complex attribute',
      sub({ name: 'b', returned: 'never' }),
      'subAttributes[0]',
      'R-SCH-09',
    ],
    ['primary that is no boolean', sub({ name: 'primary' }), 'subAttributes[0]', 'R-SCH-09'],
    ['an unknown type', extension({ name: 'a', type: 'float' }), 'attributes[0].type', 'R-SCH-03'],
    [
      'an unknown mutability',
      extension({ name: 'a', mutability: 'readonly' }),
      'mutability',
      'R-SCH-05',
    ],
    ['an unknown returned', extension({ name: 'a', returned: 'no' }), 'returned', 'R-SCH-05'],
    ['an unknown uniqueness', extension({ name: 'a', uniqueness: true }), 'uniqueness', 'R-SCH-05'],
    [
      'a misspelt characteristic',
      extension({ name: 'a', mutabilty: 'readOnly' }),
      'mutabilty',
      'R-SCH-09',
    ],
    ['an attribute without a name', extension({}), 'attributes[0]', 'R-SCH-02'],
    ['no attributes', extension(), 'schemas[0].attributes', 'R-SCH-01'],
    ['schemas that are no array', untyped({ schemas: {} }), 'schemas', 'R-SCH-10'],
    ['a URL as id', withId('https://example.com/schema'), 'schemas[0].id', 'R-SCH-10'],
    ['a URN with a space', withId('urn:example:a b'), 'schemas[0].id', 'R-SCH-10'],
    ['a URN without a name', withId('urn:example:'), 'schemas[0].id', 'R-SCH-10'],
    [
      'a core schema again',
      withId('urn:ietf:params:scim:schemas:core:2.0:User'),
      'schemas[0].id',
      'R-SCH-10',
    ],
    [
      'a message schema',
      withId('urn:ietf:params:scim:api:messages:2.0:Mine'),
      'schemas[0].id',
      'R-DISC-07',
    ],
    [
      'one URN twice',
      { schemas: [...extension({ name: 'a' }).schemas, ...extension({ name: 'b' }).schemas] },
      'schemas[1].id',
      'R-SCH-10',
    ],
    [
      'a schema nobody uses',
      { schemas: extension({ name: 'a' }).schemas },
      'schemas[0]',
      'R-DISC-09',
    ],
    [
      'an extension without a schema',
      { userExtensions: [{ schema: 'urn:example:none' }] },
      'userExtensions[0].schema',
      'R-DISC-09',
    ],
    [
      'an extension twice',
      { ...extension({ name: 'a' }), userExtensions: [{ schema: urn }, { schema: urn }] },
      'userExtensions[1].schema',
      'R-RT-04',
    ],
    [
      'Enterprise User again',
      { userExtensions: [{ schema: enterprise }] },
      'userExtensions[0].schema',
      'R-RT-04',
    ],
    [
      'a resource type without a schema',
      { resourceTypes: [device] },
      'resourceTypes[0].schema',
      'R-DISC-09',
    ],
    [
      'a second type of users',
      { resourceTypes: [{ ...device, schema: 'urn:ietf:params:scim:schemas:core:2.0:User' }] },
      'resourceTypes[0].schema',
      'R-RT-03',
    ],
    [
      'an extension that is the base',
      withType({ schemaExtensions: [{ schema: urn }] }),
      'schemaExtensions[0].schema',
      'R-RT-04',
    ],
    ['a name that is taken', withType({ name: 'user' }), 'resourceTypes[0].name', 'R-RT-03'],
    [
      'a name that is no path segment',
      withType({ name: '../x' }),
      'resourceTypes[0].name',
      'R-RT-01',
    ],
    [
      'an endpoint that is taken',
      withType({ endpoint: '/users' }),
      'resourceTypes[0].endpoint',
      'R-RT-03',
    ],
    [
      'a reserved endpoint',
      withType({ endpoint: '/Bulk' }),
      'resourceTypes[0].endpoint',
      'R-RT-03',
    ],
    [
      'an endpoint without a slash',
      withType({ endpoint: 'Devices' }),
      'resourceTypes[0].endpoint',
      'R-RT-01',
    ],
    [
      'an endpoint with parameters',
      withType({ endpoint: '/Devices/:id' }),
      'resourceTypes[0].endpoint',
      'R-RT-01',
    ],
    [
      'two types of one name',
      { ...withType({}), resourceTypes: [device, { ...device, endpoint: '/Other' }] },
      'resourceTypes[1].name',
      'R-RT-03',
    ],
    [
      'two types at one endpoint',
      { ...withType({}), resourceTypes: [device, { ...device, name: 'Other' }] },
      'resourceTypes[1].endpoint',
      'R-RT-03',
    ],
  ]

  it.each(rows.map(([what, options, place, id]) => ({ title: `${what} (${id})`, options, place })))(
    'are refused when the router is built: $title',
    ({ options, place }) => {
      const message = refusal(options)
      expect(message).toContain(place)
      // After the place, it says what is wrong.
      expect(message).toMatch(/^Option \S+( \("[^"]*"\))?(: attributes\S+ \(.*\))? [a-z].{9,}\.$/)
    },
  )

  it('name the place and what to do (R-SCH-09, R-SCH-10, R-TYPE-10, R-TYPE-21, R-TYPE-22, R-RT-03, R-DISC-09)', () => {
    expect(
      refusal(extension({ name: 'a' }, { name: 'b', type: 'boolean', uniqueness: 'server' })),
    ).toBe(
      'Option schemas[0].attributes[1] ("b") is unique, which values of its type cannot ' +
        'be; leave "uniqueness" out.',
    )
  })
})

describe('hostile names', () => {
  it('of 50 KB are refused quickly (S-DOS-04)', () => {
    const time = (piece: string) => {
      const text = `urn:example:${piece.repeat(50_000)} `
      return cpuMs(() => {
        expect(refusal(withId(text))).toBeDefined()
        expect(refusal(extension({ name: text }))).toBeDefined()
        expect(refusal(withType({ endpoint: text }))).toBeDefined()
      })
    }
    for (const piece of ['a', '-', '$', ':', 'urn:', '%', '/']) {
      expect(time(piece)).toBeLessThan(500)
    }
  })
})
