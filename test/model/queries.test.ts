import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { comparableOf } from '../../lib/schema/comparable.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { ResourceType } from '../../lib/schema/types.js'
import type { Adapters, Resource, ResourceStore } from '../../lib/stores/index.js'
import { aScope, groupType, userType } from '../adapters/support.js'
import { filterTexts, resources } from '../filter/arbitraries.js'
import { type ServiceProvider, searchUrn, serve } from '../protocol/server.js'
import { type NamedAdapters, numberFrom, threeStores } from '../support/three-stores.js'

/** Sets of data, and queries of each; `MODEL_DATA=500 npm run test:model -- queries` for 100,000. */
const sets = numberFrom('MODEL_DATA', 8)
const queriesOfSet = 100
const seed = numberFrom('MODEL_SEED', randomInt(2 ** 31))

let stores: readonly NamedAdapters[]

beforeAll(async () => {
  stores = await threeStores()
})
afterAll(async () => {
  for (const { close } of stores ?? []) await close()
})

const kinds = [
  { endpoint: '/Users', type: userType, sortable: ['userName', 'name.familyName', 'emails', 'id'] },
  { endpoint: '/Groups', type: groupType, sortable: ['displayName', 'externalId', 'meta.created'] },
] as const

type Kind = (typeof kinds)[number]

/** Resources of a type with ids in no order and, for users, names of their own. */
function someResources(type: ResourceType): fc.Arbitrary<readonly Resource[]> {
  return fc.array(resources(type), { minLength: 5, maxLength: 25 }).map((list) =>
    list.map((each, index) => {
      const { members: _, groups: __, ...rest } = each as Record<string, unknown>
      const name = type === userType ? 'userName' : 'displayName'
      return { ...rest, [name]: `${rest[name] ?? ''}${index}` } as unknown as Resource
    }),
  )
}

interface Asked {
  readonly filter?: string
  readonly sortBy?: string
  readonly sortOrder?: 'ascending' | 'descending'
  readonly startIndex?: number
  readonly count?: number
  /** Follow cursors instead of one page by index. */
  readonly cursor: boolean
}

function someQuery({ type, sortable }: Kind): fc.Arbitrary<Asked> {
  return fc.record(
    {
      filter: filterTexts(type),
      sortBy: fc.constantFrom(...sortable, 'title', 'active', 'meta.lastModified'),
      sortOrder: fc.constantFrom('ascending', 'descending'),
      startIndex: fc.integer({ min: -1, max: 30 }),
      count: fc.integer({ min: 0, max: 12 }),
      cursor: fc.boolean(),
    },
    { requiredKeys: ['cursor'] },
  )
}

async function store(adapters: Adapters, tenant: string, kind: Kind, list: readonly Resource[]) {
  const target = (kind.type === userType ? adapters.users : adapters.groups) as ResourceStore
  const scope = aScope(tenant)
  for (const resource of list) {
    await target.create(scope, resource, {
      keys: lookupKeys(kind.type, resource),
      comparable: () => comparableOf(kind.type, resource),
    })
  }
}

/** The pages of a query: status and ids of each, in their order. */
async function pagesOf(
  provider: ServiceProvider,
  tenant: string,
  { endpoint }: Kind,
  { cursor, ...asked }: Asked,
): Promise<readonly unknown[]> {
  const { startIndex, count = 12, ...rest } = asked
  const page = cursor ? { count: Math.max(count, 1) } : { startIndex, count }
  const pages: unknown[] = []
  let next: string | undefined = ''
  do {
    const body: object = {
      schemas: [searchUrn],
      ...rest,
      ...page,
      ...(cursor && { cursor: next }),
    }
    const answer = await provider.post(`${endpoint}/.search`, body, { as: tenant })
    const { Resources = [], totalResults, scimType, nextCursor } = answer.body
    const ids = Resources.map(({ id }: { id: string }) => id)
    pages.push({ status: answer.status, totalResults, scimType, ids })
    next = cursor ? nextCursor : undefined
  } while (next !== undefined && pages.length < 50)
  return pages
}

it.each(kinds)(
  'finds, sorts and pages $endpoint alike on all stores',
  async (kind) => {
    process.stderr.write(`test:model queries: MODEL_SEED=${seed} MODEL_DATA=${sets}\n`)
    const providers = await Promise.all(stores.map(({ adapters }) => serve(adapters)))
    let tenants = 0
    const data = fc.sample(someResources(kind.type), { seed, numRuns: sets })
    for (const [index, list] of data.entries()) {
      tenants += 1
      const tenant = `${kind.endpoint}-${tenants}`
      for (const { adapters } of stores) await store(adapters, tenant, kind, list)
      const property = fc.asyncProperty(someQuery(kind), async (asked) => {
        const [first, ...others] = await Promise.all(
          providers.map((provider) => pagesOf(provider, tenant, kind, asked)),
        )
        for (const [place, other] of others.entries()) {
          expect({ store: stores[place + 1]?.name, pages: other }).toEqual({
            store: stores[place + 1]?.name,
            pages: first,
          })
        }
      })
      await fc.assert(property, { seed: seed + index, numRuns: queriesOfSet })
    }
  },
  86_400_000,
)
