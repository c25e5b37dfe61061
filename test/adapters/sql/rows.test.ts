import fc from 'fast-check'
import { instantWriter } from '../../../adapters/sql/rows.js'

const years = fc.oneof(
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.integer({ min: -1_000_000_000_000, max: 4_000_000_000_000 }),
  fc.constantFrom(-1, 0, 86_399_999, 86_400_000, -86_400_000, -8.64e15, 8.64e15),
)

it('writes instants as Date does', () => {
  fc.assert(
    fc.property(fc.array(years, { minLength: 1 }), (list) => {
      expect(list.map(instantWriter())).toEqual(list.map((ms) => new Date(ms).toISOString()))
    }),
  )
})

it('refuses what is no instant, as Date does', () => {
  expect(() => instantWriter()(Number.NaN)).toThrow(RangeError)
  expect(instantWriter()(0)).toBe('1970-01-01T00:00:00.000Z')
})
