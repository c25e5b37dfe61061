import {
  type AccessStore,
  holdLease,
  holdLeaseIfFree,
  type Scope,
} from '../../../lib/adapter/index.js'

const timeoutMs = 5_000
const retryAfterSeconds = 2
/** The import comes back to people on whom somebody works for longer. */
const importTimeoutMs = 500

/**
 * Whoever reads somebody's record to write it again holds their lease meanwhile, so that nobody's
 * change is lost. The person stays marked: the reconciler looks at them afterwards.
 *
 * @throws UnavailableError when somebody else works on the person for too long
 */
export function holdPerson<T>(
  access: AccessStore,
  scope: Scope,
  userId: string,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  return holdLease(access, scope, { userId, timeoutMs, retryAfterSeconds }, work)
}

/**
 * As {@link holdPerson} for the import, which leaves nothing to be done. `busy`: somebody works on
 * the person.
 */
export function holdForImport<T>(
  access: AccessStore,
  scope: Scope,
  userId: string,
  work: (scope: Scope) => Promise<T>,
): Promise<T | 'busy'> {
  return holdLeaseIfFree(access, scope, { userId, timeoutMs: importTimeoutMs }, work)
}
