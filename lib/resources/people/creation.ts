import { holdLeaseIfFree } from '../../access/enforce-now.js'
import { anyEquals, pathsOf } from '../../access/people.js'
import { UnavailableError } from '../../stores/errors.js'
import { queryStore } from '../../stores/query-store.js'
import { omitGroups } from '../../stores/reads.js'
import type { Resource } from '../../stores/resource.js'
import type { Call } from '../call.js'

/**
 * Whether the user who has this `userName` is gone, once a creation that may still be undone has
 * ended: a user is stored before the host has taken the password, and removed if it does not.
 * Whoever creates them again meanwhile, after a time-out, must not hear that they exist.
 *
 * @throws UnavailableError when that creation takes too long
 */
export async function isCreationUndone(call: Call, resource: Resource): Promise<boolean> {
  const { services, scope } = call
  const { users, access } = services.adapters
  // Only a creation that hands a password over is undone.
  if (!access || !users.setPassword) return false
  const filter = anyEquals(pathsOf('User', ['userName']), [String(resource['userName'])])
  const page = { kind: 'index', offset: 0, limit: 1 } as const
  const store = { store: users, type: 'User' } as const
  const { resources } = await queryStore(store, scope, { ...omitGroups, filter, page })
  const [holder] = resources
  if (!holder) return true
  // Whoever has a record was created long ago.
  if (await access.getRecord(scope, holder.id)) return false
  const { deprovisionTimeoutMs: timeoutMs, retryAfterSeconds } = services.options
  const lease = { userId: holder.id, timeoutMs }
  const ended = await holdLeaseIfFree(access, scope, lease, () => Promise.resolve(true))
  if (ended === 'busy') {
    const message = 'Another request creates the user who has this name.'
    throw new UnavailableError(message, { retryAfterSeconds })
  }
  return (await users.get(scope, holder.id, omitGroups)) === undefined
}
