/**
 * Work that may take long, in steps: it can be left after each, so that other requests have their
 * turn.
 */
export type Steps<T> = Generator<void, T>

/** Does all steps at once, for work that is short. */
export function inOneGo<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
