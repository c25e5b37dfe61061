import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { aGate, recordingTarget } from './recording-target.js'
import { createWorld, type World } from './world.js'

/** A reconciler that works on somebody, and ends when `open` is called. */
async function atWork() {
  const host = recordingTarget()
  const { opened, open } = aGate()
  const begun = aGate()
  host.haveTrouble(() => {
    begun.open()
    return opened
  })
  const world: World = createWorld(memoryAdapters({ target: host.target }))
  await world.addUser('ada@example.com')
  const reconciler = createReconciler(world.adapters)
  reconciler.start()
  await begun.opened
  return { ...world, host, reconciler, open }
}

const served = ({ host }: { host: ReturnType<typeof recordingTarget> }) =>
  host.calls.map(({ user }) => user)

it('is stopped once its work has ended, and works on, if it is started again before', async () => {
  const here = await atWork()
  const { reconciler, open, addUser, access } = { ...here, access: here.adapters.access }
  const stopped = reconciler.stop()
  reconciler.start()
  expect(reconciler.isRunning()).toBe(true)
  open()
  await stopped
  const claimed = new Promise<void>((resolve) => {
    here.host.haveTrouble(() => resolve())
  })
  await addUser('bob@example.com')
  reconciler.wake()
  await claimed
  await reconciler.stop()
  expect(served(here)).toEqual(['ada@example.com', 'bob@example.com'])
  expect(await access.summary(here.scope)).toMatchObject({ pending: 0 })
})

it('stays stopped if it is started and stopped again before its work has ended', async () => {
  const here = await atWork()
  const { reconciler, open, addUser } = here
  const stopped = [reconciler.stop()]
  reconciler.start()
  stopped.push(reconciler.stop())
  open()
  await Promise.all(stopped)
  await addUser('bob@example.com')
  reconciler.wake()
  expect([reconciler.isRunning(), served(here)]).toEqual([false, ['ada@example.com']])
})

it('drains after it was stopped', async () => {
  const here = await atWork()
  here.open()
  await here.reconciler.stop()
  await here.addUser('bob@example.com')
  await here.reconciler.drain()
  expect(served(here)).toEqual(['ada@example.com', 'bob@example.com'])
})

it('ends a drain early when it is stopped', async () => {
  const host = recordingTarget()
  const world: World = createWorld(memoryAdapters({ target: host.target }))
  for (const name of ['ada', 'bob', 'cleo']) await world.addUser(`${name}@example.com`)
  const reconciler = createReconciler(world.adapters, { concurrency: 1 })
  let stopped: Promise<void> | undefined
  host.haveTrouble(() => {
    stopped ??= reconciler.stop()
  })
  await reconciler.drain()
  await stopped
  expect(host.calls).toHaveLength(1)
})

it('is stopped only after a drain that was about to begin some work', async () => {
  const host = recordingTarget()
  const world: World = createWorld(memoryAdapters({ target: host.target }))
  await world.addUser('ada@example.com')
  const { adapters } = world
  const asked = aGate()
  const answered = aGate()
  const claim: typeof adapters.access.claim = async (options) => {
    asked.open()
    await answered.opened
    return adapters.access.claim(options)
  }
  const reconciler = createReconciler({ ...adapters, access: { ...adapters.access, claim } })
  const drained = reconciler.drain()
  await asked.opened
  const stopped = reconciler.stop()
  answered.open()
  await stopped
  const atTheEnd = host.calls.length
  await drained
  expect(host.calls).toHaveLength(atTheEnd)
})
