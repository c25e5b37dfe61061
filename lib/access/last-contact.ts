import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

const valueName = 'lastContact'
const everyMs = 60_000
const mostTenants = 10_000

/**
 * Remembers that the identity provider called, at most once a minute for each tenant, so that a busy client costs no
 * writes. Failures are the caller's to ignore.
 *
 * @returns called with the scope of each authenticated request
 */
export function contactRecorder(
  access: AccessStore,
  clock: () => Date,
): (scope: Scope) => Promise<void> {
  const written = new Map<string, number>()
  return async (scope) => {
    const now = clock()
    if (now.getTime() - (written.get(scope.tenant) ?? Number.NEGATIVE_INFINITY) < everyMs) return
    if (written.size >= mostTenants) written.clear()
    written.set(scope.tenant, now.getTime())
    await access.setValue(scope, valueName, now.toISOString())
  }
}

/** When the identity provider last called, to the minute; `undefined` when it never did. */
export function lastContact(access: AccessStore, scope: Scope): Promise<string | undefined> {
  return access.getValue(scope, valueName)
}
