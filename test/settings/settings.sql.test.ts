import express from 'express'
import request from 'supertest'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { parseFilter } from '../../lib/filter/parse.js'
import { resolveFilter } from '../../lib/filter/resolve.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { createWorld, someRules, type World } from '../access/world.js'
import { userType } from '../adapters/support.js'
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

/** One of several hosts on the database under test. */
async function aHost() {
  const host = recordingTarget()
  const adapters = await sqlAdapters({ url: database.url, target: host.target })
  opened.push(adapters)
  const world: World = createWorld(adapters)
  const app = express()
  const authorize = adminTokens([{ name: 'root', token: adminToken, tenant: 'acme' }])
  app.use(settingsRouter(adapters, { authorize }))
  const authorized = (call: request.Test) => call.set('Authorization', `Bearer ${adminToken}`)
  return {
    ...world,
    host,
    reconciler: createReconciler(adapters),
    get: (path: string) => authorized(request(app).get(path)),
    post: (path: string, body: object) => authorized(request(app).post(path)).send(body),
  }
}

const path = '/api/scim/settings'
const crewRules = someRules({
  roles_groups: [['Annotator', 'Crew']],
  workspaces_groups: [['Vision', 'Crew']],
})

describe('the settings on a database', () => {
  it('save, preview, explain and report as on any adapters', async () => {
    const { get, post, addUser, addGroup, reconciler, host } = await aHost()
    const ada = await addUser('ada@example.com', { displayName: 'Ada L.' })
    const bob = await addUser('bob@example.com')
    await addGroup('Crew', [ada, bob])
    await addGroup('crew ')
    await post(path, crewRules).expect(200)
    await reconciler.drain()
    expect(host.people.get(bob.id)?.grants).toHaveLength(2)

    const preview = await post(`${path}/preview`, { roles_groups: [['Manager', 'Crew']] })
    expect(preview.body).toMatchObject({ people: 2, changed: 2, granted: 2, losingAccess: 0 })
    const person = await get('/api/scim/explain?email=ADA@example.com')
    expect(person.body).toMatchObject({ displayName: 'Ada L.', standing: 'active' })
    const people = await get('/api/scim/people?search=da%20l')
    expect(people.body).toMatchObject({ totalResults: 1, people: [{ id: ada.id }] })
    const groups = await get('/api/scim/groups?only=unmapped')
    expect(groups.body.groups).toMatchObject([{ displayName: 'crew ', nearMisses: ['Crew'] }])
    const status = await get('/api/scim/status')
    const rulesVersion = expect.stringMatching(/^[1-9]\d*$/)
    expect(status.body).toMatchObject({ pending: 0, failed: 0, fanningOut: 0, rulesVersion })
    const log = await get('/api/scim/audit?event=rules.saved')
    expect(log.body.entries).toMatchObject([{ actor: 'root', event: 'rules.saved' }])
    const drift = await get('/api/scim/drift')
    expect(drift.body).toEqual({ supported: true, compared: 2, people: [] })
  })

  it('let one of two administrators on two hosts save, and tell the other', async () => {
    const [first, second] = [await aHost(), await aHost()]
    const etag = String((await first.get(path)).headers['etag'])
    const [mine, yours] = [
      someRules({ roles_groups: [['Manager', 'Mine']] }),
      someRules({ roles_groups: [['Manager', 'Yours']] }),
    ]

    const answers = await Promise.all([
      first.post(path, mine).set('If-Match', etag),
      second.post(path, yours).set('If-Match', etag),
    ])

    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(200)
    expect(statuses.some((status) => status === 409 || status === 412)).toBe(true)
    const winner = statuses[0] === 200 ? mine : yours
    expect((await second.get(path)).body).toEqual(winner)
  })

  it('mark exactly the people of the groups whose rules changed', async () => {
    const { post, addUser, addGroup, reconciler, host } = await aHost()
    const [ada, bob, cyd] = [
      await addUser('ada@example.com'),
      await addUser('bob@example.com'),
      await addUser('cyd@example.com'),
    ]
    const inner = await addGroup('Inner', [ada])
    await addGroup('Crew', [inner])
    await addGroup('Others', [bob, cyd])
    await reconciler.drain()
    host.calls.length = 0

    await post(path, crewRules)
    await reconciler.drain()

    expect(host.calls.map(({ user }) => user)).toEqual(['ada@example.com'])
  })
})

it('previews without counting everybody on each page (D12)', async () => {
  const adapters = await sqlAdapters({ url: database.url })
  opened.push(adapters)
  const { addUser, addGroup, scope } = createWorld(adapters)
  const people = []
  for (let n = 0; n < 5; n++) people.push(await addUser(`p${n}@example.com`))
  await addGroup('Crew', people)
  const page = { kind: 'cursor', limit: 2 } as const
  // The number of everybody is stored, so only a filter shows whether somebody counts.
  const filter = resolveFilter(parseFilter('active eq true'), userType, { deviations: new Set() })
  const read = { omit: new Set<string>(), page, filter }
  expect((await adapters.users.query(scope, read)).totalResults).toBe(5)
  const uncounted = await adapters.users.query(scope, { ...read, withoutTotal: true })
  expect(uncounted.totalResults).toBeLessThan(5)

  const asked: unknown[] = []
  const users: typeof adapters.users = {
    ...adapters.users,
    query(...parameters) {
      asked.push(parameters[1].withoutTotal)
      return adapters.users.query(...parameters)
    },
  }
  const authorize = adminTokens([{ name: 'root', token: adminToken, tenant: 'acme' }])
  const app = express().use(settingsRouter({ ...adapters, users }, { authorize }))
  const { body } = await request(app)
    .post(`${path}/preview`)
    .set('Authorization', `Bearer ${adminToken}`)
    .send({ roles_groups: [['Annotator', 'Crew']] })
  expect([body.people, body.changed]).toEqual([5, 5])
  expect(asked.every((withoutTotal) => withoutTotal === true)).toBe(true)
})
