import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

/** Whether `onSignIn` was ever called for this person. */
export async function hasSignedIn(
  access: AccessStore,
  scope: Scope,
  userId: string,
): Promise<boolean> {
  return (await access.getValue(scope, nameOf(userId))) !== undefined
}

/** Stores the first sign-in permanently, as a separate value, so that no lease is needed. */
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
