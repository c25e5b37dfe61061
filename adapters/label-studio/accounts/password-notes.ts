import type { AccessStore, Scope } from '../../../lib/adapter/index.js'

const nameOf = (userId: string) => `labelStudio.noPassword:${userId}`
const note =
  'The identity provider has sent no password for this account. Until it sends one that Label ' +
  'Studio gets ("Sync Password"), or you set one in the admin of Label Studio, nobody can sign in.'

/** Remembers for whom nobody knows a password of their account, to tell administrators. */
export function passwordNotes(access: AccessStore) {
  return {
    /** The person's account was created without a password, or the former one has ended. */
    missing: (scope: Scope, userId: string) =>
      access.setValue(scope, nameOf(userId), new Date().toISOString()),
    async given(scope: Scope, userId: string): Promise<void> {
      if (await access.getValue(scope, nameOf(userId))) {
        await access.setValue(scope, nameOf(userId), '')
      }
    },
    async notes(scope: Scope, userId: string): Promise<readonly string[]> {
      return (await access.getValue(scope, nameOf(userId))) ? [note] : []
    },
  }
}
