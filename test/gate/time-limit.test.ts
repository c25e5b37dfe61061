import { setTimeout as delay } from 'node:timers/promises'
import { gateOptions } from '../../lib/gate/options.js'
import { timeLimitOf } from '../../lib/gate/time-limit.js'

it('adds no listeners to a signal that many decisions share', async () => {
  const added = jest.spyOn(EventTarget.prototype, 'addEventListener')
  const identify = async () => ({ identities: [], isComplete: true })
  const inTime = timeLimitOf(gateOptions({ identify }))
  const work = () =>
    inTime(async ({ signal }) => {
      signal.throwIfAborted()
      await delay(1)
    })
  await Promise.all(Array.from({ length: 20 }, work))
  const signals = added.mock.contexts.filter((each) => each instanceof AbortSignal)
  added.mockRestore()
  expect(signals.length).toBeGreaterThanOrEqual(20)
  expect(new Set(signals).size).toBe(signals.length)
})
