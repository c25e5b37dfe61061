import fc from 'fast-check'
import type { Session } from '../../../adapters/sql/database.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { createListing } from '../../../adapters/sql/listing.js'
import type { User } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

let database: TestDatabase
/** Two hosts on one database. */
let hosts: readonly SqlAdapters[]
beforeAll(async () => {
  database = await testDatabase()
  const { url } = database
  hosts = [await sqlAdapters({ url }), await sqlAdapters({ url })]
})
afterAll(async () => {
  for (const host of hosts ?? []) await host.close()
  await database?.drop()
})

/** One thing that happens in a tenant between two pages, or a page. */
type Step = { readonly host: number } & (
  | { readonly kind: 'create'; readonly second: number }
  | { readonly kind: 'delete'; readonly place: number }
  | { readonly kind: 'read'; readonly offset: number; readonly limit: number }
)

const host = fc.nat(1)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ host, kind: fc.constant('create' as const), second: fc.nat(59) }),
  fc.record({ host, kind: fc.constant('delete' as const), place: fc.nat(20) }),
  fc.record({ host, kind: fc.constant('read' as const), offset: fc.nat(12), limit: fc.nat(5) }),
  fc.record({
    host,
    kind: fc.constant('read' as const),
    offset: fc.constantFrom(3, 6, 9),
    limit: fc.constant(3),
  }),
)

it('shows the page that counting from the beginning would, whoever comes and goes in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const scope = aScope()
      const expected: User[] = []
      for (const each of steps) {
        const adapters = hosts[each.host] as SqlAdapters
        if (each.kind === 'create') {
          const created = `2026-01-01T00:00:${String(each.second).padStart(2, '0')}.000Z`
          const user = aUser()
          const older = { ...user, meta: { ...user.meta, created } }
          await adapters.users.create(scope, older, writeOf(older))
          expected.push(older)
          expected.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
        } else if (each.kind === 'delete') {
          const [gone] = expected.splice(each.place, 1)
          if (gone) await adapters.users.delete(scope, gone.id, {})
        } else {
          const { offset, limit } = each
          const page = await adapters.users.query(scope, {
            ...everything,
            page: { kind: 'index', offset, limit },
          })
          expect(page.totalResults).toBe(expected.length)
          expect(page.resources.map(({ id }) => id)).toEqual(
            expected.slice(offset, offset + limit).map(({ id }) => id),
          )
        }
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

function keyOf({ id, meta }: User): string {
  return `${meta.created} ${id}`
}

describe('a page that begins where another one ended', () => {
  const extent = { tenant: 'a', type: 'User' }
  const asked: { offset: number; id: string }[] = []
  let changes = 7
  const session = {
    async prepared(_statement: unknown, parameters: { offset: number; id: string }) {
      const { offset, id } = parameters
      asked.push({ offset, id })
      const first = id === '' ? offset : Number(id) + 1
      const rows = [first, first + 1].map((place) => ['"v"', 1, 1, `{"id":"${place}"}`])
      return [{ list: rows.map((row) => `[${row.join()}]`).join(), total: 100, changes }]
    },
  } as unknown as Session
  const list = createListing(session)
  const idsAt = async (offset: number) => {
    const { resources } = await list(extent, { kind: 'index', offset, limit: 2 })
    return resources.map(({ id }) => id)
  }

  it('is found by key, unless something was created or deleted', async () => {
    expect(await idsAt(10)).toEqual(['10', '11'])
    expect(await idsAt(12)).toEqual(['12', '13'])
    changes += 1
    expect(await idsAt(14)).toEqual(['14', '15'])
    expect(
      await list({ ...extent, tenant: 'b' }, { kind: 'index', offset: 14, limit: 2 }),
    ).toBeDefined()
    expect(asked).toEqual([
      { offset: 10, id: '' },
      { offset: 0, id: '11' },
      { offset: 0, id: '13' },
      { offset: 14, id: '' },
      { offset: 14, id: '' },
    ])
  })
})
