import fc from 'fast-check'
import { createDatabase, type Database } from '../../../adapters/sql/database.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sql } from '../../../adapters/sql/sql.js'

const postgres = (nth: number) => `$${nth}`

let database: Database
beforeAll(async () => {
  database = createDatabase(await openSqlite(':memory:', 1000))
})
afterAll(() => database.close())

it('binds what is inserted, in the order of its places, also in pieces of pieces', () => {
  const inner = sql`b = ${'b'} and ${sql`c = ${'c'}`}`
  expect(sql`a = ${'a'} or (${inner}) or d = ${'d'}`.compile(postgres)).toEqual({
    text: 'a = $1 or (b = $2 and c = $3) or d = $4',
    values: ['a', 'b', 'c', 'd'],
  })
})

it('numbers a piece that is used twice twice', () => {
  const piece = sql`x = ${1}`
  expect(sql`${piece} or ${piece}`.compile(postgres)).toEqual({
    text: 'x = $1 or x = $2',
    values: [1, 1],
  })
})

it.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b', 'c'], 'a + b + c'],
])('joins %j', (names, text) => {
  const pieces = names.map((name) => sql.raw(name))
  expect(sql.join(pieces, sql` + `).compile(postgres)).toEqual({ text, values: [] })
})

it('never lets a text become SQL', async () => {
  const texts = fc.oneof(fc.string(), fc.constantFrom("'", "''", "';--", "' or ''='", '?', '$1'))
  await fc.assert(
    // A text of SQLite ends at a NUL.
    fc.asyncProperty(
      texts.filter((text) => !text.includes('\0')),
      fc.integer(),
      async (text, n) => {
        const rows = await database.all(sql`select ${text} as text, ${sql`${n} as number`}`)
        expect(rows).toEqual([{ text, number: n }])
      },
    ),
  )
})
