import fc from 'fast-check'
import { etagOf, matchesEtag, versionOf } from '../../lib/version/etag.js'
import { cpuMs } from '../support/cpu-time.js'

describe('the entity tag of a version', () => {
  it.each([
    ['3', 'W/"3"'],
    ['a-b.c~', 'W/"a-b.c~"'],
    ['say "x"', 'W/"say%0020%0022x%0022"'],
    ['a\r\nb', 'W/"a%000d%000ab"'],
    ['é', 'W/"%00e9"'],
    ['100%', 'W/"100%0025"'],
    ['', 'W/""'],
  ])('of %j is %s (R-ETAG-01, R-ETAG-02)', (version, tag) => {
    expect(etagOf(version)).toBe(tag)
    expect(matchesEtag(tag, version)).toBe(true)
    expect(versionOf(tag)).toBe(version)
  })
})

describe('If-Match and If-None-Match', () => {
  it.each([
    ['the tag', 'W/"3"', true],
    ['the tag, strong (R-ETAG-06)', '"3"', true],
    ['another tag', 'W/"4"', false],
    ['a longer tag', 'W/"33"', false],
    ['anything (R-ETAG-07)', '*', true],
    ['anything, with spaces (R-ETAG-07)', ' * ', true],
    ['a list with it (R-ETAG-07)', 'W/"1", "2",W/"3"', true],
    ['a list without it (R-ETAG-07)', 'W/"1", W/"2"', false],
    ['a list with empty elements (R-ETAG-07)', ', W/"1",, W/"3" ,', true],
    ['a list with a comma in a tag (R-ETAG-07)', '"1,2", "3"', true],
    ['a tag that is a list of its own', '"1, 3"', false],
    ['spaces around (R-ETAG-07)', '\t W/"3" \t', true],
    ['nothing', '', false],
    ['an unquoted tag (R-ETAG-07)', '3', false],
    ['an unquoted weak tag (R-ETAG-07)', 'W/3', false],
    ['a lower-case w (R-ETAG-07)', 'w/"3"', false],
    ['no closing quotation mark (R-ETAG-07)', 'W/"3', false],
    ['text after it (R-ETAG-07)', 'W/"3"x', false],
    ['no comma between (R-ETAG-07)', 'W/"3" W/"4"', false],
    ['a space in the tag (R-ETAG-07)', '"3 4"', false],
    ['a malformed element beside it (R-ETAG-07)', 'W/"3", x', false],
    ['an asterisk in a list (R-ETAG-07)', '*, W/"3"', false],
    ['single quotes (R-ETAG-07)', "W/'3'", false],
  ])('with %s (%s): %s (R-ETAG-04, R-ETAG-05)', (_, header, expected) => {
    expect(matchesEtag(header, '3')).toBe(expected)
  })

  it('find each version in a list, and only that one (R-ETAG-07)', () => {
    const versions = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(versions, fc.string({ unit: 'binary' }), (list, other) => {
        const header = list.map(etagOf).join(', ')
        for (const version of list) expect(matchesEtag(header, version)).toBe(true)
        expect(matchesEtag(header, other)).toBe(list.includes(other))
      }),
    )
  })

  it('never crash (R-ETAG-07)', () => {
    const headers = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('W/', '"', ',', ' ', '*', 'x', '\\')).map((parts) => parts.join('')),
    )
    fc.assert(fc.property(headers, (header) => typeof matchesEtag(header, 'x') === 'boolean'))
  })

  it.each([
    ['commas', ','],
    ['spaces', ' '],
    ['quotation marks', '"'],
    ['weak marks', 'W/'],
    ['tags', 'W/"x",'],
    ['tabs and commas', '\t,'],
  ])('are read in time proportional to their length: %s (S-DOS-04)', (_, part) => {
    const time = (length: number) => {
      const header = `${part.repeat(length)}!`
      return cpuMs(() => matchesEtag(header, 'y'))
    }
    time(1000)
    expect(time(100_000) / Math.max(time(25_000), 2)).toBeLessThan(10)
  })
})

it('reads the version from a single tag', () => {
  expect(versionOf('W/"3"')).toBe('3')
  expect(versionOf('"3"')).toBe('3')
  for (const tag of ['3', '', '*', '"1", "2"']) expect(versionOf(tag)).toBeUndefined()
})
