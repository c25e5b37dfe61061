import type { JsonObject } from '../../lib/schema/types.js'
import { type Choice, enterprise, lease, patch, resources, warranty } from './fixtures.js'

const work = { value: 'ines@acme.example', type: 'work', primary: true }
const home = { value: 'ines@home.example', type: 'home' }
const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const sales = resources['User']![enterprise] as JsonObject
const strict: Choice = { strict: true }

interface Row {
  readonly type?: 'User' | 'Device'
  readonly operation: JsonObject
  readonly choice?: Choice
  /** Attributes that differ afterwards; `null`: unassigned. */
  readonly after: JsonObject
}

const adds = (value: JsonObject) => ({ op: 'add', value })

/** Operations whose value has the names: without a path, or on a whole extension. */
const rows: Readonly<Record<string, Row>> = {
  'the attributes of an extension': {
    operation: { op: 'add', path: enterprise, value: { department: 'Labs' } },
    choice: strict,
    after: { [enterprise]: { ...sales, department: 'Labs' } },
  },
  'an extension in an object': {
    operation: adds({ title: 'Buyer', [enterprise]: { department: 'Labs' } }),
    choice: strict,
    after: { title: 'Buyer', [enterprise]: { ...sales, department: 'Labs' } },
  },
  'an extension in capitals': {
    operation: adds({ [enterprise.toUpperCase()]: { department: 'Labs' } }),
    after: { [enterprise]: { ...sales, department: 'Labs' } },
  },
  'no extension by add': {
    operation: { op: 'add', path: enterprise, value: null },
    after: {},
  },
  'an empty object for an extension by replace, which changes nothing': {
    operation: { op: 'replace', path: enterprise, value: {} },
    after: {},
  },
  'null for an extension by replace, which removes it': {
    operation: { op: 'replace', path: enterprise, value: null },
    after: { [enterprise]: null },
  },
  'null for an extension in an object': {
    operation: { op: 'replace', value: { title: 'Buyer', [enterprise]: null } },
    after: { title: 'Buyer', [enterprise]: null },
  },
  'an attribute of an extension whose URN begins with the URN of another': {
    type: 'Device',
    operation: adds({ [`${lease}:note`]: 'new', [`${warranty}:vendor`]: 'Other' }),
    after: {
      [lease]: { note: 'new' },
      [warranty]: { until: '2027-01-01T00:00:00Z', vendor: 'Other' },
    },
  },
  'a part before the whole, which does not count less': {
    operation: adds({ 'name.givenName': 'Anna', name: { givenName: 'Ina', familyName: 'Roux' } }),
    after: { name: { givenName: 'Anna', familyName: 'Roux', formatted: 'Ines Moreau' } },
  },
  'a value by a filter before the list': {
    operation: {
      op: 'replace',
      value: { 'emails[type eq "home"].display': 'At home', emails: [work, home] },
    },
    after: { emails: [work, { ...home, display: 'At home' }] },
  },
  'two values of one attribute, each by its filter': {
    operation: {
      op: 'replace',
      value: { 'emails[type eq "home"].display': 'H', 'emails[type eq "work"].display': 'W' },
    },
    after: {
      emails: [
        { ...work, display: 'W' },
        { ...home, display: 'H' },
      ],
    },
  },
  'a damaged path, where unknown names are ignored': {
    operation: { op: 'replace', value: { title: 'Buyer', 'emails[': 'x' } },
    choice: { unknownAttributes: 'ignore' },
    after: { title: 'Buyer' },
  },
  'the base schema as a path': {
    operation: { op: 'replace', path: core, value: { title: 'Buyer' } },
    after: { title: 'Buyer' },
  },
  'a plain path': {
    operation: { op: 'add', path: 'title', value: 'Buyer' },
    after: { title: 'Buyer' },
  },
  'the base schema as a key beside other names': {
    operation: { op: 'replace', value: { nickName: 'I', [core]: { title: 'Buyer' } } },
    after: { nickName: 'I', title: 'Buyer' },
  },
  'names with the URN of the base schema': {
    operation: { op: 'replace', value: { [`${core}:title`]: 'Buyer' } },
    after: { title: 'Buyer' },
  },
  'schemas and what only the server writes': {
    operation: { op: 'replace', value: { schemas: [core], id: 'x', meta: {}, title: 'Buyer' } },
    after: { title: 'Buyer' },
  },
}

it.each(Object.entries(rows))(
  'an operation may have %s (RFC 7644 §3.5.2)',
  (_name, { type = 'User', operation, choice, after }) => {
    const expected = Object.entries({ ...resources[type], ...after })
    expect(patch(type, [operation], choice).resource).toEqual(
      Object.fromEntries(expected.filter(([, value]) => value !== null)),
    )
  },
)
