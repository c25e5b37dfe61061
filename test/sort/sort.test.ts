import fc from 'fast-check'
import { ScimError } from '../../lib/errors.js'
import {
  comparePositions,
  compareResources,
  positionOf,
  resolveSort,
  sortKeyOf,
} from '../../lib/sort/index.js'
import type { Resource } from '../../lib/stores/resource.js'
import { resources } from '../filter/arbitraries.js'
import { resourceType, thrownBy } from '../filter/support.js'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** A resource whose place among equals is given by its id. */
function resource(
  id: string,
  attributes: object = {},
  created = '2026-01-01T00:00:00.000Z',
): Resource {
  return {
    id,
    ...attributes,
    meta: { resourceType: 'T', created, lastModified: created, version: '1' },
  }
}

function sorted(
  type: string,
  sortBy: string,
  sortOrder: string,
  list: readonly object[],
): string[] {
  const all = list.map((attributes, index) => resource(`r${index}`, attributes))
  return [...all]
    .sort(compareResources(resolveSort(resourceType(type), sortBy, sortOrder)))
    .map(({ id }) => id)
}

describe('sorting resources', () => {
  it.each([
    {
      name: 'by a string without regard to case (R-SORT-02, R-SORT-03)',
      type: 'User',
      sortBy: 'userName',
      list: [{ userName: 'b' }, { userName: 'C' }, { userName: 'A' }],
      ascending: ['r2', 'r0', 'r1'],
    },
    {
      name: 'by a caseExact string with regard to case (R-SORT-03)',
      type: 'Device',
      sortBy: 'serial',
      list: [{ serial: 'b' }, { serial: 'C' }, { serial: 'a' }],
      ascending: ['r1', 'r2', 'r0'],
    },
    {
      name: 'by code point, in no language (R-SORT-03)',
      type: 'User',
      sortBy: 'displayName',
      list: [
        { displayName: '😀' },
        { displayName: '\uffef' },
        { displayName: 'ä' },
        { displayName: 'z' },
      ],
      ascending: ['r3', 'r2', 'r1', 'r0'],
    },
    {
      name: 'by a number, not by its digits (R-SORT-03)',
      type: 'Device',
      sortBy: 'ports',
      list: [{ ports: 10 }, { ports: 9 }, { ports: -1 }],
      ascending: ['r2', 'r1', 'r0'],
    },
    {
      name: 'by a dateTime in time (R-SORT-03)',
      type: 'Device',
      sortBy: 'bought',
      list: [
        { bought: '2026-01-01T12:00:00+02:00' },
        { bought: '2026-01-01T11:00:00Z' },
        { bought: '2026-01-01T09:59:59Z' },
      ],
      ascending: ['r2', 'r0', 'r1'],
    },
    {
      name: 'by a boolean, false first',
      type: 'Device',
      sortBy: 'enabled',
      list: [{ enabled: true }, { enabled: false }],
      ascending: ['r1', 'r0'],
    },
    {
      name: 'by a sub-attribute (R-SORT-05)',
      type: 'User',
      sortBy: 'NAME.familyName',
      list: [
        { name: { familyName: 'B', givenName: 'a' } },
        { name: { familyName: 'a', givenName: 'b' } },
      ],
      ascending: ['r1', 'r0'],
    },
    {
      name: 'by an attribute of an extension',
      type: 'User',
      sortBy: `${enterprise}:department`,
      list: [{ [enterprise]: { department: 'b' } }, { [enterprise]: { department: 'a' } }],
      ascending: ['r1', 'r0'],
    },
    {
      name: 'by the primary value, else the first (R-SORT-04)',
      type: 'User',
      sortBy: 'emails.value',
      list: [
        { emails: [{ value: 'a' }, { value: 'c', primary: true }] },
        { emails: [{ value: 'b' }, { value: 'a' }] },
        {
          emails: [{ value: 'd' }, { value: 'a', primary: false }],
        },
      ],
      ascending: ['r1', 'r0', 'r2'],
    },
    {
      name: 'by the value of a multi-valued attribute without a sub-attribute (R-SORT-04)',
      type: 'User',
      sortBy: 'emails',
      list: [{ emails: [{ value: 'b' }] }, { emails: [{ value: 'A' }] }],
      ascending: ['r1', 'r0'],
    },
    {
      name: 'by the first of several simple values (R-SORT-04)',
      type: 'Device',
      sortBy: 'tags',
      list: [{ tags: ['b', 'a'] }, { tags: ['a', 'z'] }],
      ascending: ['r1', 'r0'],
    },
    {
      name: 'unassigned last when ascending, first when descending (R-SORT-06)',
      type: 'User',
      sortBy: 'title',
      list: [{ title: null }, { title: 'b' }, { title: '' }],
      ascending: ['r2', 'r1', 'r0'],
    },
    {
      name: 'a primary value without the sub-attribute is unassigned (R-SORT-06)',
      type: 'User',
      sortBy: 'emails.type',
      list: [
        { emails: [{ type: 'a' }, { value: 'x', primary: true }] },
        { emails: [{ type: 'z' }] },
      ],
      ascending: ['r1', 'r0'],
    },
  ])('$name', ({ type, sortBy, list, ascending }) => {
    expect(sorted(type, sortBy, 'ascending', list)).toEqual(ascending)
    expect(sorted(type, sortBy, 'descending', list)).toEqual([...ascending].reverse())
  })

  it('keeps ties in the order of creation and id, whatever the sort order (R-SORT-08, R-PAGE-07)', () => {
    const list = [
      resource('b', { title: 'x' }),
      resource('a', { title: 'X' }),
      resource('c', { title: 'x' }, '2025-01-01T00:00:00.000Z'),
      resource('d'),
      resource('e', {}, '2025-01-01T00:00:00.000Z'),
    ]
    const order = (sortOrder: string) =>
      [...list]
        .sort(compareResources(resolveSort(resourceType('User'), 'title', sortOrder)))
        .map(({ id }) => id)
    expect(order('ascending')).toEqual(['c', 'a', 'b', 'e', 'd'])
    expect(order('descending')).toEqual(['e', 'd', 'c', 'a', 'b'])
    expect([...list].sort(compareResources()).map(({ id }) => id)).toEqual([
      'c',
      'e',
      'a',
      'b',
      'd',
    ])
  })

  it('is a total order that positions carry over to the next page (R-CUR-19)', () => {
    const users = fc.uniqueArray(resources(resourceType('User')), {
      selector: ({ id }) => id,
      maxLength: 20,
    })
    const sorts = fc
      .tuple(
        fc.constantFrom('userName', 'emails', 'active', 'meta.created'),
        fc.constantFrom('ascending', 'descending'),
      )
      .map(([by, order]) => resolveSort(resourceType('User'), by, order))
    fc.assert(
      fc.property(users, fc.option(sorts, { nil: undefined }), (list, sort) => {
        const ordered = (list as unknown as Resource[]).sort(compareResources(sort))
        const positions = ordered.map((each) => positionOf(each, sort))
        const compare = comparePositions(sort)
        for (const [index, position] of positions.entries()) {
          const after = positions.filter((each) => compare(each, position) > 0)
          expect(after).toEqual(positions.slice(index + 1))
        }
      }),
    )
  })

  it('takes values of a wrong type for unassigned', () => {
    const sort = resolveSort(resourceType('User'), 'name.familyName')
    expect(sortKeyOf(sort, resource('a', { name: 'x' }))).toBeNull()
    expect(sortKeyOf(sort, resource('a', { name: { familyName: 3 } }))).toBeNull()
    expect(sortKeyOf(sort, Object.create({ name: { familyName: 'x' } }) as Resource)).toBeNull()
  })
})

