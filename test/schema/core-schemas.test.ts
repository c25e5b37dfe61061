import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { AttributeDefinition, SchemaDefinition } from '../../lib/schema/types.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const { types, byName, schemas } = compileResourceTypes()
const schema = (id: string) => schemas.find((each) => each.id === id) as SchemaDefinition

/** The definition at a dotted path of a schema. */
function at(id: string, path: string): AttributeDefinition {
  const [name, sub] = path.split('.')
  const attribute = schema(id).attributes.find((each) => each.name === name)
  const definition = sub ? attribute?.subAttributes?.find((each) => each.name === sub) : attribute
  if (!definition) throw new Error(`${id} has no ${path}`)
  return definition
}
const subNames = (id: string, path: string) => at(id, path).subAttributes?.map(({ name }) => name)
const everything = schemas.flatMap(({ id, attributes }) =>
  attributes.flatMap((attribute) => [
    { id, isSub: false, attribute },
    ...(attribute.subAttributes ?? []).map((sub) => ({ id, isSub: true, attribute: sub })),
  ]),
)

describe('the schemas', () => {
  it('are those of the RFC, resources and discovery alike (R-DISC-11, R-USER-01, R-GROUP-01, R-ENT-01)', () => {
    expect(schemas.map(({ id }) => id)).toEqual([
      `${core}:User`,
      `${core}:Group`,
      enterprise,
      `${core}:ServiceProviderConfig`,
      `${core}:ResourceType`,
      `${core}:Schema`,
    ])
  })

  it('do not list messages (R-DISC-07)', () => {
    for (const { id } of schemas) expect(id).not.toContain(':api:')
  })

  it('give every attribute all its characteristics (R-SCH-01, R-SCH-02, R-SCH-05, R-TYPE-20)', () => {
    for (const { attribute } of everything) {
      expect(attribute).toEqual({
        name: expect.stringMatching(/^(\$ref|[A-Za-z][A-Za-z0-9$_-]*)$/),
        type: expect.stringMatching(
          /^(string|boolean|decimal|integer|dateTime|binary|reference|complex)$/,
        ),
        multiValued: expect.any(Boolean),
        description: expect.stringMatching(/./),
        required: expect.any(Boolean),
        caseExact: expect.any(Boolean),
        mutability: expect.stringMatching(/^(readOnly|readWrite|immutable|writeOnly)$/),
        returned: expect.stringMatching(/^(always|never|default|request)$/),
        uniqueness: expect.stringMatching(/^(none|server|global)$/),
        ...('canonicalValues' in attribute && { canonicalValues: expect.any(Array) }),
        ...('referenceTypes' in attribute && { referenceTypes: expect.any(Array) }),
        ...('subAttributes' in attribute && { subAttributes: expect.any(Array) }),
      })
    }
  })

  it('have sub-attributes in complex attributes only, and none of them complex (R-SCH-04, R-TYPE-10)', () => {
    for (const { attribute, isSub } of everything) {
      expect(attribute.type === 'complex').toBe(attribute.subAttributes !== undefined)
      if (isSub) expect(attribute.type).not.toBe('complex')
    }
  })

  it('have referenceTypes in references only, as arrays (R-SCH-06)', () => {
    for (const { attribute } of everything) {
      if (attribute.type === 'reference')
        expect(attribute.referenceTypes?.length).toBeGreaterThan(0)
      else expect(attribute.referenceTypes).toBeUndefined()
    }
  })

  it('make references and binary values case-exact, nothing without case (R-TYPE-06, R-TYPE-07, R-TYPE-22)', () => {
    for (const { attribute } of everything) {
      if (['reference', 'binary'].includes(attribute.type)) expect(attribute.caseExact).toBe(true)
      if (!['reference', 'binary', 'string'].includes(attribute.type)) {
        expect(attribute.caseExact).toBe(false)
      }
    }
  })

  it('make nothing unique but userName and the names of resource types (R-TYPE-22)', () => {
    const unique = everything.filter(({ attribute }) => attribute.uniqueness !== 'none')
    expect(unique.map(({ attribute }) => attribute.name)).toEqual(['userName', 'name', 'endpoint'])
  })
})

