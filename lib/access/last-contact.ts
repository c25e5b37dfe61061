import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

const valueName = 'lastContact'
const everyMs = 60_000
const maxTenants = 10_000
const timeoutMs = 10_000

/**
 * Remembers that the identity provider called, at most once a minute for each tenant, so that a
 * busy client costs no writes. Failures are the caller's to ignore.
 *
 * @returns called with who sent each authenticated request; gives a promise when it writes, which
 *   the request's own signal does not end
 */
export function contactRecorder(
  access: AccessStore,
  clock: () => Date,
): (caller: Omit<Scope, 'signal'>) => Promise<void> | undefined {
  const written = new Map<string, number>()
  // Whatever a host's store throws becomes a rejection, never the failure of a request.
  const write = async (caller: Omit<Scope, 'signal'>, now: Date) => {
    const scope = { ...caller, signal: AbortSignal.timeout(timeoutMs) }
    await access.setValue(scope, valueName, now.toISOString())
  }
  return (caller) => {
    const now = clock()
    const last = written.get(caller.tenant) ?? Number.NEGATIVE_INFINITY
    if (now.getTime() - last < everyMs) return undefined
    if (written.size >= maxTenants) written.clear()
    written.set(caller.tenant, now.getTime())
    return write(caller, now)
  }
}

/** When the identity provider last called, to the minute; `undefined` when it never did. */
export function lastContact(access: AccessStore, scope: Scope): Promise<string | undefined> {
  return access.getValue(scope, valueName)
}