describe('sortBy and sortOrder', () => {
  it('are ascending unless said otherwise (R-SORT-02)', () => {
    expect(resolveSort(resourceType('User'), 'userName').descending).toBe(false)
    expect(resolveSort(resourceType('User'), 'userName', 'DESCENDING').descending).toBe(true)
  })

  it.each([
    ['an unknown order (R-SORT-07)', 'User', 'userName', 'desc'],
    ['an empty order (R-SORT-07)', 'User', 'userName', ''],
    ['an unknown attribute (R-SORT-07)', 'User', 'shoeSize', undefined],
    ['an empty attribute (R-SORT-07)', 'User', '', undefined],
    ['an unknown sub-attribute (R-SORT-07)', 'User', 'name.nick', undefined],
    ['a member every object inherits (S-INP-01)', 'User', 'constructor', undefined],
    ['a prototype (S-INP-01)', 'User', '__proto__.x', undefined],
    ['a whole extension (R-SORT-05)', 'User', enterprise, undefined],
    ['a complex attribute without a sub-attribute (R-SORT-05)', 'User', 'name', undefined],
    [
      'a multi-valued complex attribute that has no value (R-SORT-05)',
      'User',
      'addresses',
      undefined,
    ],
    ['a binary', 'Device', 'key', undefined],
    ['schemas, which are derived', 'User', 'schemas', undefined],
    ['members, which are kept apart', 'Group', 'members.value', undefined],
  ])('answer 400 invalidValue for %s', (_, type, sortBy, sortOrder) => {
    const error = thrownBy(() => resolveSort(resourceType(type), sortBy, sortOrder))
    expect(error).toBeInstanceOf(ScimError)
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' })
  })

  it.each(['groups.value', 'meta.location', 'password'])(
    'answer 400 invalidValue for %s, as every bad sortBy (C5, R-SORT-09, S-LEAK-02)',
    (sortBy) => {
      expect(thrownBy(() => resolveSort(resourceType('User'), sortBy))).toMatchObject({
        status: 400,
        scimType: 'invalidValue',
      })
    },
  )
})
