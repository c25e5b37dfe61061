import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import type { AccessGateOptions, RequestPolicy } from '../../lib/gate/index.js'
import type { MappingPolicy } from '../../lib/mapping/index.js'
import type { GatePolicy, User, UserStore } from '../../lib/stores/index.js'
import { peopleOf, recordOf, scope } from './gated.js'
import {
  allow,
  ask,
  type CleanUps,
  emailOf,
  guard,
  now,
  policyOf,
  refuse,
  slowly,
  upgrade,
} from './guarded.js'

let adapters: MemoryAdapters
const cleanUps: CleanUps = []

beforeEach(() => {
  adapters = memoryAdapters()
})
afterEach(() => {
  jest.restoreAllMocks()
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (
  enforce: RequestPolicy,
  { gate, ...options }: Partial<AccessGateOptions> & { gate?: GatePolicy } = {},
) => guard({ adapters: { ...adapters, ...(gate && { gate }) }, cleanUps }, { enforce, ...options })

describe('a policy that enforces', () => {
  it('refuses with its own status and sentence, and tells the reason to the host alone', async () => {
    const { policy, refusals } = policyOf(refuse)
    const guarded = await open(policy)
    const answer = await ask(guarded, 'ann', '/api/projects/7?secret=1', { method: 'DELETE' })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({ status_code: 404, detail: 'There is no such project.' })
    const reason = 'project 7 is not theirs'
    const request = { method: 'DELETE', path: '/api/projects/7' }
    const identity = { email: 'ann@example.com' }
    expect(refusals).toEqual([{ at: now, identity, ...request, reason, isRefused: true }])
    expect(await adapters.refusals.list(scope(), { since: '2000-01-01T00:00:00Z' })).toEqual([])
  })

  it('lets pass what it allows, at the address that it gives', async () => {
    const { policy } = policyOf({ kind: 'allow', url: '/narrowed?ids=1' })
    const guarded = await open(policy)
    expect(await (await ask(guarded, 'ann', '/api/projects')).json()).toMatchObject({
      url: '/narrowed?ids=1',
      authorization: 'ann',
    })
  })

  it('changes answers', async () => {
    const change = (body: unknown) => ({ ...(body as object), added: true })
    const { policy } = policyOf({ kind: 'allow', answer: { change } })
    const guarded = await open(policy)
    const answer = await ask(guarded, 'ann', '/api/projects')
    expect(await answer.json()).toMatchObject({ url: '/api/projects', added: true })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('decides the same if the host’s own code %s', async (_case, broken) => {
    for (const [mode, status] of [
      ['enforce', 404],
      ['report', 200],
    ] as const) {
      const { policy } = policyOf(refuse, { mode, onRefusal: broken })
      expect((await ask(await open(policy), 'ann')).status).toBe(status)
    }
    const after = jest.fn<void, [number]>(broken as never)
    const { policy } = policyOf({ kind: 'allow', answer: { after } })
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann')).status).toBe(200)
    expect((await ask(guarded, 'ann')).status).toBe(200)
    expect(after.mock.calls).toEqual([[200], [200]])
  })

  it('is not asked while it is not in force', async () => {
    const { policy, questions } = policyOf(refuse, { isInForce: async () => false })
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann', '/a')).status).toBe(200)
    expect((await ask(guarded, 'ann,bob', '/a')).status).toBe(200)
    expect(questions).toEqual([])
  })

  it.each([
    ['/a', null],
    ['/open', 'unaccepted'],
  ])('takes credentials of nobody from a request that is not open: %s', async (path, kept) => {
    const { policy, questions } = policyOf(refuse)
    const guarded = await open(policy, {
      identify: () => Promise.resolve({ identities: [], isComplete: true }),
    })
    const answer = await ask(guarded, 'unaccepted', path)
    expect(await answer.json()).toMatchObject({ authorization: kept })
    expect(questions).toEqual([])
  })

  it('refuses a request of two people, and takes two credentials of one for one', async () => {
    const { policy, refusals } = policyOf(allow)
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann,ann', '/a')).status).toBe(200)
    const answer = await ask(guarded, 'ann,bob', '/a')
    expect([answer.status, await answer.json()]).toMatchObject([
      403,
      { detail: expect.stringMatching(/credentials of two people/) },
    ])
    expect(refusals).toMatchObject([{ reason: 'credentials of two people', isRefused: true }])
  })

  it('gets the first bytes of a body for which it asks, once', async () => {
    const { policy, questions } = policyOf(({ body }) =>
      body === undefined ? { kind: 'body', length: 4 } : allow,
    )
    const guarded = await open(policy)
    const answer = await ask(guarded, 'ann', '/a', { method: 'POST', body: 'abcdefgh' })
    expect(await answer.json()).toMatchObject({ body: 'abcdefgh' })
    const bodies = questions.map(({ body }) => body)
    expect(bodies).toEqual([undefined, expect.any(Buffer)])
    expect(String(bodies[1])).toMatch(/^abcd/)
  })

  it('that takes long lets nobody pass whose access has ended meanwhile', async () => {
    const people = peopleOf(adapters)
    const user = await people.add('ann@example.com')
    const { policy } = policyOf(allow)
    let [begin, goOn] = [() => {}, () => {}]
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const decide: RequestPolicy['decide'] = async (...given) => {
      begin()
      await waiting
      return policy.decide(...given)
    }
    const guarded = await open({ ...policy, decide })
    const answered = ask(guarded, 'ann', '/a', { method: 'DELETE' })
    await begun
    await people.setActive(user, false)
    // Longer than a decision counts as made just now.
    await new Promise((resolve) => setTimeout(resolve, 20))
    goOn()
    expect((await answered).status).toBe(403)
    expect(guarded.reached).toEqual([])
  })

  describe('that takes long decides again', () => {
    let ann: User
    const setRole = (value: string) => peopleOf(adapters).change(ann, { roles: [{ value }] })
    /** Longer than a decision counts as made just now. */
    const takeLong = () => new Promise((resolve) => setTimeout(resolve, 20))

    beforeEach(async () => {
      const roles: MappingPolicy['roles_users'] = [
        ['Manager', 'm'],
        ['Annotator', 'a'],
      ]
      adapters = memoryAdapters({ policy: { roles_users: roles } })
      ann = await peopleOf(adapters).add('ann@example.com')
      ann = await setRole('m')
    })

    it('where a person has got another role meanwhile', async () => {
      const { policy, questions } = policyOf(async ({ person: { access } }) => {
        if (questions.length === 1) {
          await setRole('a')
          await takeLong()
        }
        return access !== 'all' && access?.role === 'Manager' ? allow : refuse
      })
      const guarded = await open(policy)
      expect((await ask(guarded, 'ann', '/a', { method: 'DELETE' })).status).toBe(404)
      expect(guarded.reached).toEqual([])
    })

    it('where a project is no longer theirs', async () => {
      const { policy, questions } = policyOf(async ({ request, ...question }) => {
        const { person, projectMade, projectDeleted } = question
        if (request.url === '/made') await projectMade(7)
        else if (!person.workspaceProjects.has(7)) return refuse
        else {
          await projectDeleted(7)
          await takeLong()
        }
        return allow
      })
      const guarded = await open(policy)
      expect((await ask(guarded, 'ann', '/made')).status).toBe(200)
      questions.length = 0
      expect((await ask(guarded, 'ann', '/a', { method: 'DELETE' })).status).toBe(404)
      expect(questions).toHaveLength(2)
      expect(guarded.reached).toEqual(['/made'])
    })
  })

  it('that decides while the machine is suspended lets nobody pass whose access ends', async () => {
    const people = peopleOf(adapters)
    const user = await people.add('ann@example.com')
    const { policy } = policyOf(async () => {
      await people.setActive(user, false)
      const inAnHour = Date.now() + 3_600_000
      jest.spyOn(Date, 'now').mockImplementation(() => inAnHour)
      return allow
    })
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann', '/a', { method: 'DELETE' })).status).toBe(403)
    expect(guarded.reached).toEqual([])
  })

  it('is asked once when it takes long and the access is as before in the end', async () => {
    const people = peopleOf(adapters)
    const user = await people.add('ann@example.com')
    let asked = 0
    const { policy } = policyOf(async () => {
      asked += 1
      if (asked === 1) {
        await people.setActive(await people.setActive(user, false), true)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return allow
    })
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann', '/a')).status).toBe(200)
    expect(asked).toBe(1)
  })

  it('passes nothing on for a client that has left meanwhile', async () => {
    let [begin, goOn] = [() => {}, () => {}]
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const guarded = await open(
      policyOf(async () => {
        begin()
        await waiting
        return allow
      }).policy,
    )
    const leaving = new AbortController()
    const left = ask(guarded, 'ann', '/a', { signal: leaving.signal }).catch(() => undefined)
    await begun
    leaving.abort()
    await left
    await new Promise((resolve) => setTimeout(resolve, 20))
    goOn()
    expect((await ask(guarded, 'ann', '/b')).status).toBe(200)
    expect(guarded.reached).toEqual(['/b'])
  })

  it.each(['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'])(
    'refuses a WebSocket with a body: %s',
    async (more) => {
      const guarded = await open(policyOf(allow).policy)
      expect((await upgrade(guarded, 'ann', '/ws', more)).status).toBe(400)
      expect((await upgrade(guarded, 'ann', '/ws', 'Content-Length: 0\r\n')).status).toBe(101)
    },
  )

  it('reports a request that is sent slowly once', async () => {
    const { policy, refusals } = policyOf(refuse, { mode: 'report' })
    const guarded = await open(policy)
    const { socket, answer } = slowly(guarded)
    while (refusals.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    socket.write('b')
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(refusals).toHaveLength(1)
  })

  it('refuses what it does not understand even with its body', async () => {
    const { policy } = policyOf({ kind: 'body', length: 4 })
    const guarded = await open(policy)
    const answer = await ask(guarded, 'ann', '/a', { method: 'POST', body: 'abcdefgh' })
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { status_code: 403, detail: 'The request could not be understood.' },
    ])
  })

  it('knows the access of people whom SCIM has, and of nobody else', async () => {
    await peopleOf(adapters).add('ann@example.com')
    const { policy, questions } = policyOf(allow)
    const guarded = await open(policy)
    await ask(guarded, 'ann', '/a')
    await ask(guarded, 'stranger', '/a')
    const [ann, stranger] = questions
    expect(ann?.person).toMatchObject({ identity: { email: 'ann@example.com' } })
    expect(ann?.person.access).toMatchObject({ workspaces: [] })
    expect(stranger?.person).toEqual({
      identity: { email: 'stranger@example.com' },
      access: undefined,
      workspaceProjects: new Set(),
    })
    await peopleOf(adapters).add('left@example.com', false)
    for (const email of ['stranger@example.com', 'left@example.com']) {
      expect(await ann?.accessOf({ email })).toMatchObject({ access: undefined })
    }
  })

  it('gives those whom SCIM only lists nothing by rules, and protected people everything', async () => {
    const [ann, bob] = [await peopleOf(adapters).add('ann@example.com'), 'bob@example.com']
    const record = recordOf(ann, '5')
    const listed = { ...record, account: { id: '5', origin: 'imported' } } as const
    await adapters.access.saveRecord(scope(), listed)
    await peopleOf(adapters).add(bob)
    const protectedOnes: NonNullable<UserStore['exemptions']> = async (_scope, users) =>
      users.map(({ userName }) =>
        userName === bob ? { kind: 'protected', reason: 'an administrator' } : undefined,
      )
    adapters = { ...adapters, users: { ...adapters.users, exemptions: protectedOnes } }
    const { policy, questions } = policyOf(allow)
    const guarded = await open(policy, {
      identify: async ({ headers }) => ({
        identities: [headers.authorization === 'ann' ? { accountId: 5 } : { email: bob }],
        isComplete: true,
      }),
    })
    await ask(guarded, 'ann')
    await ask(guarded, 'bob')
    expect(questions.map(({ person }) => person.access)).toEqual([undefined, 'all'])
  })

  it('gives the owner everything', async () => {
    const isOwner: GatePolicy['isOwner'] = async (_scope, { email }) => email === emailOf('olga')
    const { policy, questions } = policyOf(allow)
    const guarded = await open(policy, { gate: { signUp: async () => 'closed', isOwner } })
    await ask(guarded, 'olga', '/a')
    await ask(guarded, 'ann', '/a')
    expect(questions.map(({ person }) => person.access)).toEqual(['all', undefined])
  })

  it('fails closed when it fails', async () => {
    const { policy } = policyOf(() => Promise.reject(new Error('broken')))
    const guarded = await open(policy)
    expect((await ask(guarded, 'ann', '/a')).status).toBe(500)
  })
})

describe('a policy that only reports', () => {
  it('lets everything pass unchanged, and reports what it would refuse', async () => {
    const { policy, refusals } = policyOf(refuse, { mode: 'report' })
    const guarded = await open(policy)
    expect(await (await ask(guarded, 'ann', '/a?b')).json()).toMatchObject({ url: '/a?b' })
    expect(refusals).toMatchObject([{ path: '/a', isRefused: false }])
    await ask(guarded, 'ann,bob', '/a')
    expect(refusals[1]).toMatchObject({ reason: 'credentials of two people', isRefused: false })
  })

  it('learns from answers, and does not change them', async () => {
    const learnt: unknown[] = []
    const statuses: number[] = []
    const answer = {
      change: () => ({ changed: true }),
      learn: (body: unknown) => learnt.push(body),
      after: (status: number) => statuses.push(status),
    }
    const { policy } = policyOf({ kind: 'allow', answer }, { mode: 'report' })
    const body = await (await ask(await open(policy), 'ann')).json()
    expect(body).toMatchObject({ url: '/a' })
    expect([learnt, statuses]).toEqual([[body], [200]])
  })

  it('does not narrow', async () => {
    const { policy } = policyOf({ kind: 'allow', url: '/narrowed' }, { mode: 'report' })
    const guarded = await open(policy)
    expect(await (await ask(guarded, 'ann', '/a')).json()).toMatchObject({ url: '/a' })
  })

  it('leaves the credentials of nobody', async () => {
    const { policy } = policyOf(refuse, { mode: 'report' })
    const nobody = () => Promise.resolve({ identities: [], isComplete: true })
    const guarded = await open(policy, { identify: nobody })
    const answer = await ask(guarded, 'unaccepted', '/a')
    expect(await answer.json()).toMatchObject({ authorization: 'unaccepted' })
  })
})
