import fc from 'fast-check'
import type { Database } from '../../../adapters/sql/database.js'
import { sqliteDialect } from '../../../adapters/sql/dialects/sqlite.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { createListing } from '../../../adapters/sql/listing.js'
import { sql } from '../../../adapters/sql/sql.js'
import type { User } from '../../../lib/stores/index.js'
import { insertNumbered, openDirectly } from '../../support/direct-database.js'
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

it('shows pages in any order of a list that is too long to be passed over at once', async () => {
  const scope = { ...aScope(), tenant: 'many' }
  const people = 11_000
  await insertUsers(scope.tenant, people)
  const [adapters] = hosts as [SqlAdapters]
  const idsAt = async (offset: number) => {
    const page = { kind: 'index', offset, limit: 3 } as const
    const { resources, totalResults } = await adapters.users.query(scope, { ...everything, page })
    expect(totalResults).toBe(people)
    return resources.map(({ id }) => Number(id))
  }
  for (const offset of [10_500, 0, 5_002, 10_999, 5_001, 10_996]) {
    const left = Math.min(3, people - offset)
    expect(await idsAt(offset)).toEqual([1, 2, 3].slice(0, left).map((each) => offset + each))
  }
  expect(await idsAt(people)).toEqual([])
  expect(await idsAt(people + 6_000)).toEqual([])
})

/** With the numbers from 1 as ids, in this order. */
async function insertUsers(tenant: string, count: number): Promise<void> {
  const direct = await openDirectly(database.url)
  await insertNumbered(
    direct,
    count,
    (numbers) => sql`insert into scim_resources
      (tenant, id, resource_type, created, last_modified, version, document, comparable)
    select cast(${tenant} as text), cast(n as text), 'User', n, n, 'v',
      '{"id":"' || n || '","userName":"n"}', '{}' from ${numbers}`,
  )
  await direct.close()
}

describe('a page after others', () => {
  const total = 100_000
  const asked: string[] = []
  let changes = 7
  /** Resources have their place as id. */
  const answer = (kind: string, { id, limit, passed }: Parameters) => {
    asked.push(`${kind} ${limit ?? passed} after ${id || 'nothing'}`)
    const first = id === '' ? 0 : Number(id) + 1
    const found = first + (passed ?? 0) - 1
    const documents = [first, first + 1].map((place) => `{"id":"${place}"}`).join()
    const part = { documents, metas: '["v",1,1],["v",1,1]' }
    const key = found < total ? { created: 1, id: String(found) } : { created: null, id: null }
    return [{ ...(limit === undefined ? key : part), total, changes }]
  }
  const list = createListing({
    dialect: sqliteDialect,
    server: () => undefined,
    prepared: async (_: unknown, parameters: Parameters) =>
      answer(parameters.limit === undefined ? 'pass' : 'read', parameters),
    scan: async () => answer('scan', { id: '', passed: 90_000 }),
  } as unknown as Database)
  const idsAt = async (offset: number, tenant = 'a') => {
    asked.length = 0
    const scope = { ...aScope(), tenant }
    const { resources } = await list(scope, 'User', { kind: 'index', offset, limit: 2 })
    return resources.map(({ id }) => id)
  }

  it('is found from the nearest end before it, unless something was created or deleted', async () => {
    expect(await idsAt(10)).toEqual(['10', '11'])
    expect(asked).toEqual(['pass 10 after nothing', 'read 2 after 9'])
    expect(await idsAt(12)).toEqual(['12', '13'])
    expect(asked).toEqual(['read 2 after 11'])
    expect(await idsAt(20)).toEqual(['20', '21'])
    expect(asked).toEqual(['pass 6 after 13', 'read 2 after 19'])
    expect(await idsAt(13)).toEqual(['13', '14'])
    expect(asked).toEqual(['pass 1 after 11', 'read 2 after 12'])
    changes += 1
    expect(await idsAt(14)).toEqual(['14', '15'])
    expect(asked).toEqual(['read 2 after 13', 'pass 14 after nothing', 'read 2 after 13'])
    expect(await idsAt(22)).toEqual(['22', '23'])
    expect(asked).toEqual(['pass 6 after 15', 'read 2 after 21'])
    expect(await idsAt(14, 'b')).toEqual(['14', '15'])
    expect(asked).toEqual(['pass 14 after nothing', 'read 2 after 13'])
  })

  it('far from all of them passes over the others where that keeps nobody waiting', async () => {
    expect(await idsAt(90_000, 'c')).toEqual(['90000', '90001'])
    expect(asked).toEqual(['scan 90000 after nothing', 'read 2 after 89999'])
  })
})

/** What the statements of a list are asked. */
interface Parameters {
  readonly id: string
  readonly limit?: number
  readonly passed?: number
}
