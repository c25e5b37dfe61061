import type { Access, AppliedAccess, Plan } from '../mapping/types.js'
import type { AccessRecord } from './access-store.js'
import type { User } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'

/** Why a person's access ends. */
export type DeprovisionReason = 'deactivated' | 'deleted' | 'noRole'

/** The seats of the host's licence. */
export interface Seats {
  readonly used: number
  /** Absent: unlimited. */
  readonly limit?: number
}

/** Why a person's account is not managed through SCIM. */
export interface Exemption {
  /**
   * `protected`: an owner, a service account, or a person of another tenant. Nothing may change
   * them, including their group memberships, and the gate lets them in. `unmanaged`: the account
   * must not be taken over. Their groups may change, without effect in the host.
   */
  readonly kind: 'protected' | 'unmanaged'
  /** A sentence that is safe to send to the client. */
  readonly reason: string
}

/**
 * Gives and ends access in the host: the part of a {@link UserStore} that reaches the system behind
 * it. Every method may be called again with the same arguments at any time.
 */
export interface AccessTarget {
  /**
   * **Required.** Ends this person's access in the host: sessions, tokens, sign-in. Called before
   * the client gets its 2xx for `active: false`, DELETE and the loss of the last role; a rejection
   * answers 503 and is retried until it succeeds. It must be idempotent; an unknown person counts
   * as success.
   *
   * @throws UnavailableError when the host cannot do it now
   * @throws RefusedError when this person must not be touched
   */
  deprovision(scope: Scope, user: User, reason: DeprovisionReason): Promise<void>

  /**
   * **Required.** Brings this (active) person's account, organization role and memberships in the
   * host in line with `access`. `plan` lists the grants and revocations against what was applied
   * before; nothing else may be revoked.
   *
   * @returns the access now in force: `applied` becomes the ledger, `notes` are shown to
   *   administrators
   * @throws UnavailableError when the host cannot do it now
   */
  applyAccess(scope: Scope, user: User, access: Access, plan: Plan): Promise<AppliedAccess>

  /**
   * **Optional.** The exemptions of `users`, in their order: why an account is not managed through
   * SCIM, or `undefined` if it is. Called once for all people of a request, before anything is
   * changed, and also by the reconciler, the import and the gate. It should cost one query for any
   * number of people. `users` may include states that are not stored, e.g. of a person about to be
   * created.
   *
   * @param records access records of all `users`, if they were read already
   * @throws UnavailableError when the host cannot tell now
   */
  exemptions?(
    scope: Scope,
    users: readonly User[],
    records?: readonly AccessRecord[],
  ): Promise<readonly (Exemption | undefined)[]>

  /**
   * **Optional.** Names of the attributes that the methods here read of a user, beside `active`,
   * `userName`, `emails`, `roles` and `entitlements` (extensions by URN). A change of other
   * attributes needs no enforcement. A store that replaces one of those methods must replace this
   * too, or remove it. Without it, every change of a user is enforced.
   */
  readonly accessAttributes?: readonly string[]

  /**
   * **Optional.** How many people the reconciler may work on at once, if the target combines their
   * requests. Without it, `concurrency` of the reconciler is 8.
   */
  readonly peopleAtOnce?: number

  /**
   * **Optional.** The only tenant whose people the host has. The reconciler then leaves the pending
   * work of other tenants to theirs, and a gate or sign-in of another tenant is refused. Without
   * it, the target acts for every tenant.
   */
  readonly tenant?: string

  /** **Optional.** The person's actual access in the host right now, for drift reports. */
  currentAccess?(scope: Scope, user: User): Promise<AppliedAccess | undefined>

  /**
   * **Optional.** Seats of the host, for the settings page; `undefined` when the host does not
   * count.
   */
  seats?(scope: Scope): Promise<Seats | undefined>
}

/** The store of users, which also gives and ends their access to the host. */
export interface UserStore extends ResourceStore<User>, AccessTarget {
  /**
   * **Optional.** Called with a clear-text password from a create or change, once the user is
   * stored; it must not store or log the password. A rejection undoes a creation, and a {@link
   * RefusedError} also undoes a change, so it must leave nothing behind if it fails. Without it,
   * passwords are accepted and dropped. `false`: this one was dropped, and the log says nothing
   * of a password.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most hosts return nothing.
  setPassword?(scope: Scope, user: User, password: string): Promise<boolean | void>
}
