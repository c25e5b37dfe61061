import { parsePage } from '../../lib/pagination/page.js'
import { thrownBy } from '../filter/support.js'

const limits = { defaultCount: 20, maxResults: 50 }

describe('paging by index', () => {
  it.each([
    {
      name: 'defaults (R-PAGE-01, R-PAGE-06)',
      startIndex: undefined,
      count: undefined,
      offset: 0,
      limit: 20,
    },
    { name: 'startIndex from 1 (R-PAGE-01)', startIndex: '1', count: '10', offset: 0, limit: 10 },
    { name: 'startIndex 0 is 1 (R-PAGE-01)', startIndex: '0', count: '10', offset: 0, limit: 10 },
    {
      name: 'a negative startIndex is 1 (R-PAGE-01)',
      startIndex: '-7',
      count: '10',
      offset: 0,
      limit: 10,
    },
    { name: 'startIndex 2 (R-PAGE-01)', startIndex: '2', count: '10', offset: 1, limit: 10 },
    {
      name: 'count 0 asks for totals only (R-PAGE-02)',
      startIndex: '1',
      count: '0',
      offset: 0,
      limit: 0,
    },
    {
      name: 'a negative count is 0 (R-PAGE-02)',
      startIndex: '1',
      count: '-1',
      offset: 0,
      limit: 0,
    },
    { name: 'the greatest count (R-PAGE-08)', startIndex: '1', count: '50', offset: 0, limit: 50 },
    {
      name: 'a greater count is lowered (R-PAGE-03, R-PAGE-08)',
      startIndex: '1',
      count: '51',
      offset: 0,
      limit: 50,
    },
    {
      name: 'a huge count is lowered (S-DOS-08)',
      startIndex: '1',
      count: '2147483647',
      offset: 0,
      limit: 50,
    },
    {
      name: 'the greatest exact startIndex (S-DOS-08)',
      startIndex: '9007199254740991',
      count: '1',
      offset: 2 ** 53 - 2,
      limit: 1,
    },
    { name: 'numbers, as in the body of a search', startIndex: 3, count: 4, offset: 2, limit: 4 },
    { name: 'leading zeros', startIndex: '007', count: '010', offset: 6, limit: 10 },
  ])('$name', ({ startIndex, count, offset, limit }) => {
    expect(parsePage({ startIndex, count }, limits)).toEqual({ kind: 'index', offset, limit })
  })

  const wrong = [
    'abc',
    '',
    ' 1',
    '1.5',
    '1e3',
    '0x10',
    '9007199254740992',
    '-9007199254740992',
    '99999999999999999999',
    '1,5',
    '+1',
    '١',
    'NaN',
    'Infinity',
    1.5,
    Number.NaN,
    2 ** 53,
  ]
  it.each(wrong)(
    'answers 400 invalidValue for count or startIndex %p (R-PAGE-04, S-DOS-08)',
    (value) => {
      for (const parameters of [{ count: value }, { startIndex: value }]) {
        expect(thrownBy(() => parsePage(parameters, limits))).toMatchObject({
          status: 400,
          scimType: 'invalidValue',
        })
      }
    },
  )
})

describe('paging by cursor', () => {
  it.each([
    {
      name: 'an empty cursor is the first page (R-CUR-01)',
      cursor: '',
      count: undefined,
      expected: { kind: 'cursor', limit: 20 },
    },
    {
      name: 'a cursor is handed on (R-CUR-01)',
      cursor: 'abc',
      count: '5',
      expected: { kind: 'cursor', cursor: 'abc', limit: 5 },
    },
    {
      name: 'a negative count is 0 (R-CUR-07)',
      cursor: '',
      count: '-1',
      expected: { kind: 'cursor', limit: 0 },
    },
    {
      name: 'a greater count is lowered (R-CUR-07)',
      cursor: '',
      count: '51',
      expected: { kind: 'cursor', limit: 50 },
    },
  ])('$name', ({ cursor, count, expected }) => {
    expect(parsePage({ cursor, count }, limits)).toEqual(expected)
  })

  it.each(['abc', '', '1.5', '1e3', '9007199254740992'])(
    'answers 400 invalidCount for count %p (R-CUR-06)',
    (count) => {
      expect(thrownBy(() => parsePage({ cursor: '', count }, limits))).toMatchObject({
        status: 400,
        scimType: 'invalidCount',
      })
    },
  )

  it('answers 400 invalidValue for startIndex and cursor together (R-CUR-11)', () => {
    expect(thrownBy(() => parsePage({ cursor: '', startIndex: '1' }, limits))).toMatchObject({
      status: 400,
      scimType: 'invalidValue',
    })
  })

  it('is by index without either (R-CUR-10)', () => {
    expect(parsePage({}, limits).kind).toBe('index')
  })
})
