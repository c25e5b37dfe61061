import { setTimeout as pause } from 'node:timers/promises'
import { type LabelStudioApi, labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'

let fake: FakeLabelStudio
let members: Set<number>
beforeEach(async () => {
  members = new Set()
  fake = await startFakeLabelStudio({ mode: 'lse' })
  fake.state.projects.set(70, { id: 70, title: 'P', createdBy: 1, members })
  const kind = { isPersonal: false, isArchived: false }
  fake.state.workspaces.set(71, { id: 71, title: 'W', members, ...kind })
})
afterEach(() => fake.stop())

const settings = () => ({ url: fake.url, token: fake.token, timeoutMs: 60_000 })

async function twoPeople(): Promise<readonly [number, number]> {
  const api = labelStudioApi(settings())
  const ids: number[] = []
  for (const name of ['ann', 'bob']) {
    const account = { email: `${name}@example.com`, username: name, firstName: '', lastName: '' }
    const { id } = await api.users.create({ ...account, password: 'a long password' } as never)
    await api.members(1).setRole(id, 'AN')
    ids.push(id)
  }
  return ids as unknown as [number, number]
}

type Add = (api: LabelStudioApi, id: number, signal: AbortSignal) => Promise<unknown>

describe.each<[string, string, Add]>([
  [
    'workspace',
    '/api/workspaces/71/memberships/bulk/',
    (api, id, signal) => api.workspaces.addMember(71, id, signal),
  ],
  [
    'project',
    '/api/projects/70/members/bulk/',
    (api, userId, signal) => api.projects.addMember(70, { userId }, signal),
  ],
])('people who are added to a %s together', (_, path, add) => {
  const sent = () =>
    fake.requests
      .filter((each) => each.path === path)
      .map(({ body }) => (JSON.parse(body) as { included: number[] }).included)

  it.each([
    ['waits for an answer', { kind: 'slow' }],
    ['pauses after 503', { kind: 'status', status: 503 }],
    ['pauses after 429', { kind: 'status', status: 429 }],
  ] as const)(
    'are asked for again without somebody who left while it %s',
    async (_title, fault) => {
      const [ann, bob] = await twoPeople()
      let isPausing = false
      const sleep = (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((_resolve, reject) => {
          isPausing = true
          signal?.addEventListener('abort', () => reject(signal.reason))
        })
      fake.faults.add({ fault, path: new RegExp(path), times: 1 })
      const api = labelStudioApi({ ...settings(), sleep })
      const lease = new AbortController()
      const annIsIn = add(api, ann, lease.signal)
      const bobIsIn = add(api, bob, new AbortController().signal)
      while (fault.kind === 'slow' ? sent().length === 0 : !isPausing) await pause(5)
      lease.abort()
      await expect(annIsIn).rejects.toThrow(/abort/i)
      await bobIsIn
      expect(sent()).toEqual([[ann, bob], [bob]])
      expect([...members]).toEqual([bob])
    },
  )

  it('are not asked for if they left while their request waited for its turn', async () => {
    const [ann] = await twoPeople()
    fake.faults.add({ fault: { kind: 'slow' }, method: 'GET', times: 1 })
    const api = labelStudioApi({ ...settings(), maxConcurrent: 1 })
    const [blocking, lease] = [new AbortController(), new AbortController()]
    const blocked = api.whoami(blocking.signal)
    const isIn = add(api, ann, lease.signal)
    // After it was gathered, it waits for the request above.
    await pause(100)
    lease.abort()
    blocking.abort()
    await expect(isIn).rejects.toThrow(/abort/i)
    await expect(blocked).rejects.toThrow(/abort/i)
    await api.whoami()
    expect(sent()).toEqual([])
  })
})
