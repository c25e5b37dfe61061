import type {
  Access,
  AccountReference,
  AppliedAccess,
  DeprovisionReason,
  Grant,
  Scope,
  Seats,
  User,
} from '../../../lib/adapter/index.js'

/** What was in force before, and how to note what is about to be. */
export interface Before {
  readonly ledger: readonly Grant[]
  /** Whether the person has signed in at some time, as far as `onSignIn` was told. */
  readonly hasSignedIn: () => Promise<boolean>
  readonly note: (ledger: readonly Grant[], account: AccountReference) => Promise<void>
}

/** What the rules and the ledger say of somebody, for comparing it with what is really there. */
export interface Expected {
  readonly access: Access
  /** Projects to look into; it would take too long to look into all of them. */
  readonly projectIds: readonly number[]
}

/** What gives and ends access in one edition. */
export interface EditionTarget {
  /** Whether the e-mail address of an account can be changed. */
  readonly canRename: boolean
  deprovision(scope: Scope, user: User, reason: DeprovisionReason): Promise<void>
  apply(scope: Scope, user: User, access: Access, before: Before): Promise<AppliedAccess>
  /** Refuses somebody who would need a seat that is not there. @throws RefusedError 409 */
  admit(scope: Scope, access: Access | undefined): Promise<void>
  seats(scope: Scope): Promise<Seats | undefined>
  /**
   * Sets the password of somebody's account, making the account where there is none. A failure
   * leaves nothing behind.
   */
  setPassword(scope: Scope, user: User, password: string): Promise<void>
  /** What is really there; `undefined` without an account. Changes nothing. */
  current(scope: Scope, user: User, expected: Expected): Promise<AppliedAccess | undefined>
}
