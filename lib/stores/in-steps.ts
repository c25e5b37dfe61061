import { setImmediate as nextTurn } from 'node:timers/promises'

/** Works on each, in turns with other requests. */
export async function inSteps<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
  let done = 0
  for (const one of all) {
    work(one)
    done += 1
    if (done % 500 === 0) await nextTurn()
  }
}
