import { ScimError } from '../../lib/errors.js'
import { parseFilter } from '../../lib/filter/parse.js'
import malformed from '../cases/filter/malformed.json' with { type: 'json' }
import { cpuMs } from '../support/cpu-time.js'
import { allDeviations, thrownBy, withoutPositions } from './support.js'

const compare = (text: string, operator: string, value: unknown) => ({
  kind: 'compare',
  path: { text },
  operator,
  value,
})
const present = (text: string) => ({ kind: 'present', path: { text } })

describe('parsing a filter', () => {
  it.each(malformed)(
    'answers 400 invalidFilter with the position for $name',
    ({ filter, position }) => {
      const error = thrownBy(() => parseFilter(filter, { deviations: allDeviations }))
      expect(error).toBeInstanceOf(ScimError)
      expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' })
      expect((error as ScimError).message).toMatch(new RegExp(`at position ${position}\\.$`))
    },
  )

  it('gives or below nothing, and below or, terms below and (R-FILTER-11)', () => {
    expect(
      withoutPositions(parseFilter('a pr and b pr or c pr and not (d pr or e pr) and f pr')),
    ).toEqual({
      kind: 'or',
      nodes: [
        { kind: 'and', nodes: [present('a'), present('b')] },
        {
          kind: 'and',
          nodes: [
            present('c'),
            { kind: 'not', node: { kind: 'or', nodes: [present('d'), present('e')] } },
            present('f'),
          ],
        },
      ],
    })
  })

  it('gives flat lists however the terms are grouped', () => {
    const flat = { kind: 'and', nodes: [present('a'), present('b'), present('c')] }
    expect(withoutPositions(parseFilter('a pr and (b pr and c pr)'))).toEqual(flat)
    expect(withoutPositions(parseFilter('((a pr) and b pr) and c pr'))).toEqual(flat)
  })

  it('keeps where each path starts', () => {
    expect(parseFilter(' a pr  and emails[ value eq "x"]')).toMatchObject({
      nodes: [
        { path: { position: 1 } },
        { path: { position: 11 }, filter: { path: { position: 19 } } },
      ],
    })
  })

  it.each([
    ['true', true],
    ['false', false],
    ['null', null],
    ['"true"', 'true'],
    ['0', 0],
    ['-0', 0],
    ['-12.50e+1', -125],
    ['1E2', 100],
    ['""', ''],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"\\u00E9\\ud83d\\ude00"', 'é😀'],
    ['"a b) and (c]"', 'a b) and (c]'],
  ])('reads the literal %s (R-FILTER-15)', (literal, value) => {
    expect(withoutPositions(parseFilter(`a eq ${literal}`))).toMatchObject(
      compare('a', 'eq', value),
    )
  })

  it('has one zero, as JSON texts and databases have', () => {
    expect(parseFilter('a eq -0')).toHaveProperty('value', 0)
  })

  it.each(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'])(
    'reads the operator %s in any case (R-FILTER-01, R-FILTER-14)',
    (operator) => {
      const expected = compare('a', operator, 1)
      expect(withoutPositions(parseFilter(`a ${operator} 1`))).toEqual(expected)
      expect(withoutPositions(parseFilter(`a ${operator.toUpperCase()} 1`))).toEqual(expected)
    },
  )

  it.each([
    'a',
    'a1-b_c$d',
    'name.givenName',
    'members.$ref',
    '$ref',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName',
    'URN:example:1.2.3:x:manager.value',
    'urn:example:a%20b~c',
  ])('reads the attribute path %s (R-FILTER-28, R-FILTER-41)', (path) => {
    expect(withoutPositions(parseFilter(`${path} pr`))).toEqual(present(path))
  })
})

