import type { Access, AppliedAccess, Plan } from '../mapping/types.js'
import type { AccessRecord } from './access-store.js'
import type { User } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'

/** Why a person's access ends. */
export type DeprovisionReason = 'deactivated' | 'deleted' | 'noRole'

/** How many people the host's licence lets in. */
export interface Seats {
  readonly used: number
  /** Absent: unlimited. */
  readonly limit?: number
}

/** Why somebody's account is not ours to manage. */
export interface Exemption {
  /**
   * `protected`: an owner, a service account, another tenant's person. Nothing may change them,
   * memberships in groups included, and the gate lets them in. `unmanaged`: they must not be taken
   * over. Their groups may change, which has no effect in the host.
   */
  readonly kind: 'protected' | 'unmanaged'
  /** A sentence that is safe to send to the client. */
  readonly reason: string
}

/**
 * What ends and gives access in the host: the part of a {@link UserStore} that reaches beyond
 * storage. Every method may be called again with the same arguments at any time.
 */
export interface AccessTarget {
  /**
   * **Required.** Ends this person's access in the host: sessions, tokens, sign-in. Called before
   * the client gets its 2xx for `active: false`, DELETE and the loss of the last role; a rejection
   * answers 503 and is tried again until it succeeds. Must be idempotent; a person the host does
   * not know is a success.
   *
   * @throws UnavailableError when the host cannot do it now
   * @throws RefusedError when this person must not be touched
   */
  deprovision(scope: Scope, user: User, reason: DeprovisionReason): Promise<void>

  /**
   * **Required.** Makes this (active) person's account, organization role and memberships in the
   * host be `access`. `plan` says what to grant and what to revoke against what was applied before;
   * nothing beyond it may be revoked.
   *
   * @returns what is in force now: `applied` becomes the ledger, `notes` are shown to
   *   administrators
   * @throws UnavailableError when the host cannot do it now
   */
  applyAccess(scope: Scope, user: User, access: Access, plan: Plan): Promise<AppliedAccess>

  /**
   * **Optional.** Whose accounts are not ours to manage, and why: one answer for each of `users`,
   * in their order, `undefined` for those who may be changed. Asked once for all people of a
   * request, before anything is changed anywhere, and by the reconciler, the import and the gate as
   * well. Costs one query, however many people it is asked about. `users` may hold states that are
   * not stored, e.g. somebody about to be created.
   *
   * @param records access records of all of `users`, where they were read already
   * @throws UnavailableError when the host cannot tell now
   */
  exemptions?(
    scope: Scope,
    users: readonly User[],
    records?: readonly AccessRecord[],
  ): Promise<readonly (Exemption | undefined)[]>

  /**
   * **Optional.** Names of the attributes that the methods here read of a user, beside `active`,
   * `userName`, `emails`, `roles` and `entitlements` (extensions by URN). A change of others leaves
   * nothing to be done. Whoever replaces one of those methods replaces this too, or leaves it out.
   * Else: every change of a user is made true again.
   */
  readonly accessAttributes?: readonly string[]

  /**
   * **Optional.** What the host says right now, for drift reports: the access that is really there.
   */
  currentAccess?(scope: Scope, user: User): Promise<AppliedAccess | undefined>

  /**
   * **Optional.** Seats of the host, for the settings page; `undefined` when the host does not
   * count.
   */
  seats?(scope: Scope): Promise<Seats | undefined>
}

/** Where users live, and what ends and gives access to the host. */
export interface UserStore extends ResourceStore<User>, AccessTarget {
  /**
   * **Optional.** Called with a clear-text password from a create or change once the user is
   * stored; it must neither store nor log it. A rejection undoes a creation, and a {@link
   * RefusedError} a change as well, so it must leave nothing behind when it fails. Else: passwords
   * are accepted and dropped.
   */
  setPassword?(scope: Scope, user: User, password: string): Promise<void>
}
