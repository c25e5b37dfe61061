import type { DeviationId, Deviations } from '../../lib/deviations.js'
import { matches, noDeviations, thrownBy } from './support.js'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const user = {
  id: 'u1',
  userName: 'ada',
  active: true,
  emails: [
    { value: 'ada@work.example', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
  [enterprise]: { department: 'R and D', manager: { value: 'u2' } },
  meta: { resourceType: 'User', created: '2020-01-01T00:00:00Z' },
}

const rows: readonly { deviations: readonly DeviationId[]; found: string[]; missed: string[] }[] = [
  {
    deviations: ['bareFilterValues'],
    found: [
      'userName eq Ada',
      'emails[value eq ada@work.example]',
      '(userName sw a)',
      'meta.created gt 2001-05-13T04:42:34Z',
      'meta.created gt 2001-05-13T04:42:34+02:00 and userName ne ' +
        '0f8fad5b-d9cb-469f-a165-70867728950e',
    ],
    missed: [
      'userName eq Bob',
      'userName eq ad',
      'emails[type eq work and value eq b]',
      'userName eq 7',
    ],
  },
  {
    deviations: ['emailAlias'],
    found: ['email eq "ADA@work.example"', 'EMAIL.VALUE sw "ada@home"', 'email pr'],
    missed: ['email eq "ada"'],
  },
  {
    deviations: ['valuePathSubAttribute'],
    found: [
      'emails[type eq "work"].value eq "ada@work.example"',
      'emails[type eq "home"].value pr',
    ],
    missed: [
      'emails[type eq "work"].value eq "ada@home.example"',
      'emails[type eq "other"].value pr',
      'emails[type eq "other"].value ne "x"',
    ],
  },
  {
    deviations: ['unquotedResourceType'],
    found: [
      'meta.resourceType eq User',
      'META.RESOURCETYPE eq User',
      'urn:ietf:params:scim:schemas:core:2.0:User:meta.resourceType eq User',
      '(meta.resourceType eq User) or (meta.resourceType eq Group)',
    ],
    missed: ['meta.resourceType eq Group', 'meta.resourceType eq user'],
  },
  {
    deviations: ['stringBooleans'],
    found: ['active eq "True"', 'active ne "FALSE"', 'active eq True', 'emails[primary eq "true"]'],
    missed: ['active eq "False"', 'active eq FALSE'],
  },
  {
    deviations: ['unqualifiedExtensionAttributes'],
    found: ['department eq "r and d"', 'manager.value eq "u2"', 'manager pr'],
    missed: ['costCenter pr'],
  },
  {
    deviations: ['managerAsString'],
    found: [`${enterprise}:manager eq "u2"`],
    missed: [`${enterprise}:manager eq "U2"`],
  },
  {
    deviations: ['managerAsString', 'unqualifiedExtensionAttributes'],
    found: ['id eq "u1" and manager eq "u2"'],
    missed: ['id eq "u1" and manager eq "u3"'],
  },
]

const on = rows.flatMap(({ deviations, found, missed }) => [
  ...found.map((filter) => ({ deviations, filter, expected: true })),
  ...missed.map((filter) => ({ deviations, filter, expected: false })),
])

describe('a deviation in filters', () => {
  it.each(on)('$deviations on: $filter is $expected', ({ deviations, filter, expected }) => {
    const chosen: Deviations = new Set(deviations)
    expect(matches(filter, user, 'User', { deviations: chosen })).toBe(expected)
  })

  it.each(on)('$deviations off: $filter is 400 invalidFilter', ({ filter }) => {
    expect(
      thrownBy(() => matches(filter, user, 'User', { deviations: noDeviations })),
    ).toMatchObject({
      status: 400,
      scimType: 'invalidFilter',
    })
  })

  it('gives no alias to a type that has no such attribute', () => {
    expect(() => matches('email eq "x"', {}, 'Group')).toThrow('"email"')
  })

  it.each(['NULL', "'ada'", 'a"b', '{ada}', 'a,b'])(
    'takes %s for no word without quotation marks (clients B, R-FILTER-16)',
    (word) => {
      expect(thrownBy(() => matches(`userName eq ${word}`, user))).toMatchObject({
        scimType: 'invalidFilter',
      })
    },
  )

  it('lets no other attribute than the resource type go without quotation marks where bareFilterValues is off', () => {
    const deviations: Deviations = new Set(['unquotedResourceType'] as const)
    expect(() => matches('userName eq ada', user, 'User', { deviations })).toThrow(
      'Expected a value',
    )
  })

  it.each([
    ['nickName eq 7', '7', true],
    ['nickName eq 7.0', '7.0', true],
    ['nickName eq 7.0', '7', false],
    ['nickName sw 12', '123', true],
    ['nickName eq -1e3', '-1E3', true],
  ])(
    'takes a bare number for text where the attribute is text: %s',
    (filter, nickName, expected) => {
      expect(matches(filter, { ...user, nickName })).toBe(expected)
    },
  )

  it('takes text that is no boolean for none', () => {
    expect(() => matches('active eq "1"', user)).toThrow('compare it with true or false')
    expect(() => matches('active eq "verified"', user)).toThrow('compare it with true or false')
  })

  it('takes a quoted boolean for text where the attribute is text', () => {
    expect(matches('userName eq "True"', { userName: 'true' })).toBe(true)
  })
})
