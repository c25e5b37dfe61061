import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long work goes on before others have their turn, in milliseconds. */
const turnMs = 5

/**
 * Does all steps of some work, in turns with other requests if they take long.
 *
 * @param lifetime ends the work once its signal is aborted; it rejects with the reason
 */
export async function inTurns<T>(
  steps: Generator<void, T>,
  lifetime: { readonly signal: AbortSignal },
): Promise<T> {
  let since = performance.now()
  let step = steps.next()
  while (!step.done) {
    if (performance.now() - since > turnMs) {
      await nextTurn()
      lifetime.signal.throwIfAborted()
      since = performance.now()
    }
    step = steps.next()
  }
  return step.value
}

/** Works on each, in turns with other requests. */
export async function inSteps<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
  let done = 0
  for (const one of all) {
    work(one)
    done += 1
    if (done % 500 === 0) await nextTurn()
  }
}
