import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  type Fault,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { enterpriseWorlds } from './enterprise-world.js'
import { type Product, type ProductOptions, startProduct } from './product.js'

/** What can become of any request to Label Studio. */
const faults: readonly (readonly [string, Fault])[] = [
  ['is not answered in time', { kind: 'slow' }],
  ['is closed unanswered', { kind: 'down' }],
  ['is carried out, and the connection dropped', { kind: 'dropped' }],
  ['is answered with a page of something else', { kind: 'garbage' }],
  ['is answered 429', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
  ['is answered 500', { kind: 'status', status: 500 }],
]
/** The reconciler's clock is ahead, so that what a request puts off for a second is due at once. */
const clock = () => new Date(Date.now() + 2_000)
/** Only where no answer is the fault must the wait be short; else a busy machine is no fault. */
const quick = (fault?: Fault): ProductOptions => ({
  adapters: {
    timeoutMs: fault?.kind === 'slow' ? 1_000 : 20_000,
    retries: 0,
    baseDelayMs: 1,
    maxDelayMs: 5,
  },
  reconciler: { backoffMs: 1, maxBackoffMs: 5, maxRetryAfterMs: 5, pollMs: 20, clock },
})

/** How long a test may take on a busy machine; it waits for what happens, and no longer. */
const patienceMs = 60_000

async function eventually(isRight: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + patienceMs / 2
  while (!(await isRight())) {
    if (Date.now() > end) throw new Error('It did not come right.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

jest.setTimeout(patienceMs)

let fake: FakeLabelStudio
let product: Product
/** Starts a Community and the product in front of it; both end after the test. */
async function startCommunity(fault?: Fault): Promise<void> {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  product = await startProduct(fake, quick(fault))
}
async function stopCommunity(): Promise<void> {
  fake.faults.clear()
  await product.stop()
  await fake.stop()
}

describe.each(faults)('a request to Community that %s', (_name, fault) => {
  beforeEach(async () => {
    await startCommunity(fault)
    await product.pushUser({ userName: 'first@example.com' })
    await product.drained()
  })
  afterEach(stopCommunity)
  const accounts = (email: string) =>
    [...fake.state.users.values()].filter((each) => each.email.toLowerCase() === email)

  it.each([
    ['POST', /^\/api\/users\/$/],
    ['GET', /^\/api\/users\//],
    ['GET', /^\/admin\//],
    ['POST', /^\/admin\//],
    ['PATCH', /^\/api\/users\//],
  ])('makes no second account, and loses none: %s %s', async (method, path) => {
    fake.faults.add({ fault, method, path, times: 2 })
    const name = { givenName: 'Ann', familyName: 'Archer' }
    const { status, json } = await product.pushUser({ userName: 'ann@example.com', name })
    expect(status).toBe(201)
    await product.patch(`/Users/${json.id}`, [
      { op: 'replace', path: 'name.familyName', value: 'B' },
    ])
    await eventually(() => accounts('ann@example.com')[0]?.lastName === 'B')
    expect(accounts('ann@example.com')).toHaveLength(1)
    fake.faults.add({ fault, method, path, times: 2 })
    const answer = await product.setActive(json.id, false)
    expect([200, 503]).toContain(answer.status)
    // Acknowledged only when it is true; else it comes true without a further request.
    if (answer.status === 200) expect(accounts('ann@example.com')[0]?.isActive).toBe(false)
    else expect(answer.json).toMatchObject({ status: '503' })
    await eventually(() => accounts('ann@example.com')[0]?.isActive === false)
  })

  it('does not make an import lose anybody', async () => {
    await product.adapters.importer.run()
    const before = (await product.scim('GET', '/Users')).json.totalResults
    for (const path of [/^\/api\/users\/$/, /^\/admin\//, /^\/api\/users\/\d+/]) {
      fake.faults.clear()
      fake.faults.add({ fault, path })
      await product.adapters.importer.run().catch(() => {})
    }
    expect((await product.scim('GET', '/Users')).json.totalResults).toBe(before)
  })
})

describe('an import whose list lacks somebody', () => {
  beforeEach(() => startCommunity())
  afterEach(stopCommunity)
  it('asks for their account, and removes only who is gone', async () => {
    const api = labelStudioApi({ url: fake.url, token: fake.token })
    for (const name of ['ann', 'ben']) await api.users.create({ email: `${name}@example.com` })
    await product.adapters.importer.run()
    const [ann, ben] = [...fake.state.users.values()].slice(1)
    const owner = [{ id: 1, email: fake.ownerEmail, username: '', first_name: '', last_name: '' }]
    const fault = { kind: 'status', status: 200, body: JSON.stringify(owner) } as const
    fake.faults.add({ fault, path: /^\/api\/users\/$/ })
    fake.state.users.delete(ben?.id ?? 0)
    expect(await product.adapters.importer.run()).toMatchObject({ removed: 1 })
    expect((await product.lookUp(ann?.email ?? '')).json.totalResults).toBe(1)
  })
})

describe('Enterprise', () => {
  const start = enterpriseWorlds()
  it.each(faults)('comes to the right end when every kind of request %s', async (_name, fault) => {
    const {
      fake,
      product,
      push,
      pushGroup,
      saveRules,
      leave,
      aProject,
      aWorkspace,
      accountId,
      roleOf,
    } = await start({ defaultRole: 'AN' }, quick(fault))
    const [project, workspace] = [aProject(), aWorkspace('Vision')]
    const rules = {
      roles_groups: [['Annotator', 'crew']],
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    } as const
    await saveRules(rules)
    for (const method of ['POST', 'GET', 'PATCH', 'DELETE']) {
      fake.faults.add({
        fault,
        method,
        path: /^\/api\/(users|organizations|workspaces|projects)/,
        times: 2,
      })
    }
    const id = await push()
    const group = await pushGroup('crew', [id])
    await eventually(() => project.roleOf(accountId()) === 'RE' && workspace.members.size === 1)
    await eventually(
      async () => !(await product.record(id))?.applied.some((each) => each.unconfirmed),
    )
    expect(roleOf()).toBe('AN')
    await saveRules({ ...rules, workspaces_groups: [], projects_groups: [] })
    fake.faults.add({ fault, method: 'DELETE', times: 2 })
    await eventually(() => !project.has(accountId()) && workspace.members.size === 0)
    expect(project.roleOf(accountId())).toBeUndefined()
    fake.faults.add({ fault, method: 'PATCH', times: 2 })
    await leave(group, id).catch(() => {})
    await eventually(() => roleOf() === 'DI')
    expect(
      [...fake.state.users.values()].filter(({ email }) => email === 'ann@example.com'),
    ).toHaveLength(1)
  })
})
