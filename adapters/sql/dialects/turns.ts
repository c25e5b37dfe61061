import { UnavailableError } from '../../../lib/adapter/index.js'

/** Limits concurrency, in order of arrival. */
export interface Turns {
  /** @throws UnavailableError when the others have not finished in time */
  take(): Promise<void> | undefined
  /** Like `take`, without a time limit. */
  takeAtLast(): Promise<void> | undefined
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
  return {
    take: () => (isFree() ? undefined : inTime()),
    takeAtLast: () => (isFree() ? undefined : new Promise((resolve) => waiting.add(resolve))),
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
