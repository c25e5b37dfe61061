import type { Access, AccountReference, AppliedAccess, Grant } from '../../lib/mapping/index.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { DeprovisionReason, Seats } from '../../lib/stores/user-store.js'
import type { Account } from './accounts.js'

/** What was in force before, and how to note what is about to be. */
export interface Before {
  readonly ledger: readonly Grant[]
  readonly note: (ledger: readonly Grant[], account: AccountReference) => Promise<void>
}

/** What gives and ends access in one edition. */
export interface EditionTarget {
  deprovision(scope: Scope, user: User, reason: DeprovisionReason): Promise<void>
  apply(scope: Scope, user: User, access: Access, before: Before): Promise<AppliedAccess>
  /** Refuses somebody who would need a seat that is not there. @throws RefusedError 409 */
  admit(scope: Scope, access: Access | undefined): Promise<void>
  seats(scope: Scope): Promise<Seats | undefined>
  setPassword(scope: Scope, user: User, password: string): Promise<Account | undefined>
  /** What is really there; `undefined` without an account. */
  current(scope: Scope, user: User): Promise<AppliedAccess | undefined>
}
