import type { AuditEntry } from '../events/catalogue.js'
import type { AccountReference, Grant, MappingRules } from '../mapping/types.js'
import type { PassedOver, PassedOverCount } from './passed-over.js'
import type { Scope } from './scope.js'

/**
 * What is known of one person's access: the ledger and the link to the host's account. It outlives
 * the user: of somebody deleted it says that their account is shut, and what they had been granted.
 */
export interface AccessRecord {
  readonly userId: string
  /** Lower-cased e-mail address of the person when access was last made true. */
  readonly email?: string | undefined
  /** What we granted and has not been revoked: the ledger. */
  readonly applied: readonly Grant[]
  readonly deferred: readonly Grant[]
  readonly notes: readonly string[]
  readonly account?: AccountReference
  /** The last state that was made true in the host. */
  readonly enforced?: 'active' | 'deprovisioned' | undefined
  /**
   * A rule gave this person an organization role at some time (decides `onNoRole`). Never taken
   * back.
   */
  readonly hadRole: boolean
  /** RFC 3339; when the record last changed. */
  readonly at: string
}

/** Saved mapping rules with the version an editor must name to replace them. */
export interface VersionedRules {
  readonly rules: MappingRules
  readonly version: string
}

/** One person whose access must be made true, as claimed by a reconciler. */
export interface PendingUser {
  readonly tenant: string
  readonly userId: string
  /** RFC 3339; since when. */
  readonly since: string
  /**
   * 1 at the first mark, and one more with each; `settle` only clears the mark it was claimed with.
   */
  readonly mark: number
  readonly attempts: number
  /** No longer tried, until somebody calls `retry` or the person is marked again. */
  readonly failed: boolean
  readonly lastError?: string
  /** RFC 3339; not before. */
  readonly nextAt: string
}

/** How a claimed entry went. */
export type PendingOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string }

/** Numbers for status pages. */
export interface PendingSummary {
  readonly pending: number
  readonly failed: number
  /** People still to be marked by an unfinished change of rules; 0 when none. */
  readonly fanningOut: number
  readonly oldest?: string
  readonly lastError?: { readonly userId: string; readonly message: string }
}

/**
 * Mapping rules, the ledger, and the list of people whose access must be made true.
 * Shared by all hosts of a database; every method is atomic. `docs/adapters.md` says what is lost
 * without each member that is not required.
 */
export interface AccessStore {
  /**
   * **Optional.** The database in which it finds the people of a group, as `storage` of users and
   * groups. Without it, the store works with any.
   */
  readonly storage?: symbol

  /** **Required.** The saved rules; empty lists and version `0` when none were saved. */
  rules(scope: Scope): Promise<VersionedRules>

  /**
   * **Required.** Saves rules and marks people in the same step. `affects`: names of groups (as
   * compared, see `groupKey`) whose users must be re-evaluated, or `everybody`: a fan-out that
   * `fanOut` carries out in small steps; a restart continues it. The groups are looked up when the
   * fan-out begins, after the rules are saved: one that gets such a name at the same moment was
   * judged by the old rules.
   *
   * @throws VersionMismatchError when `expectedVersion` is not the stored version; nothing is
   *   overwritten
   */
  saveRules(
    scope: Scope,
    rules: MappingRules,
    options: {
      readonly expectedVersion: string
      readonly affects: readonly string[] | 'everybody'
      readonly audit?: readonly AuditEntry[]
    },
  ): Promise<VersionedRules>

  /** **Required.** The record of one person. */
  getRecord(scope: Scope, userId: string): Promise<AccessRecord | undefined>
  /** **Required.** Several at once; unknown ids are left out. */
  getRecords(scope: Scope, userIds: readonly string[]): Promise<readonly AccessRecord[]>
  /** **Required.** All records after `afterUserId` in order of user id, at most `limit`. */
  listRecords(
    scope: Scope,
    page: { readonly afterUserId?: string; readonly limit: number },
  ): Promise<readonly AccessRecord[]>
  /** **Required.** The record linked to this account of the host. One indexed query. */
  recordByAccount(scope: Scope, accountId: string): Promise<AccessRecord | undefined>
  /**
   * **Required.** The records of people with this (lower-cased) e-mail address, or whose account
   * had it. One indexed query.
   */
  recordsByEmail(scope: Scope, email: string): Promise<readonly AccessRecord[]>
  /**
   * **Required.** Stores a record, replacing the one of the same user. A `hadRole` that is `true`
   * stays so (see `noteRole`).
   * @throws UniquenessError when another user is linked to the same account
   */
  saveRecord(scope: Scope, record: AccessRecord): Promise<void>
  /**
   * **Recommended.** Sets `hadRole` in the records of these users and changes nothing else in them;
   * makes a record with nothing else for those without one. Called before a role that a rule gives
   * is given or taken. Without it, records are read and saved one by one, and what somebody else
   * saves at the same moment can be lost.
   */
  noteRole?(scope: Scope, userIds: readonly string[]): Promise<void>
  /** **Required.** Deletes the record of this user; there may be none. */
  deleteRecord(scope: Scope, userId: string): Promise<void>

