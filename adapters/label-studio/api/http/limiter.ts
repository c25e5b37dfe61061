import { LabelStudioError } from '../errors.js'

/**
 * Limits the number of concurrent tasks; the others wait in order, with `later` tasks after the
 * others.
 */
export interface Limiter {
  /**
   * Runs `task` in its turn. A `later` task waits for those that are not, except that it gets every
   * fourth place, so that no flood of others keeps it waiting forever.
   *
   * @throws LabelStudioError `unavailable` at once when the queue is full
   * @throws the signal's reason when it is aborted while waiting
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal, when?: 'now' | 'later'): Promise<T>
}

/** How many tasks come before a `later` one that waits. */
const mostBefore = 3

/** A limiter of `maxConcurrent` tasks in flight and `maxQueued` waiting. */
export function limiter(maxConcurrent: number, maxQueued: number): Limiter {
  let running = 0
  const urgent = new Set<() => void>()
  const patient = new Set<() => void>()

  let before = 0

  const release = () => {
    const isUrgent = urgent.size > 0 && (before < mostBefore || patient.size === 0)
    before = isUrgent && patient.size > 0 ? before + 1 : 0
    const [next] = isUrgent ? urgent : patient
    if (next === undefined) {
      running -= 1
      return
    }
    urgent.delete(next)
    patient.delete(next)
    next()
  }

  const turn = (waiting: Set<() => void>, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        waiting.delete(start)
        reject(signal?.reason)
      }
      const start = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(start)
    })

  const enter = async (waiting: Set<() => void>, signal?: AbortSignal) => {
    signal?.throwIfAborted()
    if (running < maxConcurrent) {
      running += 1
      return
    }
    const queued = waiting === urgent ? urgent.size : urgent.size + patient.size
    if (queued >= maxQueued) {
      throw new LabelStudioError('unavailable', 'Too many calls to Label Studio are waiting.')
    }
    await turn(waiting, signal)
  }

  return {
    async run(task, signal, when = 'now') {
      await enter(when === 'later' ? patient : urgent, signal)
      try {
        return await task()
      } finally {
        release()
      }
    },
  }
}