describe('the limits of a filter', () => {
  const isRefused = (text: string, limits = {}) => {
    try {
      parseFilter(text, { deviations: allDeviations, ...limits })
      return false
    } catch (error) {
      expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' })
      return true
    }
  }
  const nested = (depth: number) => `${'('.repeat(depth)}a pr${')'.repeat(depth)}`
  const negated = (depth: number) => `${'not ('.repeat(depth)}a pr${')'.repeat(depth)}`
  const terms = (count: number) => Array(count).fill('a pr').join(' or ')
  const ofLength = (length: number) => `a eq "${'x'.repeat(length - 7)}"`

  it.each([
    ['8192 bytes', ofLength(8192), false],
    ['8193 bytes', ofLength(8193), true],
    ['8193 bytes in fewer characters', `a eq "${'é'.repeat(4093)}"`, true],
    ['8191 bytes in fewer characters', `a eq "${'é'.repeat(4092)}"`, false],
    ['32 levels', nested(32), false],
    ['33 levels', nested(33), true],
    ['32 levels of not', negated(32), false],
    ['33 levels of not', negated(33), true],
    ['31 levels in brackets', `a[${nested(31)}]`, false],
    ['32 levels in brackets', `a[${nested(32)}]`, true],
    ['many groups side by side', Array(100).fill(nested(5)).join(' and '), false],
    ['200 expressions', terms(200), false],
    ['201 expressions', terms(201), true],
    ['100 expressions under not', Array(100).fill('not (a pr)').join(' or '), false],
    ['101 expressions under not', Array(101).fill('not (a pr)').join(' or '), true],
  ])(
    'are 8192 bytes, 32 levels, 200 expressions: %s (S-DOS-03, R-FILTER-12)',
    (_, text, refused) => {
      expect(isRefused(text)).toBe(refused)
    },
  )

  it('can be chosen by the host (S-DOS-03)', () => {
    expect(isRefused(nested(3), { depth: 2 })).toBe(true)
    expect(isRefused(nested(2), { depth: 2 })).toBe(false)
    expect(isRefused(terms(3), { nodes: 2 })).toBe(true)
    expect(isRefused(terms(2), { nodes: 2 })).toBe(false)
    expect(isRefused('a pr', { bytes: 3 })).toBe(true)
    expect(isRefused('a pr', { bytes: 4 })).toBe(false)
  })

  it('hold for 100,000 open parentheses without a deep call stack (S-DOS-03)', () => {
    expect(isRefused('('.repeat(100_000), { bytes: 1_000_000 })).toBe(true)
    expect(isRefused('not('.repeat(100_000), { bytes: 1_000_000 })).toBe(true)
  })
})

describe('parsing takes time in proportion to the length', () => {
  const unlimited = { bytes: 1e9, nodes: 1e9, depth: 500 }
  const shapes: Readonly<Record<string, (size: number) => string>> = {
    'an unterminated string of escapes': (size) => `title eq "${'\\a'.repeat(size)}`,
    'an unterminated string of line feeds': (size) => `title eq "${'\\n'.repeat(size)}`,
    'a long string': (size) => `title eq "${'x'.repeat(size)}"`,
    'many alternatives joined by and': (size) =>
      Array(size).fill('(a eq "0" or b eq "0")').join(' and '),
    'many terms': (size) => Array(size).fill('a pr').join(' and '),
    'many spaces': (size) => `a${' '.repeat(size)}pr`,
    'a long URN': (size) => `urn:${'a:.'.repeat(size)} pr`,
    'a long name': (size) => `${'a$-'.repeat(size)}! pr`,
    'a long number': (size) => `a eq 1.${'0'.repeat(size)}x`,
  }
  const time = (text: string) => {
    return cpuMs(() => {
      try {
        parseFilter(text, unlimited)
      } catch {
        // Malformed shapes count as well.
      }
    })
  }

  it.each(Object.entries(shapes))('%s (S-DOS-03, S-DOS-04)', (_, shape) => {
    const size = 20_000
    // Four times the input: 4 when linear, 16 when quadratic, beyond all bounds when exponential.
    const [short, long] = [time(shape(size)), time(shape(4 * size))]
    expect(long / Math.max(short, 2)).toBeLessThan(10)
  })

  it('nested parentheses cost no more than the same parentheses side by side (S-DOS-03)', () => {
    const nested = time(`${'('.repeat(400)}a pr${')'.repeat(400)}`)
    const flat = time(Array(400).fill('(a pr)').join(' or '))
    expect(nested / Math.max(flat, 500_000)).toBeLessThan(10)
  })
})
