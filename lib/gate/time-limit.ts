import { withTimeLimit } from '../access/time-limit.js'
import { UnavailableError } from '../stores/errors.js'
import { createScope, type Scope } from '../stores/scope.js'
import type { ResolvedGateOptions } from './options.js'

/** Runs work on the stores within the gate's time limit. */
export type InTime = <T>(work: (scope: Scope) => Promise<T>) => Promise<T>

/** Gives each unit of work its own scope and a limit of `timeoutMs`. */
export function timeLimitOf({ tenant, timeoutMs, newId }: ResolvedGateOptions): InTime {
  const endless = new AbortController()
  const tooLate = () => new UnavailableError('The stores did not answer in time.')
  return (work) => {
    const scope = createScope({ tenant, actor: 'access gate', requestId: newId() }, endless)
    return withTimeLimit(scope, { timeoutMs, tooLate }, work)
  }
}
