import { readLongLists } from '../../lib/patch/read-lists.js'
import type { Json, JsonObject } from '../../lib/schema/types.js'
import { inTurns } from '../../lib/stores/in-steps.js'
import { userUrn } from '../support/urns.js'
import { enterprise, optionsOf, typeOf, warranty } from './fixtures.js'

const scope = { signal: new AbortController().signal }
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const emails = many(60, (index) => ({ VALUE: `${index % 55}@example.com`, unknown: 1 }))

const read = (type: string, body: JsonObject) => {
  const context = {
    ...optionsOf({ unknownAttributes: 'ignore' }),
    passedOver: new Set<string>(),
  }
  return inTurns(readLongLists(typeOf(type), body, context), scope)
}

describe('long lists in a body', () => {
  it.each<[string, JsonObject]>([
    ['as an attribute', { emails }],
    ['in another case', { EMAILS: emails }],
    ['under the URN of the schema', { [userUrn]: { emails } }],
    ['under the URN of the schema, in capitals', { [userUrn.toUpperCase()]: { emails } }],
  ])('are read, each value once, %s', async (_, body) => {
    const lists = await read('User', body)
    expect([...lists.keys()]).toEqual([emails])
    expect(lists.get(emails)).toEqual(emails.slice(0, 55).map(({ VALUE }) => ({ value: VALUE })))
  })

  it('are left where they are no values of an attribute that clients write', async () => {
    const schemas = many(60, (index) => `urn:${index}`)
    const groups = many(60, (index) => ({ value: `${index}` }))
    const body = { schemas, groups, unknown: emails, name: emails, 'emails.value': schemas }
    expect(await read('User', body)).toEqual(new Map())
    expect(await read('User', { emails: emails.slice(0, 50) })).toEqual(new Map())
    expect(await read('User', { [enterprise]: { emails }, [warranty]: { emails } })).toEqual(
      new Map(),
    )
  })

  it('are refused as shorter ones are, naming the attribute', async () => {
    const wrong: Json[] = [...emails, { value: 1 }]
    await expect(read('User', { emails: wrong })).rejects.toMatchObject({
      status: 400,
      scimType: 'invalidValue',
      message: expect.stringContaining('emails.value'),
    })
  })

  it('are read in turns with other work', async () => {
    const junk = Object.fromEntries(many(300, (index) => [`unknown${index}`, 1]))
    const long = many(3_000, (index) => ({ ...junk, value: `${index}@example.com` }))
    let turns = 0
    let isOver = false
    const look = () => {
      turns += 1
      if (!isOver) setImmediate(look)
    }
    setImmediate(look)
    await read('User', { emails: long })
    isOver = true
    expect(turns).toBeGreaterThan(5)
  })
})
