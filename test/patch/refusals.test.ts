import { ScimError } from '../../lib/errors.js'
import type { Json } from '../../lib/schema/types.js'
import { type Choice, enterprise, lease, patch, warranty } from './fixtures.js'

interface Refused {
  readonly type?: string
  readonly operation: { readonly op: string; readonly path?: string; readonly value?: Json }
  readonly choice?: Choice
  readonly scimType: string
  readonly detail: string
}

const strict: Choice = { strict: true, unknownAttributes: 'reject' }
const two = (op: string, path: string) => ({ op, path, value: 'x' })

/** What an administrator reads when a provider's PATCH is refused: what is wrong, and where. */
const refused: Readonly<Record<string, Refused>> = {
  'a value without a path that is no object': {
    operation: { op: 'replace', value: 7 },
    scimType: 'invalidValue',
    detail: 'The value of "replace" without a path must be an object.',
  },
  'an extension that is removed by a value': {
    operation: { op: 'remove', path: enterprise, value: { department: 'Sales' } },
    scimType: 'invalidSyntax',
    detail: `A remove operation on "${enterprise}" has no "value".`,
  },
  'an extension that is no object': {
    operation: { op: 'add', path: enterprise, value: 7 },
    scimType: 'invalidValue',
    detail: `Extension "${enterprise}" must be an object.`,
  },
  'a name in two spellings': {
    operation: { op: 'replace', value: { title: 'A', TITLE: 'B' } },
    scimType: 'invalidSyntax',
    detail: 'Attribute "title" is given more than once.',
  },
  'an attribute that only the server writes': {
    type: 'Device',
    operation: two('replace', 'firmware'),
    scimType: 'mutability',
    detail: 'Attribute "firmware" cannot be changed by clients.',
  },
  'such an attribute in an object, strictly': {
    type: 'Device',
    operation: { op: 'replace', value: { firmware: '2' } },
    choice: strict,
    scimType: 'mutability',
    detail: 'Attribute "firmware" cannot be changed by clients.',
  },
  'the removal of an extension that the type requires': {
    type: 'Device',
    operation: { op: 'remove', path: warranty },
    scimType: 'mutability',
    detail: `Extension "${warranty}" is required and cannot be removed.`,
  },
  'schemas without the base schema': {
    operation: { op: 'replace', path: 'schemas', value: [enterprise] },
    scimType: 'mutability',
    detail: '"schemas" must list "urn:ietf:params:scim:schemas:core:2.0:User".',
  },
  'schemas that are no array of URNs': {
    operation: { op: 'add', path: 'schemas', value: [7] },
    scimType: 'invalidValue',
    detail: '"schemas" must be an array of URNs.',
  },
  'a schema of another type': {
    operation: { op: 'add', path: 'schemas', value: [lease] },
    choice: strict,
    scimType: 'invalidValue',
    detail: `"${lease}" is no schema of a User.`,
  },
  'the id of nobody to remove from the ids of members': {
    type: 'Group',
    operation: { op: 'remove', path: 'members.value', value: 'nobody' },
    scimType: 'mutability',
    detail: 'Attribute "members.value" is immutable and has a value already.',
  },
  'a filter that finds nothing to replace': {
    operation: { op: 'replace', path: 'emails[value sw "zz"].type', value: 'other' },
    scimType: 'noTarget',
    detail: '"emails" names no value that the resource has.',
  },
  'an unknown path': {
    operation: two('add', 'nickNames'),
    choice: strict,
    scimType: 'invalidPath',
    detail: 'There is no attribute "nickNames".',
  },
  'a long unknown path': {
    operation: two('add', `x${'y'.repeat(100)}`),
    choice: strict,
    scimType: 'invalidPath',
    detail: `There is no attribute "x${'y'.repeat(99)}…".`,
  },
  'an unknown part of an extension': {
    operation: two('add', `${enterprise}:colour`),
    choice: strict,
    scimType: 'invalidPath',
    detail: `There is no attribute "${enterprise}:colour".`,
  },
  'an unknown name behind an "and" in a value filter': {
    operation: { op: 'remove', path: 'emails[type eq "work" and not (kind pr)]' },
    choice: strict,
    scimType: 'invalidFilter',
    detail: 'There is no attribute "emails.kind".',
  },
  'an unknown part of a filtered value': {
    operation: two('replace', 'emails[type eq "work"].colour'),
    choice: strict,
    scimType: 'invalidPath',
    detail: 'There is no attribute "emails.colour".',
  },
  'a value filter behind a part': {
    operation: { op: 'remove', path: 'emails.value[type eq "work"]' },
    scimType: 'invalidPath',
    detail: 'Attribute "emails.value" takes no value filter.',
  },
  'a value in place of a list': {
    operation: { op: 'add', path: 'emails', value: 'x@y.example' },
    choice: strict,
    scimType: 'invalidValue',
    detail: 'Attribute "emails" is multi-valued and needs an array.',
  },
  'an empty text in place of the members to remove': {
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: '' },
    scimType: 'invalidValue',
    detail:
      'Attribute "members" is multi-valued and needs an array. Leave "value" out to remove all.',
  },
  'a path in an object that is damaged': {
    operation: { op: 'replace', value: { 'emails[': 'x' } },
    scimType: 'invalidFilter',
    detail: 'Expected an attribute, found the end at position 7.',
  },
  'a part in two spellings': {
    operation: { op: 'replace', value: { 'name.givenName': 'A', 'NAME.GIVENNAME': 'B' } },
    scimType: 'invalidSyntax',
    detail: 'Attribute "name.givenName" is given more than once.',
  },
  'an unknown name in a value filter': {
    operation: { op: 'remove', path: 'emails[kind eq "work"]' },
    choice: strict,
    scimType: 'invalidFilter',
    detail: 'There is no attribute "emails.kind".',
  },
  'a value filter on an attribute without parts': {
    operation: { op: 'remove', path: 'title[value eq "x"]' },
    scimType: 'invalidPath',
    detail: 'Attribute "title" takes no value filter.',
  },
  'the removal of a required attribute': {
    operation: { op: 'remove', path: 'userName' },
    scimType: 'mutability',
    detail: 'Attribute "userName" is required and cannot be removed.',
  },
  'an empty required attribute': {
    operation: { op: 'replace', path: 'userName', value: '' },
    scimType: 'invalidValue',
    detail: 'Attribute "userName" is required and cannot be empty.',
  },
  'another value for an immutable attribute': {
    type: 'Device',
    operation: two('replace', 'serial'),
    scimType: 'mutability',
    detail: 'Attribute "serial" is immutable and has a value already.',
  },
  'a null that would remove all members': {
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: null },
    scimType: 'invalidValue',
    detail: 'To remove all of "members", leave "value" out; null removes nobody.',
  },
  'an empty value to remove': {
    operation: { op: 'remove', path: 'emails', value: [{}] },
    scimType: 'invalidValue',
    detail: 'A value to remove from "emails" is empty.',
  },
  ...Object.fromEntries(
    [{}, { display: 'Ada' }, { $ref: '../Users/a' }, { value: '' }, { type: 'User' }].map(
      (member): [string, Refused] => [
        `a member to remove without its id: ${JSON.stringify(member)}`,
        {
          type: 'Group',
          operation: { op: 'remove', path: 'members', value: [member] },
          scimType: 'invalidValue',
          detail: 'Attribute "members.value" is required for each value.',
        },
      ],
    ),
  ),
  'a removal by value, strictly': {
    type: 'Group',
    operation: { op: 'remove', path: 'members', value: [{ value: 'a' }] },
    choice: strict,
    scimType: 'invalidSyntax',
    detail: 'A remove operation has no "value"; name the values in a filter: members[…].',
  },
}

function detailOf({ type = 'User', operation, choice }: Refused) {
  try {
    patch(type, [operation as Json], choice)
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return { scimType: error.scimType, detail: error.message }
  }
  return undefined
}

it.each(Object.entries(refused))('a PATCH with %s tells what is wrong', (_, row) => {
  expect(detailOf(row)).toEqual({ scimType: row.scimType, detail: row.detail })
})
