import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

const valueName = 'lastContact'
const everyMs = 60_000
const maxKeys = 10_000
const timeoutMs = 10_000

/** Who sent a request, and with which stored token. */
export interface Contact extends Omit<Scope, 'signal'> {
  readonly tokenId?: string
}

/**
 * Remembers that the identity provider called, at most once a minute for each token, so that a
 * busy client costs no writes. Failures are the caller's to ignore.
 *
 * @returns called with who sent each authenticated request; gives a promise when it writes, which
 *   the request's own signal does not end
 */
export function contactRecorder(
  { access, tokens }: Pick<Adapters, 'access' | 'tokens'>,
  clock: () => Date,
): (caller: Contact) => Promise<unknown> | undefined {
  const written = new Map<string, number>()
  // Whatever a host's store throws becomes a rejection, never the failure of a request.
  const write = async ({ tokenId, ...caller }: Contact, now: Date) => {
    const scope = { ...caller, signal: AbortSignal.timeout(timeoutMs) }
    const at = now.toISOString()
    await access?.setValue(scope, valueName, at)
    await tokens?.noteUse(scope, { token: tokenId ?? caller.actor, at })
  }
  return (caller) => {
    const now = clock()
    // Made for each request: the length keeps the names apart without a step through their text.
    const { tenant } = caller
    const key = `${tenant.length} ${tenant} ${caller.tokenId ?? caller.actor}`
    const last = written.get(key) ?? Number.NEGATIVE_INFINITY
    if (now.getTime() - last < everyMs) return undefined
    if (written.size >= maxKeys) written.clear()
    written.set(key, now.getTime())
    return write(caller, now)
  }
}

/** When the identity provider last called, to the minute; `undefined` when it never did. */
export function lastContact(access: AccessStore, scope: Scope): Promise<string | undefined> {
  return access.getValue(scope, valueName)
}
