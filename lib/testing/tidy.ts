import type { AccessStore, Adapters, PendingUser, Scope } from '../stores/index.js'

/** The owner under which most checks claim. */
export const owner = 'conformance'

/** Claimants that meet in a check. */
export const rivals: readonly string[] = Array.from({ length: 10 }, (_, index) => `owner ${index}`)

const owners = [owner, 'another', 'other', ...rivals]
const maxSteps = 100

/**
 * Ends all pending work of these tenants, also what was claimed. Methods such as `nextDue` tell of
 * every tenant: what one check left would decide whether another one passes.
 */
export async function endPendingWork(adapters: Adapters, scopes: readonly Scope[]): Promise<void> {
  const { access } = adapters
  if (access === undefined) return
  for (let step = 0; step < maxSteps && (await access.fanOut(1_000)) > 0; step += 1);
  for (const scope of scopes) await endWork(access, scope)
}

async function endWork(access: AccessStore, scope: Scope): Promise<void> {
  for (let step = 0; step < maxSteps; step += 1) {
    const entries = await access.listPending(scope, { offset: 0, limit: 200 })
    if (entries.length === 0) return
    const userIds = entries.map(({ userId }) => userId)
    const { tenant } = scope
    const limit = entries.length
    const free = await access.claim({ owner, limit, leaseMs: 60_000, tenant, userIds })
    for (const entry of free) await access.settle(owner, entry, { kind: 'done' })
    for (const entry of await access.pendingOf(scope, userIds)) await endClaim(access, entry)
  }
}

/** Nobody but its owner ends a claim. */
async function endClaim(access: AccessStore, entry: PendingUser): Promise<void> {
  for (const each of owners) await access.settle(each, entry, { kind: 'done' })
}
