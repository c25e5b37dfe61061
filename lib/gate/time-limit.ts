import { withTimeLimit } from '../access/time-limit.js'
import { UnavailableError } from '../stores/errors.js'
import { createScope, type Lifetime, type Scope } from '../stores/scope.js'

/** Runs work on the stores within the gate's time limit. */
export type InTime = <T>(work: (scope: Scope) => Promise<T>) => Promise<T>

/** Never ends. Whoever asks gets a signal of their own: Node takes many listeners for a leak. */
const endless: Lifetime = {
  get signal() {
    return new AbortController().signal
  },
}

interface TimeLimitOptions {
  readonly tenant: string
  readonly timeoutMs: number
  readonly newId: () => string
}

/** Gives each unit of work its own scope and a limit of `timeoutMs`. */
export function timeLimitOf({ tenant, timeoutMs, newId }: TimeLimitOptions): InTime {
  const tooLate = () => new UnavailableError('The stores did not answer in time.')
  return (work) => {
    const scope = createScope({ tenant, actor: 'access gate', requestId: newId() }, endless)
    return withTimeLimit(scope, { timeoutMs, tooLate }, work)
  }
}
