import type { AuditEntry } from '../events/catalogue.js'
import type { AccountReference, Grant, MappingRules } from '../mapping/types.js'
import type { PassedOver, PassedOverCount } from './passed-over.js'
import type { Scope } from './scope.js'

/**
 * The record of one person's access: the ledger and the link to the host's account. It outlives the
 * user: for a deleted person it says that their account is closed, and what they had been granted.
 * A store that deletes it with the user, e.g. by `on delete cascade`, lets deleted people back in.
 */
export interface AccessRecord {
  readonly userId: string
  /** Lower-cased e-mail address of the person when their access was last enforced. */
  readonly email?: string | undefined
  /** The grants made and not revoked: the ledger. */
  readonly applied: readonly Grant[]
  readonly deferred: readonly Grant[]
  readonly notes: readonly string[]
  readonly account?: AccountReference
  /** The last state that was enforced in the host. */
  readonly enforced?: 'active' | 'deprovisioned' | undefined
  /**
   * A rule gave this person an organization role at some time (decides `onNoRole`). Never reset.
   */
  readonly hadRole: boolean
  /** RFC 3339; when the record last changed. */
  readonly at: string
}

/** Saved mapping rules, with the version that an editor must give to replace them. */
export interface VersionedRules {
  readonly rules: MappingRules
  readonly version: string
}

/** A pending person, as claimed by a reconciler. */
export interface PendingUser {
  readonly tenant: string
  readonly userId: string
  /** RFC 3339; when the person became pending. */
  readonly since: string
  /**
   * 1 at the first mark, incremented by each further one; `settle` only clears the mark with which
   * the entry was claimed.
   */
  readonly mark: number
  readonly attempts: number
  /** No longer retried, until `retry` is called or the person is marked again. */
  readonly failed: boolean
  readonly lastError?: string
  /** RFC 3339; not due before. */
  readonly nextAt: string
}

/** A claimed person whose access has been enforced. */
export interface FinishedClaim {
  readonly owner: string
  readonly entry: PendingUser
  /** Absent if it stays as it is. */
  readonly record?: AccessRecord
  readonly audit: readonly AuditEntry[]
}

/** The outcome of a claimed entry. */
export type PendingOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string }

/** Numbers for status pages. */
export interface PendingSummary {
  readonly pending: number
  readonly failed: number
  /** People still to be marked by an unfinished change of rules; 0 if there is none. */
  readonly fanningOut: number
  readonly oldest?: string
  readonly lastError?: { readonly userId: string; readonly message: string }
}

/**
 * Mapping rules, the ledger, and the queue of pending people. Shared by all instances that use the
 * database; every method is atomic. `docs/adapters.md` says what is lost without each member that
 * is not required.
 */
export interface AccessStore {
  /**
   * **Optional.** Identifies the database in which it looks up the people of a group; compared with
   * `storage` of users and groups. Without it, the store works with any users and groups.
   */
  readonly storage?: symbol

  /** **Required.** The saved rules; empty lists and version `0` if there never was a rule. */
  rules(scope: Scope): Promise<VersionedRules>

  /**
   * **Required.** Saves rules and marks people in the same step. `affects`: names of groups (as
   * compared, see `groupKey`) whose users must be re-evaluated, or `everybody`: a fan-out that
   * `fanOut` carries out in small steps and that survives a restart. The groups are looked up when
   * the fan-out begins, after the rules are saved, because a group that gets such a name at the
   * same moment was evaluated by the old rules.
   *
   * Empty rules over version `0` are not stored: people are marked, and the version stays `0`, so
   * that nobody takes them for rules that were deleted.
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

  /** **Required.** The record of one person, also of a deleted one, until `forget`. */
  getRecord(scope: Scope, userId: string): Promise<AccessRecord | undefined>
  /** **Required.** Several records at once; unknown ids are omitted. */
  getRecords(scope: Scope, userIds: readonly string[]): Promise<readonly AccessRecord[]>
  /** **Required.** At most `limit` records after `afterUserId`, in order of user id. */
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
   * makes a record with nothing else for those without one. Called before a role from a rule is
   * given or taken. Without it, records are read and saved one by one, and a concurrent save can be
   * lost.
   */
  noteRole?(scope: Scope, userIds: readonly string[]): Promise<void>
  /** **Required.** Deletes the record of this user, if there is one. */
  deleteRecord(scope: Scope, userId: string): Promise<void>

