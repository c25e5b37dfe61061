import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { maxLookedThrough } from '../../lib/settings/reports/find-people.js'
import type { Adapters, User } from '../../lib/stores/index.js'
import { RefusedError } from '../../lib/stores/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { createWorld, someRules, type World } from '../access/world.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { adminToken } from './support.js'

let database: TestDatabase
const opened: { close(): Promise<void> }[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})

/** A store that declares nothing, so that the library filters, sorts and counts. */
function undeclared<S extends Adapters['users' | 'groups']>(store: S): S {
  const { supports: _, find: _find, getMany: _many, ...rest } = store
  return rest as unknown as S
}

const policy = { roles_users: [['Reviewer', 'LS.Reviewer']] } as const

const stores: Readonly<Record<string, () => Promise<Adapters>>> = {
  'a database': async () => {
    const { target } = aTarget()
    const adapters = await sqlAdapters({ url: database.url, target, policy })
    opened.push(adapters)
    return adapters
  },
  memory: async () => memoryAdapters({ target: aTarget().target, policy }),
  'a minimal store': async () => {
    const { users, groups, ...rest } = memoryAdapters({ target: aTarget().target, policy })
    const { countMembers: _, listMembers: _list, ...plain } = groups
    return { ...rest, users: undeclared(users), groups: undeclared(plain) }
  },
}

/** Refuses everybody called Fay. */
function aTarget() {
  const host = recordingTarget()
  const applyAccess: typeof host.target.applyAccess = async (scope, user, access, plan) => {
    if (user.userName.startsWith('fay')) throw new RefusedError('No.')
    return host.target.applyAccess(scope, user, access, plan)
  }
  return { ...host, target: { ...host.target, applyAccess } }
}

async function aCompany(adapters: Adapters) {
  const world: World = createWorld(adapters)
  const app = express()
  const authorize = adminTokens([{ name: 'root', token: adminToken, tenant: 'acme' }])
  app.use(settingsRouter(adapters, { authorize }))
  const get = (path: string) => request(app).get(path).set('Authorization', `Bearer ${adminToken}`)
  const names = async (query: string) => {
    const { body } = await get(`/api/scim/people?${query}`).expect(200)
    const people = body.people.map(({ userName }: User) => userName.split('@')[0])
    expect(body.totalResults).toBeGreaterThanOrEqual(people.length)
    return people as string[]
  }
  return { ...world, get, names }
}

/** Leads > Managers; Crew, with Inner in it, > Annotators. */
async function withPeople(adapters: Adapters) {
  const company = await aCompany(adapters)
  const { addUser, addGroup, access } = { ...company, access: company.adapters.access }
  const add = (name: string, displayName: string, over: Partial<User> = {}) =>
    addUser(`${name}@example.com`, { displayName, ...over })
  const [eve, dan, cyd, bob] = [
    await add('eve', 'Eve'),
    await add('dan', 'Dan'),
    await add('cyd', 'cyd', { active: false }),
    await add('bob', 'Bob'),
  ]
  const roles = [{ value: 'LS.Reviewer' }]
  const rae = await add('rae', 'Rae', { roles })
  const fay = await add('fay', 'Fay')
  const inner = await addGroup('Inner', [bob])
  await addGroup('Crew', [dan, cyd, fay, inner])
  await addGroup('Leads', [dan])
  await access.saveRules(
    company.scope,
    someRules({
      roles_groups: [
        ['Annotator', 'Crew'],
        ['Manager', 'Leads'],
      ],
    }),
    { expectedVersion: '0', affects: 'everybody' },
  )
  await createReconciler(adapters).drain()
  await access.mark(company.scope, [rae.id])
  return { ...company, eve, dan, cyd, bob, rae, fay }
}

