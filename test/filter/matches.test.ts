import { evaluateValue } from '../../lib/filter/evaluate.js'
import { parsePatchPath } from '../../lib/filter/parse.js'
import { printFilter } from '../../lib/filter/print.js'
import { resolveValueFilter } from '../../lib/filter/resolve.js'
import cases from '../cases/filter/matches.json' with { type: 'json' }
import resources from '../cases/filter/resources.json' with { type: 'json' }
import { allDeviations, matches, resolve, resourceType } from './support.js'

describe('a filter', () => {
  it.each(cases)('$name', (row) => {
    const candidates = resources[row.type as keyof typeof resources]
    const found = candidates.filter((resource) => matches(row.filter, resource, row.type))
    expect(found.map(({ id }) => id)).toEqual(row.matches)
  })

  it.each(cases)('finds the same when printed and read again: $name', (row) => {
    const printed = printFilter(resolve(row.filter, row.type))
    expect(resolve(printed, row.type)).toEqual(resolve(row.filter, row.type))
  })

  it('does not look at members that JavaScript objects inherit (S-INP-02)', () => {
    const inherited = Object.create({ userName: 'bjensen', emails: [{ value: 'x' }] })
    expect(matches('userName pr or emails pr', inherited)).toBe(false)
  })

  it('takes values of a wrong type for no values', () => {
    const broken = { userName: 7, emails: ['x', null, [{ value: 'y' }]], active: 'true', name: 'z' }
    expect(matches('userName eq "7" or emails.value pr or name.familyName pr', broken)).toBe(false)
    expect(matches('active ne true', broken)).toBe(true)
  })
})

describe('a value filter of a PATCH path', () => {
  const emails = resourceType('User').attributes.get('emails')!
  const find = (
    path: string,
    values: readonly { value: string; [name: string]: string | boolean }[],
  ) => {
    const { filter } = parsePatchPath(path, { deviations: allDeviations })
    const resolved = resolveValueFilter(filter!, emails, { deviations: allDeviations })
    return values.filter((value) => evaluateValue(resolved, value)).map(({ value }) => value)
  }
  const values = [
    { value: 'a@x.example', type: 'work', primary: true },
    { value: 'B@x.example', type: 'home', primary: false },
    { value: 'c@x.example' },
  ]

  it.each([
    ['one condition', 'emails[type eq "WORK"]', ['a@x.example']],
    ['case does not count (R-FILTER-19)', 'emails[value eq "b@X.example"]', ['B@x.example']],
    ['two conditions (R-FILTER-25)', 'emails[type eq "work" and value ew "x"]', []],
    ['no value for the attribute (R-FILTER-31)', 'emails[type eq null]', ['c@x.example']],
    [
      'ne holds without a value (R-FILTER-22)',
      'emails[type ne "work"]',
      ['B@x.example', 'c@x.example'],
    ],
    [
      'an absent primary is false (R-TYPE-15)',
      'emails[primary eq false]',
      ['B@x.example', 'c@x.example'],
    ],
    ['not (R-FILTER-13)', 'emails[not (value sw "a")]', ['B@x.example', 'c@x.example']],
    ['a quoted boolean', 'emails[primary eq "True"].value', ['a@x.example']],
  ])('finds values: %s', (_, path, expected) => {
    expect(find(path, values)).toEqual(expected)
  })
})