  /**
   * **Required.** Marks users (or all users of groups) pending; what `Outbox.pending` does, for
   * stores without it.
   */
  mark(scope: Scope, ids: readonly string[]): Promise<void>
  /**
   * **Required.** Leases entries that are due, by the clock of the store and not of the host,
   * oldest first, at most one claimant each. Works for one tenant or, without one, for all. `FOR
   * UPDATE SKIP LOCKED` on PostgreSQL, so hosts share the work. An expired lease may be claimed
   * again. With `userIds`, entries of these users also when they are not due yet or have failed;
   * never when somebody else's lease on them is running.
   */
  claim(options: {
    readonly owner: string
    readonly limit: number
    readonly leaseMs: number
    readonly tenant?: string
    readonly userIds?: readonly string[]
  }): Promise<readonly PendingUser[]>
  /**
   * **Required.** Makes a claim last `leaseMs` from now. False when it is no longer this owner's.
   */
  renew(owner: string, entry: PendingUser, leaseMs: number): Promise<boolean>
  /**
   * **Required.** Ends a claim; a `retry` is due after `afterMs` milliseconds. `done` clears the
   * entry only if it was not marked again since.
   */
  settle(owner: string, entry: PendingUser, outcome: PendingOutcome): Promise<void>
  /**
   * **Optional.** `saveRecord`, `append` of the audit log and `settle` as `done`, in one step.
   * Else, and for users whose store has no `supports.outbox`: one after the other.
   *
   * @throws UniquenessError as `saveRecord`
   */
  finish?(
    scope: Scope,
    claim: { readonly owner: string; readonly entry: PendingUser },
    done: { readonly record: AccessRecord; readonly audit: readonly AuditEntry[] },
  ): Promise<void>
  /**
   * **Required.** The entries of these users, leased or not, due or not; users without one are left
   * out.
   */
  pendingOf(scope: Scope, userIds: readonly string[]): Promise<readonly PendingUser[]>
  /**
   * **Required.** Carries out at most `limit` marks of unfinished fan-outs; returns how many were
   * made (0: nothing to do).
   */
  fanOut(limit: number): Promise<number>
  /** **Required.** Numbers of one tenant, for status pages. */
  summary(scope: Scope): Promise<PendingSummary>
  /** **Required.** Pending and failed entries, oldest first. */
  listPending(
    scope: Scope,
    page: { readonly offset: number; readonly limit: number; readonly failed?: boolean },
  ): Promise<readonly PendingUser[]>
  /** **Required.** Makes failed entries due again: these users', or all. Returns how many. */
  retry(scope: Scope, userIds?: readonly string[]): Promise<number>
  /**
   * **Required.** In how many milliseconds the first entry that is not failed can be claimed, over
   * all tenants; 0 or less when one can be now, `undefined` when there is none.
   */
  nextDue(): Promise<number | undefined>

  /**
   * **Optional.** Adds to the counts of what clients send and nobody keeps. Returns what had not
   * been returned on this day (of `at`, in UTC) before: it goes to the audit log. Keeps at least
   * the 500 names that were seen last.
   *
   * Without it, administrators do not learn which attributes and members are passed over.
   */
  countPassedOver?(scope: Scope, seen: readonly PassedOverCount[]): Promise<readonly PassedOver[]>
  /** **Optional.** The counts, last seen first. Goes together with `countPassedOver`. */
  listPassedOver?(scope: Scope): Promise<readonly PassedOverCount[]>

  /**
   * **Recommended.** Forgets whom the records of people who no longer exist are about, of all
   * tenants, when they last changed before `before` (RFC 3339): addresses, ledger, notes, and
   * values whose name ends in `:` and the person's id or address. The id of their account stays, so
   * that it remains shut; a record without one goes. Returns how many people were forgotten.
   * Without it, they are kept for ever.
   */
  forget?(options: { readonly before: string }): Promise<number>

  /**
   * **Required.** Small named values per tenant: last contact with the IdP, last import, … The name
   * of one that is about a person ends in `:` and their id or address.
   */
  getValue(scope: Scope, name: string): Promise<string | undefined>
  /**
   * **Required.** Stores a named value, replacing the one of the same name; `undefined` removes it.
   */
  setValue(scope: Scope, name: string, value: string | undefined): Promise<void>
}

/** The part of an access store that keeps the ledger. */
export type Ledger = Pick<
  AccessStore,
  | 'getRecord'
  | 'getRecords'
  | 'listRecords'
  | 'recordByAccount'
  | 'recordsByEmail'
  | 'saveRecord'
  | 'noteRole'
  | 'deleteRecord'
>
