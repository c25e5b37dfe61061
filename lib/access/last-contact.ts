import { stopwatch } from '../clock.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

const valueName = 'lastContact'
const everyMs = 60_000
const maxKeys = 10_000
const timeoutMs = 10_000

/** Who sent a request, and with which stored token. */
export interface Contact {
  readonly tenant: string
  readonly name: string
  readonly tokenId?: string
}

/**
 * Records when the identity provider last called, at most once a minute per token, so that a busy
 * client causes few writes. The caller is expected to ignore failures.
 *
 * @returns a function to call for each authenticated request. If it writes, it returns a promise,
 *   which the request's own signal does not abort
 */
export function contactRecorder(
  { access, tokens }: Pick<Adapters, 'access' | 'tokens'>,
  clock: () => Date,
): (caller: Contact, requestId: string) => Promise<unknown> | undefined {
  /** Milliseconds since it was written. */
  const written = new Map<string, () => number>()
  // Async, so that an error thrown by a host's store becomes a rejection and never fails a request.
  const write = async ({ tenant, name, tokenId }: Contact, requestId: string, now: Date) => {
    const scope = { tenant, actor: name, requestId, signal: AbortSignal.timeout(timeoutMs) }
    const at = now.toISOString()
    await access?.setValue(scope, valueName, at)
    await tokens?.noteUse(scope, { token: tokenId ?? name, at })
  }
  return (caller, requestId) => {
    // Runs for every request. The length separates the two names without escaping either.
    const { tenant } = caller
    const key = `${tenant.length} ${tenant} ${caller.tokenId ?? caller.name}`
    const age = written.get(key)
    if (age !== undefined && age() < everyMs) return undefined
    if (written.size >= maxKeys) written.clear()
    written.set(
      key,
      stopwatch(() => clock().getTime()),
    )
    return write(caller, requestId, clock())
  }
}

/** When the identity provider last called, to the minute; `undefined` if it never did. */
export function lastContact(access: AccessStore, scope: Scope): Promise<string | undefined> {
  return access.getValue(scope, valueName)
}
