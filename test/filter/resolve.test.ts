import { ScimError } from '../../lib/errors.js'
import { parseFilter, parsePatchPath } from '../../lib/filter/parse.js'
import { printFilter } from '../../lib/filter/print.js'
import { resolveValueFilter } from '../../lib/filter/resolve.js'
import { resolveSort } from '../../lib/sort/index.js'
import cases from '../cases/filter/refused.json' with { type: 'json' }
import { allDeviations, matches, resolve, resourceType, thrownBy } from './support.js'

describe('resolving a filter', () => {
  it.each(cases)('answers 400 invalidFilter for $name', ({ filter, type, detail }) => {
    const error = thrownBy(() => resolve(filter, type))
    expect(error).toBeInstanceOf(ScimError)
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' })
    expect((error as ScimError).message).toContain(detail)
  })

  it.each([
    ['User', 'name[familyName eq "x"]', 'name pr and name.familyName eq "x"'],
    ['User', 'emails eq "X@y"', 'emails.value eq "x@y"'],
    ['User', 'emails[value eq "X@y"]', 'emails.value eq "x@y"'],
    ['User', 'emails[value ne "X@y"]', 'emails[value ne "x@y"]'],
    ['User', 'emails[type pr]', 'emails.type pr'],
    ['User', 'emails[type eq "Work"].value eq "X@y"', 'emails[type eq "work" and value eq "x@y"]'],
    ['User', 'externalId eq "X"', 'externalId eq "X"'],
    ['User', 'title eq null', 'not (title pr)'],
    ['User', 'USERNAME PR', 'userName pr'],
    [
      'User',
      'meta.created ge "2026-01-01T01:00:00+01:00"',
      'meta.created ge "2026-01-01T00:00:00.000Z"',
    ],
    ['Group', 'members eq "u1"', 'members.value eq "u1"'],
    ['Group', 'members[value eq "u1"]', 'members.value eq "u1"'],
  ])(
    'brings a filter on %s into one form: %s (R-FILTER-24, R-FILTER-40)',
    (type, text, expected) => {
      expect(printFilter(resolve(text, type))).toBe(expected)
    },
  )

  it('leaves no null literal, no constant inside and no extension-less schemas to stores', () => {
    const text =
      'schemas pr and (title eq null or schemas co "enterprise" or schemas eq "urn:x") and ' +
      'title ne null'
    expect(printFilter(resolve(text))).toBe(
      '(not (title pr) or urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr) ' +
        'and title pr',
    )
  })

  it.each([
    ['schemas pr and schemas eq "urn:x"', false],
    ['schemas pr or title pr', true],
    ['not (schemas pr)', false],
  ])('knows the answer to %s without a resource', (text, value) => {
    expect(resolve(text)).toEqual({ kind: 'constant', value })
  })
})

describe('in a query over several types, an attribute the type lacks', () => {
  const noValue = (text: string) =>
    matches(text, { id: 'g', displayName: 'G' }, 'Group', { unknown: 'noValue' })

  it.each([
    ['userName eq "x"', false],
    ['userName ne "x"', true],
    ['userName pr', false],
    ['userName eq null', true],
    ['userName ne null', false],
    ['not (userName eq "x")', true],
    ['emails[type eq "work"]', false],
    ['members[shoeSize eq 3]', false],
    ['userName eq "x" or displayName eq "g"', true],
    ['userName eq "x" and displayName eq "g"', false],
  ])('has no value: %s is %s (R-QUERY-07, R-FILTER-18)', (text, expected) => {
    expect(noValue(text)).toBe(expected)
  })

  it('still has its operators checked where a type has the attribute (R-FILTER-10)', () => {
    expect(() => matches('active co "t"', {}, 'User', { unknown: 'noValue' })).toThrow(ScimError)
  })
})

describe('an attribute that is never returned', () => {
  const refusal = (action: () => unknown) => {
    const { status, scimType, message } = thrownBy(action) as ScimError
    return { status, scimType, message }
  }
  const expected = {
    status: 400,
    scimType: 'invalidFilter',
    message: 'Attribute "password" is never returned; it cannot be used to filter or to sort.',
  }

  it.each([
    'password eq "secret"',
    'password ne "secret"',
    'password sw "s"',
    'password pr',
    'password eq null',
    'password gt "a"',
    'password eq 3',
    'PASSWORD pr',
    'urn:ietf:params:scim:schemas:core:2.0:User:password pr',
    'not (password pr)',
    'userName eq "nobody" and password pr',
    'userName pr or password sw "s"',
  ])('is refused in %s like in every other filter (S-LEAK-02, R-FILTER-37)', (filter) => {
    expect(refusal(() => resolve(filter))).toEqual(expected)
  })

  it('is refused in the same words as a sort attribute (S-LEAK-02, R-SORT-09)', () => {
    const { message } = refusal(() => resolveSort(resourceType('User'), 'password'))
    expect(message).toBe(expected.message)
  })

  it('is refused in queries over several types (S-LEAK-02)', () => {
    expect(refusal(() => resolve('password pr', 'User', { unknown: 'noValue' }))).toEqual(expected)
  })

  it.each([
    'codes[value eq "x"]',
    'codes[value ne "y" or type pr]',
    'codes.value pr',
    'codes sw "x"',
    'codes[type eq "x"].value sw "y"',
  ])('is refused with its sub-attributes: %s (S-LEAK-02)', (filter) => {
    const { scimType, message } = refusal(() => resolve(filter, 'Device'))
    expect(scimType).toBe('invalidFilter')
    expect(message).toMatch(/"codes(\.value)?" is never returned/)
  })

  it.each(['codes[value sw "x"]', 'codes[value sw "x"].type'])(
    'is refused in a PATCH path: %s (S-LEAK-02)',
    (text) => {
      const { path, filter } = parsePatchPath(text)
      const definition = resourceType('Device').attributes.get(path.text)!
      const error = refusal(() =>
        resolveValueFilter(filter!, definition, { deviations: allDeviations }),
      )
      expect(error.scimType).toBe('invalidFilter')
      expect(error.message).toContain('"codes" is never returned')
    },
  )
})

it('is refused inside brackets when only the sub-attribute is never returned (S-LEAK-02)', () => {
  const links = resourceType('Device').attributes.get('links')!
  const hidden = links.subAttributes!.map((sub) => ({ ...sub, returned: 'never' as const }))
  const definition = { ...links, subAttributes: hidden }
  const { filter } = parsePatchPath('links[type sw "x"]')
  expect(() => resolveValueFilter(filter!, definition, { deviations: allDeviations })).toThrow(
    '"type" is never returned',
  )
})

describe('the value filter of a PATCH path', () => {
  const emails = resourceType('User').attributes.get('emails')!
  it.each([
    'emails[shoeSize eq 3]',
    'emails[type gt true]',
    'emails[primary gt true]',
    'emails[value eq true]',
  ])('answers 400 invalidFilter for %s', (text) => {
    const { filter } = parsePatchPath(text)
    expect(
      thrownBy(() => resolveValueFilter(filter!, emails, { deviations: allDeviations })),
    ).toMatchObject({ status: 400, scimType: 'invalidFilter' })
  })
})

it('resolves a filter on each resource type for itself', () => {
  const parsed = parseFilter('displayName eq "X"')
  expect(parsed).toEqual({
    kind: 'compare',
    path: { text: 'displayName', position: 0 },
    operator: 'eq',
    value: 'X',
  })
  expect(matches('displayName eq "X"', { displayName: 'x' }, 'Group')).toBe(true)
  expect(matches('displayName eq "X"', { displayName: 'x' }, 'User')).toBe(true)
})
