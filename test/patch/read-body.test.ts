import { readBody } from '../../lib/patch/read-body.js'
import { inOneGo } from '../../lib/patch/steps.js'
import type { JsonObject } from '../../lib/schema/types.js'
import { type Choice, enterprise, optionsOf, refusal, typeOf, warranty } from './fixtures.js'

const read = (body: JsonObject, choice: Choice = {}, type = 'User') =>
  inOneGo(readBody(typeOf(type), body, optionsOf(choice)))

const userName = 'ines@acme.example'
const ignoring: Choice = { unknownAttributes: 'ignore' }
const off: Choice = { ...ignoring, deviations: { pathlessDottedKeys: false } }

/** Bodies of POST and PUT with keys that are paths, and the attributes that they mean. */
const bodies: Readonly<Record<string, { body: JsonObject; attributes: JsonObject }>> = {
  'a sub-attribute': {
    body: { 'name.givenName': 'Ines' },
    attributes: { name: { givenName: 'Ines' } },
  },
  'sub-attributes beside the attribute': {
    body: { name: { familyName: 'Moreau' }, 'name.givenName': 'Ines' },
    attributes: { name: { familyName: 'Moreau', givenName: 'Ines' } },
  },
  'a value selected by a filter': {
    body: { 'emails[type eq "work"].value': userName },
    attributes: { emails: [{ type: 'work', value: userName }] },
  },
  'an attribute of an extension with its URN': {
    body: { [`${enterprise}:department`]: 'Sales' },
    attributes: { [enterprise]: { department: 'Sales' } },
  },
  'a sub-attribute in the object of an extension': {
    body: { [enterprise]: { department: 'Sales', 'manager.value': 'm1' } },
    attributes: { [enterprise]: { department: 'Sales', manager: { value: 'm1' } } },
  },
  'a sub-attribute in the object of an extension in capitals': {
    body: { [enterprise.toUpperCase()]: { 'manager.value': 'm1' } },
    attributes: { [enterprise]: { manager: { value: 'm1' } } },
  },
  'a key with a colon in the object of an extension, which no schema has': {
    body: { title: 'Buyer', [enterprise]: { department: 'Sales', [`${enterprise}:title`]: 'x' } },
    attributes: { title: 'Buyer', [enterprise]: { department: 'Sales' } },
  },
  'a key that begins like a path, which no schema has': {
    body: { title: 'Buyer', 'emails[': 'x', 'nothing.here': 'x' },
    attributes: { title: 'Buyer' },
  },
  'nothing but plain names': {
    body: { title: 'Buyer', nickName: 'Ines' },
    attributes: { title: 'Buyer', nickName: 'Ines' },
  },
}

describe('the body of a POST or PUT', () => {
  it.each(Object.entries(bodies))('may have %s', (_name, { body, attributes }) => {
    expect(read({ userName, ...body }, ignoring).attributes).toEqual({ userName, ...attributes })
  })

  it('names what no schema has', () => {
    const { passedOver } = read({ userName, 'emails[': 'x', 'nothing.here': 'x' }, ignoring)
    expect(passedOver).toEqual(['emails[', 'nothing.here'])
    const both = read({ userName, 'name.givenName': 'Ines', favourite: 'x' }, ignoring)
    expect(both.passedOver).toEqual(['favourite'])
  })

  it('names what was given, also by a path', () => {
    const body = { userName, title: null, 'NAME.givenName': 'I', [`${enterprise}:department`]: 'S' }
    const { names } = read(body)
    expect([...names].sort()).toEqual(
      ['name', 'title', enterprise.toLowerCase(), 'username'].sort(),
    )
  })

  it('may have a password, which is no attribute', () => {
    const { attributes, secrets } = read({ userName, password: 's3cret', 'name.givenName': 'Ines' })
    expect(secrets).toEqual({ password: 's3cret' })
    expect(attributes).toEqual({ userName, name: { givenName: 'Ines' } })
  })

  it('must have what the type requires', () => {
    expect(refusal(() => read({ 'name.givenName': 'Ines' }))).toEqual({
      status: 400,
      scimType: 'invalidValue',
    })
    const device = {
      serial: 'S-1',
      owners: [{ value: 'o' }],
      [`${warranty}:until`]: '2027-01-01T00:00:00Z',
    }
    expect(read(device, {}, 'Device').attributes).toEqual({
      serial: 'S-1',
      owners: [{ value: 'o' }],
      [warranty]: { until: '2027-01-01T00:00:00Z' },
    })
  })

  it('must not have an attribute twice', () => {
    const body = { userName, title: 'A', 'urn:ietf:params:scim:schemas:core:2.0:User:title': 'B' }
    expect(() => read(body)).toThrow('Attribute "title" is given more than once.')
    expect(refusal(() => read(body)).scimType).toBe('invalidSyntax')
  })

  it('may not have paths when the deviation pathlessDottedKeys is off', () => {
    const { attributes, passedOver } = read({ userName, 'name.givenName': 'Ines' }, off)
    expect(attributes).toEqual({ userName })
    expect(passedOver).toEqual(['name.givenName'])
  })

  it.each([null, 'text', 7, ['x']])('must be an object, not %j', (body) => {
    expect(refusal(() => read(body as never)).scimType).toBe('invalidSyntax')
  })
})
