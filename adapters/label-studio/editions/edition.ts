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

/** The grants in force before, and a way to note those about to be made. */
export interface PriorGrants {
  readonly ledger: readonly Grant[]
  /** Whether `onSignIn` was ever called for the person. */
  readonly hasSignedIn: () => Promise<boolean>
  readonly note: (ledger: readonly Grant[], account: AccountReference) => Promise<void>
}

/** A person's access by rules and ledger, to compare with their actual access. */
export interface Expected {
  readonly access: Access
  /** The projects to check; checking all of them would take too long. */
  readonly projectIds: readonly number[]
}

/** Gives and ends access in one edition. */
export interface EditionTarget {
  /** Whether the e-mail address of an account can be changed. */
  readonly canRename: boolean
  deprovision(scope: Scope, user: User, reason: DeprovisionReason): Promise<void>
  apply(scope: Scope, user: User, access: Access, before: PriorGrants): Promise<AppliedAccess>
  /** Refuses a person who would need a seat if none is left. @throws RefusedError 409 */
  admit(scope: Scope, access: Access | undefined): Promise<void>
  seats(scope: Scope): Promise<Seats | undefined>
  /**
   * Sets the password of a person's account, and creates the account if there is none. A failure
   * leaves nothing behind. `false`: it sets none, and the password is dropped.
   */
  setPassword(scope: Scope, user: User, password: string): Promise<boolean>
  /** The actual access; `undefined` without an account. Changes nothing. */
  current(scope: Scope, user: User, expected: Expected): Promise<AppliedAccess | undefined>
}
