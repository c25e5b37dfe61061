import fc from 'fast-check'
import { beginsList, listReader } from '../../lib/gate/json-list.js'

const upTo = (most: number) => (bytes: number) => bytes <= most

/** The items of a list whose bytes come in pieces of these sizes. */
function itemsOf(text: string, sizes: readonly number[] = [text.length], maxItemBytes = 1e6) {
  const items: unknown[] = []
  const reader = listReader(
    (json) => items.push(JSON.parse(json.toString('utf8'))),
    upTo(maxItemBytes),
  )
  const bytes = Buffer.from(text)
  let start = 0
  for (const size of [...sizes, bytes.length]) {
    reader.push(bytes.subarray(start, start + size))
    start += size
  }
  return { items, isWhole: reader.isWhole() }
}

it('reads any list, however it is written and cut into pieces', () => {
  const spaces = fc.constantFrom(undefined, 1, '\t', '\r\n')
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 3 })),
      spaces,
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }),
      (list, space, sizes) => {
        const plain = JSON.parse(JSON.stringify(list)) as unknown[]
        const text = JSON.stringify(list, null, space)
        expect(itemsOf(text, sizes)).toEqual({ items: plain, isWhole: true })
      },
    ),
  )
})

it.each<[string, readonly unknown[]]>([
  ['[]', []],
  ['[ \r\n\t]', []],
  ['[1]  \r\n', [1]],
  ['[[]]', [[]]],
  ['[[],{}]', [[], {}]],
  ['["]","[",",","{","}","\\"]","\\\\"]', [']', '[', ',', '{', '}', '"]', '\\']],
  ['[{"a":"]"},{"b":[1,[2,{"c":"\\\\\\""}]]}]', [{ a: ']' }, { b: [1, [2, { c: '\\"' }]] }]],
])('reads %s in one piece and byte by byte', (text, items) => {
  expect(itemsOf(text)).toEqual({ items, isWhole: true })
  const singly = Array.from({ length: text.length }, () => 1)
  expect(itemsOf(text, singly)).toEqual({ items, isWhole: true })
})

it.each(['[', '[1', '[1,', '["a', '["a\\', '[{"a":1', '[[1]'])(
  'takes %s for unfinished',
  (text) => {
    expect(itemsOf(text).isWhole).toBe(false)
  },
)

it.each(['[1}', '[1] 2', '[1]]', '[][]', '[1]x'])('refuses %s', (text) => {
  expect(() => itemsOf(text)).toThrow()
  expect(() => itemsOf(text, [1, 1, 1])).toThrow()
})

it('refuses an item that is too long, also before it ends, and no other', () => {
  expect(itemsOf('["123","45678"]', [4], 7).items).toEqual(['123', '45678'])
  expect(() => itemsOf('["123","456789"]', [4], 7)).toThrow('An item is too long.')
  const reader = listReader(() => {}, upTo(7))
  reader.push(Buffer.from('["12'))
  expect(() => reader.push(Buffer.from('34567'))).toThrow('An item is too long.')
})

it('knows a list by its first byte', () => {
  expect(beginsList(Buffer.from('[1'))).toBe(true)
  for (const text of ['{"a":[]}', ' [1]', '1', '']) {
    expect(beginsList(Buffer.from(text))).toBe(false)
  }
})
