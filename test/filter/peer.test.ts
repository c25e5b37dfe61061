import fc from 'fast-check'
import { compileFilter } from 'scim-query-filter-parser'
import { matches } from './support.js'

/**
 * `scim-query-filter-parser` as a second opinion: on filters where it is right, both engines agree;
 * each case where it is wrong is pinned, so that a release which mends it shows here.
 */

const words = fc.constantFrom('a', 'b', 'ab', 'ba', 'abc')
const numbers = fc.constantFrom(-2, 0, 1, 1.5, 10)
const instants = fc.constantFrom(
  '2026-01-01T00:00:00Z',
  '2026-01-02T00:00:00Z',
  '2026-01-03T00:00:00Z',
)

/** Single values and one-element lists of lower-case ASCII, every attribute assigned. */
const devices = fc.record({
  serial: words,
  label: words,
  enabled: fc.boolean(),
  weight: numbers,
  bought: instants,
  tags: fc.array(words, { minLength: 1, maxLength: 3 }),
  owner: fc.record({ label: words }),
  links: fc.array(fc.record({ value: words, type: words }), { minLength: 1, maxLength: 3 }),
})

const textual = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']
const ordered = ['eq', 'ne', 'gt', 'ge', 'lt', 'le']
const comparison = (path: string, operators: readonly string[], values: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.constantFrom(...operators), values)
    .map(([operator, value]) => `${path} ${operator} ${JSON.stringify(value)}`)

const single = fc.oneof(
  ...['serial', 'label', 'tags', 'owner.label', 'links.value', 'links.type'].map((path) =>
    comparison(path, textual, words),
  ),
  comparison('weight', ordered, numbers),
  comparison('bought', ordered, instants),
  comparison('enabled', ['eq', 'ne'], fc.boolean()),
  fc.constantFrom('label pr', 'manual pr', 'owner.label pr', 'links.type pr'),
)
const inner = fc.oneof(comparison('value', textual, words), comparison('type', textual, words))
const operator = fc.constantFrom('and', 'or')
const pairs = (terms: fc.Arbitrary<string>) =>
  fc.tuple(terms, operator, terms).map((parts) => parts.join(' '))
const valuePath = fc.oneof(inner, pairs(inner)).map((filter) => `links[${filter}]`)
const term = fc.oneof(single, valuePath)
const grouped = fc.oneof(
  term,
  pairs(term).map((pair) => `(${pair})`),
)

describe('compared with scim-query-filter-parser', () => {
  const agrees = (filters: fc.Arbitrary<string>) =>
    fc.assert(
      fc.property(filters, devices, (filter, device) => {
        expect([filter, matches(filter, device, 'Device')]).toEqual([
          filter,
          compileFilter(filter)(device),
        ])
      }),
      { numRuns: 500 },
    )

  it('agrees on single comparisons (R-FILTER-02, R-FILTER-04, R-FILTER-08)', () => agrees(single))
  it('agrees on value paths (R-FILTER-25)', () => agrees(valuePath))
  it('agrees on two terms (R-FILTER-11)', () => agrees(pairs(term)))
  it('agrees on two terms in parentheses (R-FILTER-11)', () => agrees(pairs(grouped)))
})

describe('other than scim-query-filter-parser, whose faults are pinned here', () => {
  const device = {
    serial: 'a',
    label: 'josé',
    enabled: true,
    weight: 0,
    tags: [],
    links: [{ value: 'x', type: 'wired', $ref: 'y' }],
  }
  const peer = (filter: string) => compileFilter(filter)(device)

  it.each([
    [
      'joins three terms with and',
      'serial eq "a" and enabled eq true and weight eq 1',
      true,
      false,
    ],
    [
      'joins three terms with and and or',
      'weight eq 1 or enabled eq true and serial eq "b"',
      false,
      false,
    ],
    ['tells letters with accents apart', 'label eq "jose"', true, false],
    ['ignores case in co as in eq', 'label co "JOS"', false, true],
    ['ignores case in sw as in eq', 'label sw "JOS"', false, true],
    ['takes an unassigned attribute for different', 'manual ne "x"', false, true],
    ['takes an unassigned attribute for null', 'manual eq null', false, true],
  ])('%s: %s', (_, filter, theirs, ours) => {
    expect(peer(filter)).toBe(theirs)
    expect(matches(filter, device, 'Device')).toBe(ours)
  })

  it('takes an empty string for not present', () => {
    expect(compileFilter('label pr')({ label: '' })).toBe(true)
    expect(matches('label pr', { label: '' }, 'Device')).toBe(false)
  })

  it.each([
    ['not', 'not (serial eq "b")', true],
    ['not without a space', 'not(serial eq "b")', true],
    ['URNs', 'urn:example:device:1.0:Device:serial eq "a"', true],
    ['$ref', 'links.$ref eq "y"', true],
    ['leading spaces', '  serial eq "a"', true],
    ['several spaces', 'serial   eq "a"', true],
    ['spaces in parentheses', '( serial eq "a" )', true],
    ['characters beyond the BMP', 'label eq "😀"', false],
    ['booleans of Entra ID', 'enabled eq True', true],
    ['a sub-attribute after a value path', 'links[type eq "wired"].value eq "x"', true],
  ])('reads %s', (_, filter, ours) => {
    expect(() => peer(filter)).toThrow()
    expect(matches(filter, device, 'Device')).toBe(ours)
  })

  it('answers for a resource with an empty multi-valued attribute', () => {
    expect(() => compileFilter('links.value eq "x"')({ links: [] })).toThrow()
    expect(matches('links.value eq "x"', { links: [] }, 'Device')).toBe(false)
  })

  it('refuses a value path inside a value path (R-FILTER-26)', () => {
    const nested = 'links[type[value eq "x"]]'
    expect(compileFilter(nested)({ links: [{ type: [{ value: 'x' }] }] })).toBe(true)
    expect(() => matches(nested, device, 'Device')).toThrow('Value path inside a value path')
  })

  it('reads nested parentheses without exponential time (S-DOS-03)', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}serial eq "a"${')'.repeat(depth)}`
    const time = (action: () => unknown) => {
      const start = process.hrtime.bigint()
      action()
      return Number(process.hrtime.bigint() - start) / 1e6
    }
    compileFilter(nested(2))
    expect(time(() => compileFilter(nested(12)))).toBeGreaterThan(
      3 * time(() => compileFilter(nested(6))),
    )
    expect(time(() => matches(nested(32), device, 'Device'))).toBeLessThan(50)
  })
})
