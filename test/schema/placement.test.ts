import { readResource } from '../../lib/schema/read-resource.js'
import type { JsonObject } from '../../lib/schema/types.js'
import { type Choice, enterprise, optionsOf, refusal, typeOf } from '../patch/fixtures.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const userName = 'ines@acme.example'
const read = (body: JsonObject, choice: Choice = {}) =>
  readResource(typeOf('User'), { schemas: [core], userName, ...body }, optionsOf(choice)).attributes

/** Attributes in other places than RFC 7643 gives them, and what they mean. */
const placed: Readonly<Record<string, readonly [JsonObject, JsonObject]>> = {
  'an attribute of an extension outside it (Entra ID)': [
    { department: 'Sales' },
    { [enterprise]: { department: 'Sales' } },
  ],
  'an attribute of an extension outside it, in capitals': [
    { DEPARTMENT: 'Sales' },
    { [enterprise]: { department: 'Sales' } },
  ],
  'an attribute outside an extension that has others': [
    { department: 'Sales', [enterprise]: { costCenter: '7' } },
    { [enterprise]: { department: 'Sales', costCenter: '7' } },
  ],
  'an attribute outside an extension in capitals': [
    { department: 'Sales', [enterprise.toUpperCase()]: { costCenter: '7' } },
    { [enterprise]: { department: 'Sales', costCenter: '7' } },
  ],
  'an attribute outside and inside its extension, where the inner one counts': [
    { department: 'Sales', [enterprise]: { DEPARTMENT: 'Labs' } },
    { [enterprise]: { department: 'Labs' } },
  ],
  'an attribute outside an extension of null': [
    { department: 'Sales', [enterprise]: null },
    { [enterprise]: { department: 'Sales' } },
  ],
  'the attributes below the base schema (coreUrnAsKey)': [
    { [core]: { title: 'Buyer' }, nickName: 'Ines' },
    { title: 'Buyer', nickName: 'Ines' },
  ],
  'nothing below the base schema': [{ [core]: null, title: 'Buyer' }, { title: 'Buyer' }],
}

describe('a resource may have', () => {
  it.each(Object.entries(placed))('%s', (_name, [body, attributes]) => {
    expect(read(body)).toEqual({ userName, ...attributes })
  })
})

const strict: Choice = { strict: true, unknownAttributes: 'ignore' }

it.each(['department', `${core}`])('strictly, "%s" has no place there', (name) => {
  expect(read({ [name]: name === core ? { title: 'Buyer' } : 'Sales' }, strict)).toEqual({
    userName,
  })
})

it.each([
  ['an attribute twice', { title: 'A', [core]: { TITLE: 'B' } }, 'invalidSyntax'],
  ['text for the base schema', { [core]: 'x' }, 'invalidValue'],
  ['text for an extension', { department: 'Sales', [enterprise]: 'x' }, 'invalidValue'],
])('refuses %s', (_name, body, scimType) => {
  expect(refusal(() => read(body as JsonObject)).scimType).toBe(scimType)
})

it('says which attribute is given twice, and what must be an object', () => {
  expect(() => read({ title: 'A', [core]: { title: 'B' } })).toThrow(
    'Attribute "title" is given more than once.',
  )
  expect(() => read({ [core]: 7 })).toThrow(`"${core}" must be an object.`)
})
