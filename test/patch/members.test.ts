import { memberChange } from '../../lib/patch/members.js'
import type { PatchOperation } from '../../lib/patch/operation.js'
import { inOneGo } from '../../lib/patch/steps.js'
import { type Choice, optionsOf, refusal, typeOf } from './fixtures.js'

const add = (...ids: string[]): PatchOperation => ({
  op: 'add',
  path: 'members',
  value: ids.map((value) => ({ value })),
})
const removeOne = (id: string): PatchOperation => ({
  op: 'remove',
  path: `members[value eq "${id}"]`,
})
const rename: PatchOperation = { op: 'replace', path: 'displayName', value: 'Crew' }

function change(operations: readonly PatchOperation[], choice: Choice = {}) {
  return inOneGo(memberChange(typeOf('Group'), operations, optionsOf(choice)))
}

interface Row {
  readonly name: string
  readonly operations: readonly PatchOperation[]
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly rest?: readonly PatchOperation[]
  readonly options?: Choice
}

const clear: readonly Row[] = [
  { name: 'members added by path (Okta)', operations: [add('a', 'b')], add: ['a', 'b'] },
  { name: 'one member removed by filter (Okta)', operations: [removeOne('a')], remove: ['a'] },
  {
    name: 'a rename without a path, with the id beside (Okta)',
    operations: [{ op: 'replace', value: { id: 'g1', displayName: 'Crew' } }],
    rest: [{ op: 'replace', value: { id: 'g1', displayName: 'Crew' } }],
  },
  {
    name: 'members added without a path, with a name beside',
    operations: [{ op: 'add', value: { displayName: 'Crew', Members: [{ value: 'a' }] } }],
    add: ['a'],
    rest: [{ op: 'add', value: { displayName: 'Crew' } }],
  },
  {
    name: 'members added with $ref null (Entra ID)',
    operations: [{ op: 'add', path: 'members', value: [{ $ref: null, value: 'a' }] }],
    add: ['a'],
  },
  {
    name: 'members removed by a list (Entra ID, R-PATCH-25)',
    operations: [{ op: 'remove', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }],
    remove: ['a', 'b'],
  },
  {
    name: 'ids alone and a single object (authentik, OneLogin)',
    operations: [
      { op: 'add', path: 'members', value: ['a'] },
      { op: 'remove', path: 'members', value: { value: 'b' } },
    ],
    add: ['a'],
    remove: ['b'],
  },
  {
    name: 'members wrapped once more (Salesforce)',
    operations: [{ op: 'remove', path: 'members', value: { members: [{ value: 'a' }] } }],
    remove: ['a'],
  },
  {
    name: 'members removed by several ids in one filter',
    operations: [{ op: 'remove', path: 'MEMBERS[Value Eq "a" or value eq "b"]' }],
    remove: ['a', 'b'],
  },
  {
    name: 'members by the URN of the schema',
    operations: [
      { op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:Group:members', value: ['a'] },
    ],
    add: ['a'],
  },
  {
    name: 'attributes and members in any order (R-PATCH-12)',
    operations: [add('a'), rename, removeOne('b'), { op: 'remove', path: 'externalId' }],
    add: ['a'],
    remove: ['b'],
    rest: [rename, { op: 'remove', path: 'externalId' }],
  },
  {
    name: 'a later removal of an added member (R-PATCH-12)',
    operations: [add('a', 'b'), removeOne('a')],
    add: ['b'],
    remove: ['a'],
  },
  {
    name: 'a later addition of a removed member (R-PATCH-12)',
    operations: [removeOne('a'), add('a')],
    add: ['a'],
  },
  { name: 'a member added several times once', operations: [add('a', 'a'), add('a')], add: ['a'] },
  {
    name: 'ids exactly as they are',
    operations: [add('A'), removeOne('a')],
    add: ['A'],
    remove: ['a'],
  },
  { name: 'an empty list', operations: [add()] },
  {
    name: 'null and an empty list to remove (S-INT-06)',
    operations: [
      { op: 'add', path: 'members', value: null },
      { op: 'remove', path: 'members', value: [] },
    ],
  },
  { name: 'no members at all', operations: [rename], rest: [rename] },
  { name: 'no operations', operations: [] },
]

describe('memberChange tells who comes and who goes without the group (R-PATCH-51)', () => {
  it.each(clear)('$name', ({ operations, options, ...expected }) => {
    expect(change(operations, options)).toEqual({
      change: { add: expected.add ?? [], remove: expected.remove ?? [] },
      rest: expected.rest ?? [],
    })
  })
})

const unclear: readonly Row[] = [
  { name: 'the list is replaced', operations: [{ op: 'replace', path: 'members', value: [] }] },
  {
    name: 'the list is replaced without a path',
    operations: [{ op: 'replace', value: { members: [{ value: 'a' }] } }],
  },
  { name: 'all are removed', operations: [{ op: 'remove', path: 'members' }] },
  {
    name: 'a filter asks for more than the id',
    operations: [{ op: 'remove', path: 'members[value eq "a" and type eq "User"]' }],
  },
  {
    name: 'a filter asks for the name',
    operations: [{ op: 'remove', path: 'members[display eq "a"]' }],
  },
  {
    name: 'a filter asks for an id or a name',
    operations: [{ op: 'remove', path: 'members[value eq "a" or display eq "b"]' }],
  },
  {
    name: 'a filter names an id without quotation marks',
    operations: [{ op: 'remove', path: 'members[value eq 5]' }],
  },
  {
    name: 'a sub-attribute is added',
    operations: [{ op: 'add', path: 'members.display', value: 'a' }],
  },
  {
    name: 'a sub-attribute is removed by its value',
    operations: [{ op: 'remove', path: 'members.value', value: 'a' }],
  },
  { name: 'a filter excludes', operations: [{ op: 'remove', path: 'members[value ne "a"]' }] },
  {
    name: 'a filter is negated',
    operations: [{ op: 'remove', path: 'members[not (value eq "a")]' }],
  },
  { name: 'a sub-attribute is meant', operations: [{ op: 'remove', path: 'members.value' }] },
  {
    name: 'a member is described',
    operations: [{ op: 'add', path: 'members[value eq "a"]', value: { value: 'a' } }],
  },
  {
    name: 'a name without a path is a path to members',
    operations: [{ op: 'add', value: { 'members[value eq "a"]': { value: 'a' } } }],
  },
  {
    name: 'members are given under two names',
    operations: [
      {
        op: 'add',
        value: { members: ['a'], 'urn:ietf:params:scim:schemas:core:2.0:Group:members': ['b'] },
      },
    ],
  },
  {
    name: 'a list to remove is not accepted',
    operations: [{ op: 'remove', path: 'members', value: [{ value: 'a' }] }],
    options: { strict: true },
  },
  {
    name: 'one of several operations is unclear',
    operations: [add('a'), { op: 'remove', path: 'members' }],
  },
]

describe('memberChange leaves it to applyPatch when', () => {
  it.each(unclear)('$name', ({ operations, options }) => {
    expect(change(operations, options)).toBeUndefined()
  })

  it('the type has no members', () => {
    expect(inOneGo(memberChange(typeOf('User'), [rename], optionsOf()))).toBeUndefined()
  })

  it('a type must never be without members (R-PATCH-24)', () => {
    expect(inOneGo(memberChange(typeOf('Team'), [removeOne('a')], optionsOf()))).toBeUndefined()
  })
})

describe('memberChange refuses', () => {
  it.each<[string, PatchOperation, string]>([
    [
      'a member without a value',
      { op: 'add', path: 'members', value: [{ display: 'A' }] },
      'invalidValue',
    ],
    ['a null to remove (S-INT-06)', { op: 'remove', path: 'members', value: null }, 'invalidValue'],
    [
      'an object that names nobody (S-INT-06)',
      { op: 'remove', path: 'members', value: [{}] },
      'invalidValue',
    ],
    [
      'a member to remove without its id',
      { op: 'remove', path: 'members', value: [{ value: 'a' }, { display: 'A' }] },
      'invalidValue',
    ],
    ['a number (S-INT-06)', { op: 'remove', path: 'members', value: 3 }, 'invalidValue'],
    ['a malformed path (R-PATCH-07)', { op: 'remove', path: 'members.' }, 'invalidPath'],
    [
      'a malformed filter (R-PATCH-08)',
      { op: 'remove', path: "members[value eq 'a']" },
      'invalidFilter',
    ],
  ])('%s', (_, operation, scimType) => {
    expect(refusal(() => change([operation])).scimType).toBe(scimType)
  })
})

describe('memberChange with 10,000 ids', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `id-${index}`)

  it('takes them in one operation (R-PATCH-50, R-PATCH-51, P3, S16)', () => {
    const removal: PatchOperation = {
      op: 'remove',
      path: 'members',
      value: ids.slice(0, 5000).map((value) => ({ value })),
    }
    expect(change([add(...ids), removal])?.change).toEqual({
      add: ids.slice(5000),
      remove: ids.slice(0, 5000),
    })
  })

  it('takes them one an operation (authentik, R-PATCH-51)', () => {
    expect(change(ids.map((id) => add(id)))?.change.add).toEqual(ids)
    expect(change(ids.map(removeOne))?.change.remove).toEqual(ids)
  })
})
