import { UnavailableError } from '../../../lib/adapter/index.js'

/** Limits concurrency, in order of arrival. */
export interface Turns {
  /** @throws UnavailableError when the others have not finished in time, and after `close` */
  take(): Promise<void> | undefined
  /** Waits until everybody before has had their turn; nobody after that gets one. */
  close(): Promise<void>
  give(): void
  /** Whether nobody has a turn. */
  areFree(): boolean
}

/**
 * @param most maximum number of turns taken at the same time
 * @param timeoutMs how long `take` waits
 */
export function createTurns(most: number, timeoutMs: number): Turns {
  const waiting = new Set<() => void>()
  let taken = 0
  let isClosed = false
  const isFree = () => {
    if (taken === most) return false
    taken += 1
    return true
  }
  const inTime = () =>
    new Promise<void>((resolve, reject) => {
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        waiting.delete(start)
        reject(new UnavailableError('The database cannot answer now.'))
      }, timeoutMs)
      waiting.add(start)
    })
  const atLast = () => (isFree() ? undefined : new Promise<void>((resolve) => waiting.add(resolve)))
  return {
    take() {
      if (isClosed) return Promise.reject(new UnavailableError('The database is closed.'))
      return isFree() ? undefined : inTime()
    },
    async close() {
      isClosed = true
      for (let turn = 0; turn < most; turn += 1) await atLast()
    },
    give() {
      const [next] = waiting
      if (next === undefined) taken -= 1
      else {
        waiting.delete(next)
        next()
      }
    },
    areFree: () => taken === 0,
  }
}
