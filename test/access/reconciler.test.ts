import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler, type ReconcilerOptions } from '../../lib/access/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { RefusedError, UnavailableError } from '../../lib/stores/index.js'
import { aGate, recordingTarget } from './recording-target.js'
import { createWorld, someRules, type World } from './world.js'

// Only the date stands still, until a test moves it; timers are real.
const realTimers = ['setTimeout', 'setImmediate', 'setInterval', 'nextTick', 'performance'] as const
beforeEach(() => void jest.useFakeTimers({ doNotFake: [...realTimers, 'clearTimeout'] }))
afterEach(() => void jest.useRealTimers())

function setUp() {
  const host = recordingTarget()
  const world: World = createWorld(memoryAdapters({ target: host.target }))
  const events: AuditEntry[] = []
  const reconciler = (options: ReconcilerOptions = {}) =>
    createReconciler(world.adapters, {
      random: () => 0.5,
      onEvent: (event) => void events.push(event),
      ...options,
    })
  return {
    ...world,
    host,
    events,
    access: world.adapters.access,
    reconciler,
    pass: (ms: number) => void jest.setSystemTime(Date.now() + ms),
    addUsers: async (count: number) => {
      const users = []
      for (let index = 0; index < count; index++) {
        users.push(await world.addUser(`user${index}@example.com`))
      }
      return users
    },
    pendingOf: async (user: { id: string }) =>
      (await world.adapters.access.pendingOf(world.scope, [user.id]))[0],
  }
}

const untilTrue = async (condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000
  while (!condition() && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5))
}
const bug = () => {
  throw new Error('Bug.')
}
const down = () => {
  throw new UnavailableError('Connection refused.', { retryAfterSeconds: 0 })
}

