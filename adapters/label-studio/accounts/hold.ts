import {
  type AccessStore,
  holdLease,
  holdLeaseIfFree,
  type Scope,
} from '../../../lib/adapter/index.js'

const timeoutMs = 5_000
const retryAfterSeconds = 2
/** The import returns later to people whose lease is held for longer. */
const importTimeoutMs = 500

/**
 * Holds a person's lease while their record is read and written, so that no change is lost. The
 * person stays marked, so the reconciler looks at them afterwards.
 *
 * @throws UnavailableError when another worker holds the lease for too long
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
 * Like {@link holdPerson}, for the import, which leaves nothing for the reconciler. `busy`: another
 * worker holds the lease.
 */
export function holdForImport<T>(
  access: AccessStore,
  scope: Scope,
  userId: string,
  work: (scope: Scope) => Promise<T>,
): Promise<T | 'busy'> {
  return holdLeaseIfFree(access, scope, { userId, timeoutMs: importTimeoutMs }, work)
}
