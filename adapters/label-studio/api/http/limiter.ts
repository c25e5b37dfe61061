import { LabelStudioError } from '../errors.js'

/** Runs at most so many tasks at once; the others wait in order. */
export interface Limiter {
  /**
   * Runs `task` when its turn comes.
   *
   * @throws LabelStudioError `unavailable` at once when the queue is full
   * @throws the signal's reason when it is aborted while waiting
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** A limiter of `maxConcurrent` tasks in flight and `maxQueued` waiting. */
export function limiter(maxConcurrent: number, maxQueued: number): Limiter {
  let running = 0
  const waiting = new Set<() => void>()

  const release = () => {
    const [next] = waiting
    if (next === undefined) {
      running -= 1
      return
    }
    waiting.delete(next)
    next()
  }

  const turn = (signal?: AbortSignal) =>
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

  const enter = async (signal?: AbortSignal) => {
    signal?.throwIfAborted()
    if (running < maxConcurrent) {
      running += 1
      return
    }
    if (waiting.size >= maxQueued) {
      throw new LabelStudioError('unavailable', 'Too many calls to Label Studio are waiting.')
    }
    await turn(signal)
  }

  return {
    async run(task, signal) {
      await enter(signal)
      try {
        return await task()
      } finally {
        release()
      }
    },
  }
}