describe('the User schema', () => {
  const user = `${core}:User`

  it('has the attributes of RFC 7643 §8.7.1 (R-USER-05)', () => {
    expect(schema(user).attributes.map(({ name }) => name)).toEqual(
      `userName name displayName nickName profileUrl title userType preferredLanguage locale
      timezone
       active password emails phoneNumbers ims photos addresses groups entitlements roles
       x509Certificates`.split(/\s+/),
    )
  })

  it('requires userName and nothing else (R-USER-02)', () => {
    expect(at(user, 'userName')).toMatchObject({
      type: 'string',
      required: true,
      caseExact: false,
      mutability: 'readWrite',
      uniqueness: 'server',
    })
    const required = everything.filter(({ id, attribute }) => id === user && attribute.required)
    expect(required.map(({ attribute }) => attribute.name)).toEqual(['userName'])
  })

  it('never returns the password (R-USER-11)', () => {
    expect(at(user, 'password')).toMatchObject({ mutability: 'writeOnly', returned: 'never' })
  })

  it.each([
    ['name', 'formatted familyName givenName middleName honorificPrefix honorificSuffix'],
    ['emails', 'value display type primary'],
    ['phoneNumbers', 'value display type primary'],
    ['ims', 'value display type primary'],
    ['photos', 'value display type primary'],
    ['addresses', 'formatted streetAddress locality region postalCode country type primary'],
    ['groups', 'value $ref display type'],
    ['entitlements', 'value display type primary'],
    ['roles', 'value display type primary'],
    ['x509Certificates', 'value display type primary'],
  ])('has in %s: %s (R-USER-04, R-USER-20, R-USER-23)', (path, names) => {
    expect(subNames(user, path)).toEqual(names.split(' '))
    expect(at(user, path)).toMatchObject({ type: 'complex', multiValued: path !== 'name' })
  })

  it('has typed values where the RFC has them (R-USER-06, R-USER-10, R-USER-18, R-USER-24)', () => {
    expect(at(user, 'active').type).toBe('boolean')
    expect(at(user, 'profileUrl')).toMatchObject({
      type: 'reference',
      referenceTypes: ['external'],
    })
    expect(at(user, 'photos.value')).toMatchObject({
      type: 'reference',
      referenceTypes: ['external'],
      caseExact: true,
    })
    expect(at(user, 'x509Certificates.value')).toMatchObject({ type: 'binary', caseExact: true })
  })

  it('suggests labels (R-USER-17, R-USER-18)', () => {
    expect(at(user, 'emails.type').canonicalValues).toEqual(['work', 'home', 'other'])
    expect(at(user, 'phoneNumbers.type').canonicalValues).toEqual(
      'work home mobile fax pager other'.split(' '),
    )
    expect(at(user, 'ims.type').canonicalValues).toEqual(
      'aim gtalk icq xmpp msn skype qq yahoo'.split(' '),
    )
    expect(at(user, 'photos.type').canonicalValues).toEqual(['photo', 'thumbnail'])
    expect(at(user, 'roles.type').canonicalValues).toBeUndefined()
  })

  it('has readOnly groups that refer to groups only (R-USER-21)', () => {
    expect(at(user, 'groups').mutability).toBe('readOnly')
    expect(at(user, 'groups.$ref').referenceTypes).toEqual(['Group'])
    expect(at(user, 'groups.type').canonicalValues).toEqual(['direct', 'indirect'])
    expect(at(user, 'groups').subAttributes?.every((sub) => sub.mutability === 'readOnly')).toBe(
      true,
    )
  })
})

