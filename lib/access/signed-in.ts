import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

/** Whether this person has signed in at some time, as far as `onSignIn` was told. */
export async function hasSignedIn(
  access: AccessStore,
  scope: Scope,
  userId: string,
): Promise<boolean> {
  return (await access.getValue(scope, nameOf(userId))) !== undefined
}

/**
 * Remembers the first sign-in for good; a value of its own, so that nobody's lease must be waited
 * for.
 */
export async function rememberSignIn(
  access: AccessStore,
  scope: Scope,
  userId: string,
  at: string,
): Promise<void> {
  await access.setValue(scope, nameOf(userId), at)
}

function nameOf(userId: string): string {
  return `firstSignIn:${userId}`
}
