import { randomUUID } from 'node:crypto'
import { inOrder } from '../../../adapters/sql/sql.js'

async function partsOf(ids: readonly string[]): Promise<(readonly string[])[]> {
  const parts: (readonly string[])[] = []
  for await (const part of inOrder(ids)) parts.push([...part])
  return parts
}

it.each([
  ['random ids', Array.from({ length: 3_000 }, () => randomUUID())],
  ['ids that begin alike', Array.from({ length: 900 }, (_, index) => `person-${index}`)],
  ['short and odd ids', ['b', '', 'ab', 'a', '\u{10000}', '\uffff', 'a\u{1F600}', 'aé', 'abc']],
  ['ids that begin with the time', Array.from({ length: 3_700 }, () => timeOrderedId())],
  ['nobody', []],
])('gives %s in order, each once, at most 200 at a time', async (_, ids) => {
  const parts = await partsOf([...ids, ...ids.slice(0, 10)])
  expect(parts.flat()).toEqual([...ids].sort())
  expect(parts.every(({ length }) => length > 0 && length <= 200)).toBe(true)
  expect(parts.slice(0, -1).every(({ length }) => length === 200)).toBe(true)
})

it.each([
  ['random ids', () => randomUUID()],
  ['ids that begin alike', timeOrderedId],
])('lets other work run while it sorts %s', async (_, newId) => {
  let turns = 0
  const count = () => {
    turns += 1
    turning = setImmediate(count)
  }
  let turning = setImmediate(count)
  const ids = Array.from({ length: 20_000 }, newId)
  for await (const part of inOrder(ids)) {
    expect(part).toHaveLength(200)
    break
  }
  clearImmediate(turning)
  // 40 to read them, and 19 to sort them.
  expect(turns).toBeGreaterThan(50)
})

function timeOrderedId(): string {
  return `01998a12-34${randomUUID().slice(11)}`
}

it('leaves out what no database can hold', async () => {
  expect(await partsOf(['b', 'a\0', '\ud800', 'a'])).toEqual([['a', 'b']])
})