describe('the reconciler', () => {
  it('makes access true for everybody who is marked, and clears the marks', async () => {
    const { addUsers, addGroup, saveRules, reconciler, host, access, scope } = setUp()
    const users = await addUsers(30)
    await addGroup('Crew', users)
    await saveRules({ roles_groups: [['Annotator', 'Crew']] })

    await reconciler().drain()

    expect(await access.summary(scope)).toEqual({ pending: 0, failed: 0, fanningOut: 0 })
    const given = users.map(({ id }) => host.people.get(id)?.grants)
    expect(given).toEqual(users.map(() => [{ kind: 'role', role: 'Annotator' }]))
  })

  it('works on no more people at once than it may', async () => {
    const { addUsers, reconciler, host } = setUp()
    await addUsers(20)
    host.haveTrouble(() => new Promise((resolve) => setImmediate(resolve)))

    await reconciler({ concurrency: 3 }).drain()

    expect(host.calls).toHaveLength(20)
    expect(host.maxBusy()).toBe(3)
  })

  it('goes on with others while the host is slow with one', async () => {
    const { addUsers, reconciler, host } = setUp()
    await addUsers(20)
    const slow = aGate()
    host.haveTrouble((_scope, name) => (name === 'user0@example.com' ? slow.opened : undefined))

    const drained = reconciler({ concurrency: 2 }).drain()
    await untilTrue(() => host.calls.length === 19)
    slow.open()
    await drained

    expect(host.calls.at(-1)).toMatchObject({ user: 'user0@example.com' })
    expect(host.maxBusy()).toBe(2)
  })

  it('tries again later and later, by full jitter up to a bound', async () => {
    const { addUsers, reconciler, host, pass, pendingOf } = setUp()
    const [user] = await addUsers(1)
    const { drain } = bound(
      reconciler({ backoffMs: 1_000, maxBackoffMs: 5_000, random: () => 0.5 }),
    )
    host.haveTrouble(() => {
      throw new Error('Bug.')
    })
    const waits: number[] = []
    for (let attempt = 0; attempt < 5; attempt++) {
      await drain()
      const { nextAt } = (await pendingOf(user!))!
      waits.push(Date.parse(nextAt) - Date.now())
      pass(waits.at(-1)!)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 2_500, 2_500])
  })

  it('does not ask a host again before the time its Retry-After names, at most the bound for it', async () => {
    const { addUsers, reconciler, host, pendingOf } = setUp()
    const [patient, endless] = await addUsers(2)
    host.haveTrouble((_scope, name) => {
      const retryAfterSeconds = name === 'user0@example.com' ? 30 : 999_999
      throw new UnavailableError('Too many requests.', { retryAfterSeconds })
    })

    await reconciler({ maxRetryAfterMs: 60_000 }).drain()

    expect(Date.parse((await pendingOf(patient!))!.nextAt)).toBe(Date.now() + 30_500)
    expect(Date.parse((await pendingOf(endless!))!.nextAt)).toBe(Date.now() + 60_500)
  })

  it('asks a host that is down for a few people, not for everybody, and loses nobody', async () => {
    const { addUsers, reconciler, host, access, scope, pass } = setUp()
    const users = await addUsers(500)
    let asked = 0
    host.haveTrouble(() => {
      asked += 1
      throw new UnavailableError('Down.', { retryAfterSeconds: 60 })
    })
    const shared = reconciler({ concurrency: 4 })

    await shared.drain()
    expect(asked).toBeLessThanOrEqual(8)
    expect(await access.summary(scope)).toMatchObject({ pending: 500, failed: 0 })

    host.haveTrouble(() => {})
    pass(3_600_000)
    await shared.drain()
    expect(host.calls).toHaveLength(users.length)
    expect(await access.summary(scope)).toMatchObject({ pending: 0, failed: 0 })
  })

  it('never gives up a person because the host is down, however long', async () => {
    const { addUsers, reconciler, host, pass, pendingOf } = setUp()
    const [user] = await addUsers(1)
    const shared = reconciler({ maxAttempts: 3 })
    host.haveTrouble(down)
    for (let attempt = 0; attempt < 20; attempt++) {
      await shared.drain()
      pass(600_000)
    }
    expect(await pendingOf(user!)).toMatchObject({ failed: false, attempts: 20 })

    host.haveTrouble(() => {
      throw new Error('A hiccup while the host comes up.')
    })
    await shared.drain()
    expect(await pendingOf(user!)).toMatchObject({ failed: false })

    host.haveTrouble(() => {})
    pass(600_000)
    await shared.drain()
    expect(await pendingOf(user!)).toBeUndefined()
  })

  it.each([
    ['succeeds', () => {}],
    ['refuses one person', bug],
  ])('goes on asking a host that %s between failures', async (_, answer) => {
    const { addUsers, reconciler, host } = setUp()
    await addUsers(6)
    const asked: string[] = []
    host.haveTrouble((_scope, name) => {
      asked.push(name)
      return asked.length === 3 ? answer() : asked.length < 6 ? down() : undefined
    })
    await reconciler({ concurrency: 1 }).drain()
    expect(asked).toHaveLength(6)
  })

  it('tries again after an outage, however often it failed before', async () => {
    const { addUsers, reconciler, host, pass, pendingOf } = setUp()
    const [user] = await addUsers(1)
    const { drain } = bound(reconciler({ maxAttempts: 3 }))
    for (const trouble of [bug, bug, down, bug]) {
      host.haveTrouble(trouble)
      await drain()
      pass(600_000)
    }
    expect(await pendingOf(user!)).toMatchObject({ failed: false, attempts: 4 })
    host.haveTrouble(bug)
    await drain()
    expect(await pendingOf(user!)).toMatchObject({ failed: true })
  })

  it('does not count against a person that they were put off because the host was down', async () => {
    const { addUsers, reconciler, host, pass, pendingOf, access, scope } = setUp()
    const { drain } = bound(reconciler({ maxAttempts: 3 }))
    const [user, ...others] = await addUsers(4)
    host.haveTrouble((_scope, name) => void (name === 'user0@example.com' && bug()))
    await drain()
    host.haveTrouble(() => {
      throw new UnavailableError('Down.', { retryAfterSeconds: 60 })
    })
    await access.mark(
      scope,
      others.map(({ id }) => id),
    )
    await drain()
    pass(5_000)
    await drain()
    expect(await pendingOf(user!)).toMatchObject({ attempts: 2 })

    host.haveTrouble(bug)
    pass(600_000)
    await drain()
    expect(await pendingOf(user!)).toMatchObject({ failed: false, attempts: 3 })
  })

  it('gives up and reports whom the host will not take, and retries when told to', async () => {
    const { addUsers, reconciler, host, pass, pendingOf, access, scope, events, adapters } = setUp()
    const [user] = await addUsers(1)
    const shared = reconciler({ maxAttempts: 3 })
    host.haveTrouble(() => {
      throw new TypeError('secret of the host')
    })
    for (let attempt = 0; attempt < 5; attempt++) {
      await shared.drain()
      pass(600_000)
    }
    const message = "The adapter failed unexpectedly (TypeError). The host's log has the error."
    expect(await pendingOf(user!)).toMatchObject({ failed: true, attempts: 3, lastError: message })
    expect(events.map(({ event }) => event)).toEqual([
      'access.retrying',
      'access.retrying',
      'access.failed',
    ])
    const logged = await adapters.audit!.query(scope, { limit: 10 })
    expect(logged.map(({ event }) => event)).toEqual(['access.failed', 'access.retrying'])
    expect(JSON.stringify([events, logged])).not.toContain('secret of the host')

    host.haveTrouble(() => {})
    await access.retry(scope)
    await shared.drain()
    expect(await pendingOf(user!)).toBeUndefined()
    expect(host.people.has(user!.id)).toBe(true)
  })

  it('gives up at once whom the host refuses for good', async () => {
    const { addUsers, reconciler, host, pendingOf } = setUp()
    const [user] = await addUsers(1)
    host.haveTrouble(() => {
      throw new RefusedError('This account belongs to another organization.')
    })
    await reconciler().drain()
    expect(await pendingOf(user!)).toMatchObject({
      failed: true,
      lastError: 'This account belongs to another organization.',
    })
  })

  it('records nothing of a host that answers garbage', async () => {
    const host = recordingTarget()
    const applyAccess = async () => undefined as never
    const world = createWorld(memoryAdapters({ target: { ...host.target, applyAccess } }))
    const user = await world.addUser('ada@example.com')

    await createReconciler(world.adapters).drain()

    expect(await world.adapters.access.getRecord(world.scope, user.id)).toBeUndefined()
    const [entry] = await world.adapters.access.pendingOf(world.scope, [user.id])
    expect(entry).toMatchObject({ attempts: 1, failed: false })
  })

  it('does again what changed while it worked', async () => {
    const { addUsers, addGroup, saveRules, changeMembers, reconciler, host } = setUp()
    const [user] = await addUsers(1)
    const crew = await addGroup('Crew', [user!])
    await saveRules({ roles_groups: [['Annotator', 'Crew']] })
    const slow = aGate()
    host.haveTrouble(() => slow.opened)
    const drained = reconciler().drain()
    await untilTrue(() => host.maxBusy() > 0)

    await changeMembers(crew, { remove: [user!] })
    slow.open()
    await drained

    expect(host.calls.map(({ kind }) => kind)).toEqual(['apply', 'deprovision'])
  })

  it('shares the work with others and keeps two of them off one person', async () => {
    const { addUsers, reconciler, host } = setUp()
    const users = await addUsers(200)
    host.haveTrouble(() => new Promise((resolve) => setImmediate(resolve)))

    await Promise.all([reconciler().drain(), reconciler().drain(), reconciler().drain()])

    expect(host.calls).toHaveLength(users.length)
    expect([...host.overlapping]).toEqual([])
  })

  it('takes over from one that died in the middle when its lease has run out', async () => {
    const { addUsers, reconciler, host, access, pass } = setUp()
    await addUsers(3)
    await access.claim({
      owner: 'dead',
      limit: 2,
      leaseMs: 60_000,
    })
    await reconciler().drain()
    expect(host.calls).toHaveLength(1)

    pass(60_001)
    await reconciler().drain()
    expect(host.calls).toHaveLength(3)
  })

  it('starts by itself, wakes up for a wake, and stops when its work has ended', async () => {
    const { addUser, adapters, host, access, scope } = setUp()
    const running = createReconciler(adapters, { pollMs: 60_000, concurrency: 2 })
    running.start()
    running.start()
    expect(running.isRunning()).toBe(true)
    const first = await addUser('first@example.com')
    running.wake()
    await untilTrue(() => host.people.has(first.id))

    const slow = aGate()
    let isAsked = false
    host.haveTrouble(() => {
      isAsked = true
      return slow.opened
    })
    const second = await addUser('second@example.com')
    running.wake()
    await untilTrue(() => isAsked)
    const stopped = running.stop()
    expect(running.isRunning()).toBe(false)
    slow.open()
    await stopped

    expect(host.people.has(second.id)).toBe(true)
    expect(await access.summary(scope)).toMatchObject({ pending: 0 })
  })

  it('goes on when its store comes back', async () => {
    const { addUsers, adapters, host } = setUp()
    await addUsers(2)
    let failures = 3
    const access = {
      ...adapters.access,
      claim: async (options: Parameters<typeof adapters.access.claim>[0]) => {
        if (failures-- > 0) throw new Error('Connection lost.')
        return adapters.access.claim(options)
      },
    }
    const running = createReconciler({ ...adapters, access }, { pollMs: 10 })
    running.start()
    await untilTrue(() => host.calls.length === 2)
    await running.stop()
  })

  it('is not stopped by a listener that throws', async () => {
    const { addUsers, addGroup, saveRules, reconciler, host } = setUp()
    const users = await addUsers(2)
    await addGroup('Crew', users)
    await saveRules({ roles_groups: [['Annotator', 'Crew']] })
    const onEvent = () => {
      throw new Error('Listener.')
    }
    await reconciler({ onEvent }).drain()
    expect(host.calls).toHaveLength(2)
  })

  it('carries out a change of rules in steps, for everybody it concerns', async () => {
    const { addUsers, addGroup, reconciler, host, access, scope } = setUp()
    const users = await addUsers(120)
    await reconciler().drain()
    host.calls.length = 0
    const crew = await addGroup('Crew', users.slice(0, 100))
    await reconciler().drain()
    host.calls.length = 0

    await access.saveRules(scope, someRules({ roles_groups: [['Annotator', 'Crew']] }), {
      expectedVersion: '0',
      affects: [crew.displayName],
    })
    await reconciler({ batch: 30 }).drain()
    expect(host.calls).toHaveLength(100)

    const annotators = users.filter(({ id }) => host.people.get(id)?.grants.length === 1)
    expect(annotators).toHaveLength(100)
    expect(await access.summary(scope)).toMatchObject({ pending: 0, fanningOut: 0 })
  })

  it('takes access away when a group is renamed out of the rules or deleted while it is pushed', async () => {
    const { addGroup, renameGroup, deleteGroup, changeMembers, ...rest } = setUp()
    const [ada, bob] = await rest.addUsers(2)
    const crew = await addGroup('Crew', [ada!])
    const leads = await addGroup('Leads', [bob!])
    await rest.saveRules({
      roles_groups: [
        ['Annotator', 'Crew'],
        ['Manager', 'Leads'],
      ],
    })
    const slow = aGate()
    rest.host.haveTrouble(() => slow.opened)
    const drained = rest.reconciler().drain()
    await untilTrue(() => rest.host.maxBusy() > 0)

    await renameGroup(crew, 'Crew (old)')
    await changeMembers(leads, { add: [ada!] })
    await deleteGroup(leads)
    slow.open()
    await drained

    expect(rest.host.people.get(ada!.id)?.active).toBe(false)
    expect(rest.host.people.get(bob!.id)?.active).toBe(false)
  })

  it.each([
    [{ concurrency: 0 }, '"concurrency" is 0. Give a whole number from 1 to 1000'],
    [{ leaseMs: 10 }, '"leaseMs" is 10. Give a whole number from 1000'],
    [{ backoffMs: 0 }, '"backoffMs" is 0'],
    [{ maxBackoffMs: 0.5 }, '"maxBackoffMs" is 0.5'],
    [{ maxAttempts: 0 }, '"maxAttempts" is 0'],
    [{ pollMs: 1 }, '"pollMs" is 1'],
    [{ batch: 0 }, '"batch" is 0'],
    [{ maxRetryAfterMs: -1 }, '"maxRetryAfterMs" is -1'],
  ] as const)('refuses %j', (options, message) => {
    expect(() => createReconciler(memoryAdapters(), options)).toThrow(message)
  })

  it('refuses adapters without an access store', () => {
    const { users, groups } = memoryAdapters()
    expect(() => createReconciler({ users, groups })).toThrow(
      expect.objectContaining({ code: 'ERR_SCIM_RECONCILER' }),
    )
  })
})

/** `drain` that can be taken out of its object. */
function bound(reconciler: ReturnType<typeof createReconciler>) {
  return { drain: () => reconciler.drain() }
}