describe('the Group schema', () => {
  const group = `${core}:Group`

  it('requires displayName, which need not be unique (R-GROUP-02)', () => {
    expect(at(group, 'displayName')).toMatchObject({
      required: true,
      caseExact: false,
      uniqueness: 'none',
    })
    const asked = compileResourceTypes({ uniqueGroupNames: true }).byName.get('Group')
    expect(asked?.attributes.get('displayname')?.uniqueness).toBe('server')
  })

  it('has members whose identity is immutable (R-GROUP-04, R-GROUP-06)', () => {
    expect(subNames(group, 'members')).toEqual(['value', '$ref', 'type', 'display'])
    for (const name of ['value', '$ref', 'type']) {
      expect(at(group, `members.${name}`).mutability).toBe('immutable')
    }
    expect(at(group, 'members.display').mutability).toBe('readOnly')
    expect(at(group, 'members.$ref').referenceTypes).toEqual(['User', 'Group'])
  })
})

describe('the Enterprise User extension', () => {
  it('has five strings and a manager known by an exact id (R-ENT-02, R-ENT-03, R-ENT-04)', () => {
    expect(schema(enterprise).attributes.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'employeeNumber:string',
      'costCenter:string',
      'organization:string',
      'division:string',
      'department:string',
      'manager:complex',
    ])
    expect(at(enterprise, 'manager.value')).toMatchObject({ caseExact: true, required: false })
    expect(at(enterprise, 'manager.$ref')).toMatchObject({ referenceTypes: ['User'] })
    expect(at(enterprise, 'manager.displayName').mutability).toBe('readOnly')
  })
})

describe('the schemas of discovery', () => {
  it('are readOnly throughout (R-SPC-04, R-DISC-08)', () => {
    for (const { id, attribute } of everything) {
      if (/:(ServiceProviderConfig|ResourceType|Schema)$/.test(id)) {
        expect(attribute.mutability).toBe('readOnly')
      }
    }
  })

  it('have what RFC 7643 and RFC 9865 ask of them (R-SPC-01, R-SPC-02, R-SPC-05, R-RT-01, R-RT-04)', () => {
    const config = `${core}:ServiceProviderConfig`
    for (const path of ['patch', 'bulk', 'filter', 'changePassword', 'sort', 'etag']) {
      expect(at(config, path).required).toBe(true)
      expect(at(config, `${path}.supported`)).toMatchObject({ type: 'boolean', required: true })
    }
    expect(subNames(config, 'pagination')).toEqual(
      'cursor index defaultPaginationMethod defaultPageSize maxPageSize cursorTimeout'.split(' '),
    )
    expect(at(config, 'authenticationSchemes')).toMatchObject({ multiValued: true, required: true })
    expect(at(`${core}:ResourceType`, 'schemaExtensions').multiValued).toBe(true)
    expect(at(`${core}:Schema`, 'attributes.type').canonicalValues).toContain('binary')
    expect(at(`${core}:Schema`, 'attributes.referenceTypes').multiValued).toBe(true)
  })
})

describe('the resource types', () => {
  it('are User and Group, with their endpoints and extensions (R-RT-01, R-RT-02, R-DISC-09)', () => {
    expect(
      types.map(({ name, endpoint, schema: { id }, extensions }) => ({
        ...{ name, endpoint, id },
        extensions: extensions.map((each) => [each.schema.id, each.required]),
      })),
    ).toEqual([
      { name: 'User', endpoint: '/Users', id: `${core}:User`, extensions: [[enterprise, false]] },
      { name: 'Group', endpoint: '/Groups', id: `${core}:Group`, extensions: [] },
    ])
  })

  it('all have the common attributes (R-COMMON-04, R-COMMON-07)', () => {
    for (const type of byName.values()) {
      expect(type.attributes.get('id')).toMatchObject({
        caseExact: true,
        mutability: 'readOnly',
        returned: 'always',
      })
      expect(type.attributes.get('externalid')).toMatchObject({
        caseExact: true,
        mutability: 'readWrite',
        required: false,
        uniqueness: 'none',
      })
      expect(type.attributes.get('meta')?.mutability).toBe('readOnly')
      expect(type.attributes.get('schemas')?.returned).toBe('always')
    }
  })
})
