import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler, enforceNow, holdLease, holdLeaseIfFree } from '../../lib/access/index.js'
import { type AccessStore, RefusedError, UnavailableError } from '../../lib/stores/index.js'
import { aGate, recordingTarget } from './recording-target.js'
import { createWorld, type World } from './world.js'

async function setUp() {
  const host = recordingTarget()
  const world: World = createWorld(memoryAdapters({ target: host.target }))
  const ada = await world.addUser('ada@example.com')
  await createReconciler(world.adapters).drain()
  await world.changeUser(ada, { active: false })
  host.calls.length = 0
  const context = { adapters: world.adapters, clock: () => new Date(), emit: () => {} }
  const now = (timeoutMs = 2_000) =>
    enforceNow(context, world.scope, ada.id, { timeoutMs, retryAfterSeconds: 7 })
  const pending = () => world.adapters.access.pendingOf(world.scope, [ada.id])
  return { ...world, context, host, ada, now, pending }
}

/** Makes the host answer only when `slow` opens; `begun` opens when it is asked. */
function slowly(host: ReturnType<typeof recordingTarget>) {
  const begun = aGate()
  const slow = aGate()
  host.haveTrouble(() => {
    begun.open()
    return slow.opened
  })
  return { begun, slow }
}

describe('enforceNow', () => {
  it('ends access before it answers, and clears the mark', async () => {
    const { host, now, pending } = await setUp()
    await expect(now()).resolves.toBe('deprovisioned')
    expect(host.calls).toMatchObject([{ kind: 'deprovision', reason: 'deactivated' }])
    expect(await pending()).toEqual([])
  })

  it('says "settled" when somebody else has done it meanwhile', async () => {
    const { now, adapters } = await setUp()
    await createReconciler(adapters).drain()
    await expect(now()).resolves.toBe('settled')
  })

  it('waits for a reconciler that still works with what it read before', async () => {
    const { host, now, adapters, scope, ada } = await setUp()
    const { begun, slow } = slowly(host)
    const drained = createReconciler(adapters).drain()
    await begun.opened
    await adapters.access.mark(scope, [ada.id])
    const answered = now()
    slow.open()
    await Promise.all([drained, answered])
    expect([...host.overlapping]).toEqual([])
    expect(host.people.get(ada.id)?.active).toBe(false)
  })

  it('no longer waits for a reconciler when the client has gone', async () => {
    const { host, pending, context, scope, ada } = await setUp()
    const { begun, slow } = slowly(host)
    const drained = createReconciler(context.adapters).drain()
    await begun.opened
    const client = new AbortController()
    const options = { timeoutMs: 600_000, retryAfterSeconds: 7 }
    const answered = enforceNow(context, { ...scope, signal: client.signal }, ada.id, options)
    client.abort()
    await expect(answered).rejects.toThrow(UnavailableError)
    expect(await pending()).toHaveLength(1)
    slow.open()
    await drained
  })

  it('tells the caller to come back when the host is slow, and lets the work go on', async () => {
    const { host, now, pending, ada } = await setUp()
    const slow = aGate()
    host.haveTrouble(() => slow.opened)
    await expect(now(50)).rejects.toMatchObject({
      code: 'ERR_SCIM_UNAVAILABLE',
      retryAfterSeconds: 7,
    })
    expect(await pending()).toHaveLength(1)
    slow.open()
    while ((await pending()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(host.people.get(ada.id)?.active).toBe(false)
  })

  it.each([
    ['is down', new UnavailableError('Down.'), 'ERR_SCIM_UNAVAILABLE'],
    ['fails unexpectedly', new TypeError('secret of the host'), 'ERR_SCIM_UNAVAILABLE'],
    ['refuses', new RefusedError('Not this person.'), 'ERR_SCIM_REFUSED'],
  ])('keeps the mark for the reconciler when the host %s', async (_name, error, code) => {
    const { host, now, pending, adapters, ada } = await setUp()
    host.haveTrouble(() => {
      throw error
    })
    const failure = await now().catch((thrown: Error) => thrown)
    expect(failure).toMatchObject({ code })
    expect((failure as Error).message).not.toContain('secret of the host')
    expect(await pending()).toMatchObject([{ attempts: 1 }])

    host.haveTrouble(() => {})
    const inAMinute = Date.now() + 60_000
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => inAMinute)
    await createReconciler(adapters).drain()
    clock.mockRestore()
    expect(host.people.get(ada.id)?.active).toBe(false)
  })
})

/** Somebody else who claims and settles each mark as soon as it is made, so many times. */
function outrun(access: AccessStore, times: number): AccessStore {
  let left = times
  return {
    ...access,
    async mark(scope, ids) {
      await access.mark(scope, ids)
      if (left === 0) return
      left -= 1
      const rival = { owner: 'rival', limit: 1, leaseMs: 1_000, userIds: ids }
      for (const entry of await access.claim(rival)) {
        await access.settle('rival', entry, { kind: 'done' })
      }
    },
  }
}

describe('holdLease beside a reconciler that is always first', () => {
  type SetUp = Awaited<ReturnType<typeof setUp>>
  const hold = ({ adapters, scope, ada }: SetUp, times: number, timeoutMs: number) =>
    holdLease(
      outrun(adapters.access, times),
      scope,
      { userId: ada.id, timeoutMs, retryAfterSeconds: 7 },
      async () => 'done',
    )

  it('works when the other is slower once', async () => {
    await expect(hold(await setUp(), 3, 5_000)).resolves.toBe('done')
  })

  it('tells the caller to come back at the deadline', async () => {
    await expect(hold(await setUp(), Number.POSITIVE_INFINITY, 200)).rejects.toMatchObject({
      code: 'ERR_SCIM_UNAVAILABLE',
      retryAfterSeconds: 7,
    })
  })
})

describe.each([
  { name: 'holdLease', hold: holdLease, isMarkedAfterwards: true },
  { name: 'holdLeaseIfFree', hold: holdLeaseIfFree, isMarkedAfterwards: false },
])('$name', ({ hold, isMarkedAfterwards }) => {
  const { adapters, scope } = createWorld(memoryAdapters())
  const { access } = adapters
  const lease = { timeoutMs: 50, retryAfterSeconds: 7 }
  const isMarked = async (id: string) => (await access.pendingOf(scope, [id])).length > 0
  const takeFrom = (id: string) =>
    access.claim({ owner: 'rival', limit: 1, leaseMs: 60_000, tenant: 'acme', userIds: [id] })
  const fails = async () => {
    throw new Error('No.')
  }
  let people = 0
  const aPerson = () => `person${people++}`

  it.each([
    { of: 'somebody with no mark', before: 0, during: 0, isLeft: isMarkedAfterwards },
    { of: 'somebody marked before', before: 1, during: 0, isLeft: true },
    { of: 'somebody marked meanwhile', before: 0, during: 1, isLeft: true },
  ])('returns the lease of $of, and leaves them marked: $isLeft', async (row) => {
    const userId = aPerson()
    if (row.before) await access.mark(scope, [userId])
    const work = async () => {
      expect(await takeFrom(userId)).toEqual([])
      if (row.during) await access.mark(scope, [userId])
      return 'done'
    }
    expect(await hold(access, scope, { userId, ...lease }, work)).toBe('done')
    expect(await isMarked(userId)).toBe(row.isLeft)
    await access.mark(scope, [userId])
    expect(await takeFrom(userId)).toHaveLength(1)
  })

  it('returns the lease of somebody whose work failed, and leaves them marked', async () => {
    const userId = aPerson()
    await expect(hold(access, scope, { userId, ...lease }, fails)).rejects.toThrow('No.')
    expect(await isMarked(userId)).toBe(true)
    expect(await takeFrom(userId)).toHaveLength(1)
  })

  it('does not wait for the lease that its caller holds, but for that of others', async () => {
    const [userId, other] = [aPerson(), aPerson()]
    await access.mark(scope, [other])
    await takeFrom(other)
    const inner = (leased: typeof scope, id: string) =>
      hold(access, leased, { userId: id, ...lease }, async () => 'done').catch(() => 'busy')
    const work = async (leased: typeof scope) => [
      await inner(leased, userId),
      await inner(leased, other),
      await inner(scope, userId),
    ]
    const found = await hold(access, scope, { userId, ...lease }, work)
    expect(found).toEqual(['done', 'busy', 'busy'])
    expect(await isMarked(other)).toBe(true)
  })
})
