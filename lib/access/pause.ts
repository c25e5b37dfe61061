import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

/** Who paused the reconcilers of a tenant, and since when. */
export interface Pause {
  /** RFC 3339. */
  readonly since: string
  readonly by: string
}

const valueName = 'reconcilerPaused'

/** The pause of a tenant's reconcilers, on all instances; `undefined` when they are not paused. */
export async function pauseOf(access: AccessStore, scope: Scope): Promise<Pause | undefined> {
  const value = await access.getValue(scope, valueName)
  return value ? (JSON.parse(value) as Pause) : undefined
}

/** Pauses the reconcilers of a tenant on all instances, until {@link resume}. */
export async function pause(access: AccessStore, scope: Scope, now: Date): Promise<Pause> {
  const pause: Pause = { since: now.toISOString(), by: scope.actor }
  await access.setValue(scope, valueName, JSON.stringify(pause))
  return pause
}

/** Resumes the reconcilers of a tenant. */
export async function resume(access: AccessStore, scope: Scope): Promise<void> {
  await access.setValue(scope, valueName, '')
}
