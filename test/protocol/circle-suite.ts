import fc from 'fast-check'
import { UnavailableError } from '../../lib/stores/errors.js'
import type { Adapters } from '../../lib/stores/index.js'
import {
  bulkUrn,
  enterpriseUrn,
  groupUrn,
  patchUrn,
  type ServiceProvider,
  serve,
} from './server.js'

interface Result {
  readonly status: string
  readonly bulkId: string
  readonly location: string
  readonly response?: { readonly detail: string }
}

const named = (index: number) => `g${index}`

/** One POST for each list, of a group with these others; `broken` is one that gets 400. */
const posts = (graph: readonly (readonly number[])[], broken?: number) =>
  graph.map((needs, index) => ({
    method: 'POST',
    path: '/Groups',
    bulkId: named(index),
    data: {
      schemas: [groupUrn],
      displayName: index === broken ? 7 : named(index),
      members: needs.map((each) => ({ value: `bulkId:${named(each)}` })),
    },
  }))

const send = async (scim: ServiceProvider, operations: unknown, more = {}): Promise<Result[]> =>
  (await scim.post('/Bulk', { schemas: [bulkUrn], Operations: operations, ...more })).body
    .Operations

async function storedIn(scim: ServiceProvider) {
  const { Resources = [] } = (await scim.get('/Groups?attributes=displayName,members')).body
  const names = new Map<string, string>(
    Resources.map(({ id, displayName }: Record<string, string>) => [id, displayName]),
  )
  return new Map<string, (string | undefined)[]>(
    Resources.map(({ displayName, members = [] }: { displayName: string; members?: unknown[] }) => [
      displayName,
      members.map((member) => names.get((member as { value: string }).value)).sort(),
    ]),
  )
}

/** What was answered 201 is there with all that it names, and nothing else is there. */
async function expectWhole(
  scim: ServiceProvider,
  graph: readonly (readonly number[])[],
  results: readonly Result[],
) {
  const created = results.filter(({ status }) => status === '201')
  const wanted = created.map(({ bulkId }): [string, string[]] => [
    bulkId,
    [...new Set(graph[Number(bulkId.slice(1))])].map(named).sort(),
  ])
  expect(await storedIn(scim)).toEqual(new Map(wanted))
}

/** Adapters that wait for `before` whenever they create or change a group. */
function writing({ groups, ...rest }: Adapters, before: () => Promise<void>): Adapters {
  const { create, replace, changeMembers } = groups
  const after = async <T>(write: () => Promise<T>): Promise<T> => {
    await before()
    return write()
  }
  return {
    ...rest,
    groups: {
      ...groups,
      create: (...given) => after(() => create.apply(groups, given)),
      replace: (...given) => after(() => replace.apply(groups, given)),
      ...(changeMembers && {
        changeMembers: (...given) => after(() => changeMembers.apply(groups, given)),
      }),
    },
  }
}

/** Adapters of which one write of a group fails. */
function failing(adapters: Adapters, failsAt: number): Adapters {
  let writes = 0
  return writing(adapters, async () => {
    writes += 1
    if (writes === failsAt) throw new UnavailableError('The database is away.')
  })
}

const graphs = fc
  .integer({ min: 1, max: 6 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
  )

/** New resources of a bulk request that need each other exist together or not at all. */
export function circleSuite(make: () => Adapters | Promise<Adapters>, numRuns: number): void {
  const triangle = [
    [1, 2],
    [0, 2],
    [0, 1],
  ] as const

  it('leaves nothing of a circle that cannot be completed, and answers each with an error', async () => {
    const scim = await serve(failing(await make(), 5))
    const results = await send(scim, posts(triangle))
    expect(results.map(({ status }) => status).sort()).toEqual(['409', '409', '503'])
    for (const { response } of results) expect(response?.detail).not.toBe('')
    expect((await scim.get('/Groups')).body.totalResults).toBe(0)
  })

  it('leaves nothing of a circle when the deadline comes, before it answers', async () => {
    let writes = 0
    const slow = writing(await make(), async () => {
      writes += 1
      if (writes === 4) await new Promise((resolve) => setTimeout(resolve, 1_000))
    })
    const scim = await serve(slow, { requestTimeoutMs: 600 })
    const results = await send(scim, posts(triangle))
    expect(results.map(({ status }) => status)).toEqual(['503', '503', '503'])
    expect((await scim.get('/Groups')).body.totalResults).toBe(0)
  })

  it('carries out what needs a circle after it, and not if it failed', async () => {
    const scim = await serve(failing(await make(), 6))
    const { id } = await scim.group('there')
    const person = { [enterpriseUrn]: { manager: { value: 'bulkId:g0' } } }
    const results = await send(scim, [
      {
        ...posts([[0]])[0],
        bulkId: 'before',
        data: { schemas: [groupUrn], displayName: 'before', members: [{ value: 'bulkId:g1' }] },
      },
      {
        method: 'PATCH',
        path: `/Groups/${id}`,
        data: {
          schemas: [patchUrn],
          Operations: [{ op: 'add', path: 'members', value: [{ value: 'bulkId:g2' }] }],
        },
      },
      { method: 'POST', path: '/Users', bulkId: 'u', data: { userName: 'u', ...person } },
      ...posts(triangle),
    ])
    expect(results.map(({ status }) => status)).toEqual([
      ...['409', '409', '409'],
      ...['409', '503', '409'],
    ])
    expect(await storedIn(scim)).toEqual(new Map([['there', []]]))
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('answers 201 for what is whole, and nothing else is there, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        graphs,
        fc.nat(12),
        fc.option(fc.nat(5), { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        async (graph, failsAt, broken, failOnErrors) => {
          const scim = await serve(failing(await make(), failsAt))
          const results = await send(scim, posts(graph, broken), { failOnErrors })
          await expectWhole(scim, graph, results)
          if (failsAt > 0 || (broken ?? 9) < graph.length) return
          expect(results.map(({ status }) => status)).toEqual(graph.map(() => '201'))
        },
      ),
      { numRuns },
    )
  })
}
