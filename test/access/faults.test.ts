import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { RefusedError, UnavailableError, UniquenessError } from '../../lib/stores/index.js'
import { recordingTarget, type Trouble } from './recording-target.js'
import { createWorld, type World } from './world.js'

// Only the date stands still, until a test moves it; timers are real.
const realTimers = ['setTimeout', 'setImmediate', 'setInterval', 'nextTick', 'performance'] as const
beforeEach(() => void jest.useFakeTimers({ doNotFake: [...realTimers, 'clearTimeout'] }))
afterEach(() => void jest.useRealTimers())

const throws = (error: unknown) => (): never => {
  throw error
}

/**
 * A host in trouble for the first calls of each person; some trouble comes after the effect was
 * asked for.
 */
const troubles: readonly (readonly [string, Trouble])[] = [
  ['is down', throws(new UnavailableError('ECONNREFUSED', { retryAfterSeconds: 1 }))],
  ['answers 429', throws(new UnavailableError('Too many requests.', { retryAfterSeconds: 120 }))],
  ['answers 500', throws(new UnavailableError('Internal error.'))],
  ['answers garbage', throws(new SyntaxError('Unexpected token < in JSON'))],
  ['throws what is no error', throws('nonsense')],
  ['has the address already', throws(new UniquenessError('email'))],
  ['refuses', throws(new RefusedError('Not this person.'))],
  ['rejects with nothing', () => Promise.reject(undefined)],
  [
    'names a senseless time to wait',
    throws(Object.assign(new UnavailableError('Down.'), { retryAfterSeconds: Number.NaN })),
  ],
]

describe.each(troubles)('when the host %s', (_name, trouble) => {
  it('loses nobody: once it is well again, everybody has what they should have', async () => {
    const host = recordingTarget()
    const world: World = createWorld(memoryAdapters({ target: host.target }))
    const { addUser, addGroup, changeUser, deleteUser, changeMembers, saveRules } = world
    const [stays, leaves, ends, goes] = [
      await addUser('stays@example.com'),
      await addUser('leaves@example.com'),
      await addUser('ends@example.com'),
      await addUser('goes@example.com'),
    ]
    const crew = await addGroup('Crew', [stays, leaves, ends, goes])
    await saveRules({ roles_groups: [['Annotator', 'Crew']] })
    const reconciler = createReconciler(world.adapters, { maxAttempts: 3 })
    await reconciler.drain()

    host.haveTrouble(trouble)
    await saveRules({ roles_groups: [['Manager', 'Crew']], workspaces_groups: [['V', 'Crew']] })
    await changeMembers(crew, { remove: [leaves] })
    await changeUser(ends, { active: false })
    await deleteUser(goes)
    for (let attempt = 0; attempt < 6; attempt++) {
      await reconciler.drain()
      jest.setSystemTime(Date.now() + 400_000)
    }
    const { pending, failed } = await world.adapters.access.summary(world.scope)
    expect(pending + failed).toBe(4)

    host.haveTrouble(() => {})
    await world.adapters.access.retry(world.scope)
    await reconciler.drain()

    expect(await world.adapters.access.summary(world.scope)).toMatchObject({
      pending: 0,
      failed: 0,
    })
    expect(host.people.get(stays.id)).toEqual({
      active: true,
      grants: [
        { kind: 'role', role: 'Manager' },
        { kind: 'workspace', title: 'V' },
      ],
    })
    for (const { id } of [leaves, ends, goes]) expect(host.people.get(id)?.active).toBe(false)
    const ids = [stays.id, leaves.id, ends.id, goes.id]
    const records = await world.adapters.access.getRecords(world.scope, ids)
    expect(records.map(({ enforced }) => enforced).sort()).toEqual([
      'active',
      'deprovisioned',
      'deprovisioned',
      'deprovisioned',
    ])
  })
})

describe('when the host does not answer at all', () => {
  it('keeps its lease while it works, and gives up when somebody else has taken over (D7)', async () => {
    const host = recordingTarget()
    const world: World = createWorld(memoryAdapters({ target: host.target }))
    const user = await world.addUser('ada@example.com')
    const asked: Array<() => void> = []
    const isAsked = new Promise<void>((resolve) => asked.push(resolve))
    const reasons: string[] = []
    host.haveTrouble(({ signal }) => {
      asked[0]?.()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason.message)
          host.haveTrouble(() => {})
          reject(new UnavailableError('It did not answer.'))
        })
      })
    })
    const { access } = world.adapters
    let renewals = 0
    const { renew } = access
    const enough = new Promise<void>((resolve) => {
      access.renew = async (...parameters) => {
        const isHeld = await renew(...parameters)
        renewals += 1
        if (renewals === 4) resolve()
        return isHeld && renewals <= 4
      }
    })
    const drained = createReconciler(world.adapters, { leaseMs: 1_000 }).drain()
    await isAsked
    await enough
    const claimed = { owner: 'another', limit: 1, leaseMs: 1_000, userIds: [user.id] }
    expect(await access.claim(claimed)).toEqual([])
    await drained
    expect(reasons).toEqual(['Another worker may have taken over.'])
    // The person was marked again.
    expect(host.people.get(user.id)?.active).toBe(true)
    expect(await access.summary(world.scope)).toMatchObject({ pending: 0, failed: 0 })
  })

  it('gives up when an attempt takes too long, and tries again', async () => {
    const host = recordingTarget()
    const world: World = createWorld(memoryAdapters({ target: host.target }))
    await world.addUser('ada@example.com')
    host.haveTrouble(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new UnavailableError('Timed out.')))
        }),
    )
    const reconciler = createReconciler(world.adapters, { attemptMs: 1_000 })
    await reconciler.drain()
    expect(await world.adapters.access.summary(world.scope)).toMatchObject({
      pending: 1,
      lastError: { message: 'The host is unavailable. Timed out.' },
    })

    host.haveTrouble(() => {})
    jest.setSystemTime(Date.now() + 400_000)
    await reconciler.drain()
    expect(host.calls).toHaveLength(1)
  })
})