  /**
   * **Required.** Marks users (or all users of groups) pending, like `Outbox.pending`, for stores
   * without an outbox.
   */
  mark(scope: Scope, ids: readonly string[]): Promise<void>
  /**
   * **Required.** Leases due entries, oldest first, each to one claimant at most. Due times follow
   * the clock of the store, not of the host. Works for one tenant or, without `tenant`, for all.
   * Uses `FOR UPDATE SKIP LOCKED` on PostgreSQL, so that instances share the work. An expired lease
   * may be claimed again. With `userIds`, also leases entries of these users that are not due yet
   * or have failed, but never those under another owner's running lease. With `alike`, people who
   * are in the same groups may come one after the other, after those who were due before the first
   * of them: what they get can then be given together. Fewer than are due may come then, or up to
   * half as many more than `limit`, who are in the same groups as the last one. A store may ignore
   * `alike`.
   */
  claim(options: {
    readonly owner: string
    readonly limit: number
    readonly leaseMs: number
    readonly tenant?: string
    readonly userIds?: readonly string[]
    readonly alike?: boolean
  }): Promise<readonly PendingUser[]>
  /**
   * **Required.** Extends a claim to `leaseMs` from now. `false` if it no longer belongs to this
   * owner.
   */
  renew(owner: string, entry: PendingUser, leaseMs: number): Promise<boolean>
  /**
   * **Required.** Ends a claim; a `retry` is due after `afterMs` milliseconds. `done` clears the
   * entry only if it was not marked again meanwhile.
   */
  settle(owner: string, entry: PendingUser, outcome: PendingOutcome): Promise<void>
  /**
   * **Optional.** For each of these people: `saveRecord`, `append` of the audit log and `settle` as
   * `done`; all of it in one step, or none of it. Without it, or if the user store has no
   * `supports.outbox`, those methods are called for one person after the other.
   *
   * @throws UniquenessError as `saveRecord`
   * @throws VersionMismatchError when a claim no longer belongs to its owner
   */
  finish?(scope: Scope, finished: readonly FinishedClaim[]): Promise<void>
  /**
   * **Required.** The entries of these users, leased or not, due or not; users without one are
   * omitted.
   */
  pendingOf(scope: Scope, userIds: readonly string[]): Promise<readonly PendingUser[]>
  /**
   * **Required.** Sets at most `limit` marks of unfinished fan-outs; returns how many were set (0:
   * nothing to do).
   */
  fanOut(limit: number): Promise<number>
  /** **Required.** Numbers of one tenant, for status pages. */
  summary(scope: Scope): Promise<PendingSummary>
  /** **Required.** Pending and failed entries, oldest first. */
  listPending(
    scope: Scope,
    page: { readonly offset: number; readonly limit: number; readonly failed?: boolean },
  ): Promise<readonly PendingUser[]>
  /** **Required.** Makes failed entries due again, of these users or of all. Returns how many. */
  retry(scope: Scope, userIds?: readonly string[]): Promise<number>
  /**
   * **Required.** Milliseconds until the first entry of any tenant that has not failed can be
   * claimed; 0 or less if one can be claimed now, `undefined` if there is none. An unfinished
   * fan-out counts as an entry that can be claimed now.
   */
  nextDue(): Promise<number | undefined>

  /**
   * **Optional.** Adds to the counts of dropped attributes and members. Returns those not yet
   * returned on this day (of `at`, in UTC), which go to the audit log. Keeps at least the 500 names
   * that were seen last.
   *
   * Without it, administrators do not learn which attributes and members are dropped.
   */
  countPassedOver?(scope: Scope, seen: readonly PassedOverCount[]): Promise<readonly PassedOver[]>
  /** **Optional.** The counts, last seen first. Required with `countPassedOver`. */
  listPassedOver?(scope: Scope): Promise<readonly PassedOverCount[]>

  /**
   * **Recommended.** Makes records of deleted people anonymous, in all tenants, if they last
   * changed before `before` (RFC 3339): removes addresses, ledger, notes, values whose name ends in
   * `:` and the person's id or address, and values that are the person's id. The account id stays,
   * so that the account remains closed; a record without one is deleted. Returns the number of
   * people. Without it, these records are kept forever.
   */
  forget?(options: { readonly before: string }): Promise<number>

  /**
   * **Required.** A small named value of the tenant: last contact with the IdP, last import, … If
   * it concerns a person, its name ends in `:` and their id or address, or it is their id.
   */
  getValue(scope: Scope, name: string): Promise<string | undefined>
  /**
   * **Required.** Stores a named value, replacing the one of the same name; `undefined` removes it.
   */
  setValue(scope: Scope, name: string, value: string | undefined): Promise<void>
  /**
   * **Recommended.** Stores several values by their names, like `setValue` for each. They need not
   * be stored in one step. Without it, `setValue` is called for one after the other.
   */
  setValues?(scope: Scope, values: ReadonlyMap<string, string>): Promise<void>
}

/** The ledger part of an access store. */
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
