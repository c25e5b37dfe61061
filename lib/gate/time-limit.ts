import { withTimeLimit } from '../access/time-limit.js'
import { UnavailableError } from '../stores/errors.js'
import { createScope, type Scope } from '../stores/scope.js'
import type { ResolvedGateOptions } from './options.js'

/** Does work on the stores within the gate's time. */
export type InTime = <T>(work: (scope: Scope) => Promise<T>) => Promise<T>

/** A limit of `timeoutMs` for each piece of work, with a scope of its own. */
export function timeLimitOf({ tenant, timeoutMs, newId }: ResolvedGateOptions): InTime {
  const endless = new AbortController()
  const tooLate = () => new UnavailableError('The stores did not answer in time.')
  return (work) => {
    const scope = createScope({ tenant, actor: 'access gate', requestId: newId() }, endless)
    return withTimeLimit(scope, { timeoutMs, tooLate }, work)
  }
}