describe.each(Object.keys(stores))('people, over %s', (name) => {
  it.each([
    ['role=Annotator', ['cyd', 'bob', 'fay']],
    ['role=Manager', ['dan']],
    ['role=Reviewer', ['rae']],
    ['role=Administrator', []],
    ['role=none', ['eve']],
    ['group=Crew', ['dan', 'cyd', 'bob', 'fay']],
    ['group=Inner', ['bob']],
    ['group=None', []],
    ['state=access', ['eve', 'dan', 'bob']],
    ['state=deactivated', ['cyd']],
    ['state=failed', ['fay']],
    ['state=waiting', ['rae']],
    ['sort=name', ['bob', 'cyd', 'dan', 'eve', 'fay', 'rae']],
    ['sort=changed', ['fay', 'rae', 'bob', 'cyd', 'dan', 'eve']],
    ['sort=state', ['fay', 'rae', 'eve', 'dan', 'bob', 'cyd']],
    ['role=Annotator&group=Crew&sort=name', ['bob', 'cyd', 'fay']],
    ['role=Annotator&state=access', ['bob']],
    ['role=Annotator&state=deactivated', ['cyd']],
    ['role=Annotator&state=failed&group=Crew&search=FAY', ['fay']],
    ['role=Manager&state=failed', []],
    ['state=failed&group=Inner', []],
    ['state=failed&search=bob', []],
    ['group=Crew&search=b&sort=name', ['bob']],
    ['group=Crew&state=deactivated', ['cyd']],
    ['role=Annotator&sort=state', ['fay', 'bob', 'cyd']],
  ])('lists %s', async (query, expected) => {
    const { names } = await withPeople(await stores[name]!())
    const found = await names(query)
    // Only what is sorted has an order of its own for groups that a store reads whole.
    const isOrdered = query.includes('sort=') || !query.includes('group=')
    expect(isOrdered ? found : [...found].sort()).toEqual(
      isOrdered ? expected : [...expected].sort(),
    )
  })

  it('counts and pages whatever is combined', async () => {
    const { get } = await withPeople(await stores[name]!())
    const seen: string[] = []
    for (const offset of [0, 1, 2]) {
      const { body } = await get(
        `/api/scim/people?role=Annotator&group=Crew&sort=name&limit=1&offset=${offset}`,
      )
      expect(body).toMatchObject({ totalResults: 3 })
      expect(body.lookedThrough).toBeUndefined()
      seen.push(...body.people.map(({ displayName }: { displayName: string }) => displayName))
    }
    expect(seen).toEqual(['Bob', 'cyd', 'Fay'])
  })
})

it.each(['role=Owner', 'sort=age', 'state=gone'])('people: %s is refused', async (query) => {
  const { get } = await aCompany(memoryAdapters())
  await get(`/api/scim/people?${query}`).expect(400)
})

describe('people of a large company', () => {
  /** As many as there are, without storing them. */
  function crowd(size: number): Adapters {
    const adapters = memoryAdapters()
    const user = (index: number) =>
      ({
        id: `u${index}`,
        userName: `u${index}@example.com`,
        active: true,
        meta: { created: '2026-01-01T00:00:00.000Z' },
      }) as unknown as User
    const query: typeof adapters.users.query = async (_scope, { page: { limit } }) => ({
      resources: Array.from({ length: Math.min(limit, size) }, (_, index) => user(index)),
      totalResults: size,
    })
    const getMany: typeof adapters.users.getMany = async (_scope, ids) =>
      ids.map((id) => user(Number(id.slice(1))))
    return { ...adapters, users: { ...adapters.users, query, getMany } }
  }

  it('are looked through to a bound, which the answer and the page tell', async () => {
    const { get } = await aCompany(crowd(maxLookedThrough + 1))
    const { body } = await get('/api/scim/people?role=none&limit=1')
    expect(body).toMatchObject({ totalResults: maxLookedThrough, lookedThrough: maxLookedThrough })
    const { body: all } = await get('/api/scim/people?limit=1')
    expect(all).toMatchObject({ totalResults: maxLookedThrough + 1 })
    expect(all.lookedThrough).toBeUndefined()
  })

  it('who wait or failed come first in the order of states, wherever they are', async () => {
    const { get, adapters, scope } = await aCompany(crowd(maxLookedThrough + 10))
    await adapters.access.mark(scope, [`u${maxLookedThrough + 5}`])
    const { body } = await get('/api/scim/people?sort=state&limit=1')
    expect(body.people).toMatchObject([{ id: `u${maxLookedThrough + 5}`, standing: 'pending' }])
  })
})
