import { resolveDeviations } from '../../lib/deviations.js'
import {
  compareComparable,
  foldCase,
  isPresent,
  toComparable,
} from '../../lib/schema/comparable.js'
import { parseDateTime } from '../../lib/schema/date-time.js'
import { isUnassigned, saysNone } from '../../lib/schema/empty-value.js'
import type { AttributeDefinition, Json } from '../../lib/schema/types.js'

/** xsd:dateTime (RFC 7643 §2.3.5), and the same moment as ECMAScript writes it. */
const moments: Readonly<Record<string, string>> = {
  '2026-01-31T09:00:00Z': '2026-01-31T09:00:00.000Z',
  '2026-01-31T09:00:00': '2026-01-31T09:00:00.000Z',
  '2026-01-31T09:00:00.5Z': '2026-01-31T09:00:00.500Z',
  '2026-01-31T09:00:00.123456789Z': '2026-01-31T09:00:00.123Z',
  '2026-01-31T09:00:00+01:30': '2026-01-31T07:30:00.000Z',
  '2026-01-31T09:00:00-01:30': '2026-01-31T10:30:00.000Z',
  '2026-01-31T09:00:00+14:00': '2026-01-30T19:00:00.000Z',
  '2026-01-31T09:00:00-00:59': '2026-01-31T09:59:00.000Z',
  '2026-01-31T24:00:00Z': '2026-02-01T00:00:00.000Z',
  '2026-01-31T23:59:59Z': '2026-01-31T23:59:59.000Z',
  '2024-02-29T00:00:00Z': '2024-02-29T00:00:00.000Z',
  '2000-02-29T00:00:00Z': '2000-02-29T00:00:00.000Z',
  '0001-01-01T00:00:00Z': '0001-01-01T00:00:00.000Z',
  '2026-04-30T00:00:00Z': '2026-04-30T00:00:00.000Z',
  '2026-12-31T00:00:00Z': '2026-12-31T00:00:00.000Z',
}

const noMoments = [
  '2026-01-31',
  '2026-01-31 09:00:00Z',
  '2026-01-31T09:00Z',
  '2026-01-31T09:00:00.Z',
  '2026-01-31T24:00:01Z',
  '2026-01-31T24:01:00Z',
  '2026-01-31T24:00:00.001Z',
  '2026-01-31T25:00:00Z',
  '2026-01-31T09:60:00Z',
  '2026-01-31T09:00:60Z',
  '2026-01-31T09:00:00+14:01',
  '2026-01-31T09:00:00+01:60',
  '2026-01-32T09:00:00Z',
  '2026-01-00T09:00:00Z',
  '2026-00-31T09:00:00Z',
  '2026-13-31T09:00:00Z',
  '2026-02-29T09:00:00Z',
  '1900-02-29T09:00:00Z',
  '2026-04-31T09:00:00Z',
  '2026-06-31T09:00:00Z',
  '2026-09-31T09:00:00Z',
  '2026-11-31T09:00:00Z',
  ' 2026-01-31T09:00:00Z',
  '2026-01-31T09:00:00Z ',
]

describe('a dateTime', () => {
  it.each(Object.entries(moments))('%s is %s', (text, moment) => {
    expect(parseDateTime(text)).toBe(Date.parse(moment))
  })

  it.each(noMoments)('cannot be "%s"', (text) => {
    expect(parseDateTime(text)).toBeUndefined()
  })
})

const withDeviations = { deviations: resolveDeviations({}) }
const strict = { deviations: resolveDeviations({ strict: true }) }

/** A value of a client, whether it says that there is none, and whether it does strictly. */
const nones: readonly (readonly [Json, boolean, boolean])[] = [
  [null, true, true],
  [[], true, true],
  ['', true, false],
  ['x', false, false],
  [0, false, false],
  [false, false, false],
  [['x'], false, false],
  [{}, false, false],
  [{ value: null }, true, true],
  [{ VALUE: null, type: 'work' }, true, true],
  [{ value: '' }, true, false],
  [{ value: 'x', display: null }, false, false],
  [{ type: 'work' }, false, false],
  [{ type: 'work', primary: true, display: null }, true, true],
  [{ TYPE: 'work', display: [] }, true, true],
  [{ display: 'x', type: null }, false, false],
]

it.each(nones)('%j says none: %s, strictly: %s (RFC 7643 §2.5)', (value, lenient, strictly) => {
  expect([saysNone(value, withDeviations), saysNone(value, strict)]).toEqual([lenient, strictly])
})

it('an empty object is a value, an empty list is none', () => {
  expect(isUnassigned({}, strict)).toBe(false)
  expect(isUnassigned([], strict)).toBe(true)
})

const attribute = (type: AttributeDefinition['type'], caseExact = false) =>
  ({ name: 'x', type, caseExact }) as AttributeDefinition

/** A type, a value of it, what it is compared as, and a value that does not fit. */
const comparables: readonly (readonly [AttributeDefinition, Json, Json, Json])[] = [
  [attribute('boolean'), true, true, 'true'],
  [attribute('integer'), 3, 3, '3'],
  [attribute('decimal'), 2.5, 2.5, true],
  [attribute('dateTime'), '1970-01-01T00:00:01Z', 1000, 'soon'],
  [attribute('string'), 'ÉCOLE', 'école', 7],
  [attribute('string', true), 'ÉCOLE', 'ÉCOLE', 7],
  [attribute('reference'), 'https://A.example', 'https://a.example', {}],
]

it.each(comparables)('compares %j: %j as %j, and %j not at all', (type, value, as, other) => {
  expect([toComparable(type, value), toComparable(type, other)]).toEqual([as, null])
})

it('compares nothing of a complex value', () => {
  expect(toComparable(attribute('complex'), 'x')).toBeNull()
})

it('orders booleans, numbers and text, each by value (B1)', () => {
  const ordered = [false, true, -1, 0, 7, '', 'A', 'a', 'b', '\uFFFD', '\u{1F600}']
  const mixed = [7, 'b', true, '\u{1F600}', 'A', 0, '', '\uFFFD', false, 'a', -1]
  expect(mixed.sort(compareComparable)).toEqual(ordered)
  expect(compareComparable('a', 'a')).toBe(0)
})

it('folds case, width and the final sigma', () => {
  expect(['Straße', 'ＡＢＣ', 'ΣΟΦΟΣ', 'e\u0301'].map(foldCase)).toEqual([
    'straße',
    'abc',
    'σοφοσ',
    'é',
  ])
})

it('takes for present whatever is neither unassigned nor empty (RFC 7644 §3.4.2.2)', () => {
  const present = [0, false, 'x', [null, 'x'], { a: { b: 1 } }]
  const absent = [undefined, null, '', [], {}, [null, ''], { a: { b: null }, c: [] }]
  expect(present.map(isPresent)).toEqual(present.map(() => true))
  expect(absent.map(isPresent)).toEqual(absent.map(() => false))
})
