import type { Access } from '../mapping/types.js'
import type { AccessRecord } from './access-store.js'
import type { Group, GroupReference, Member, User } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'
import type { Outbox, Write } from './write.js'

/** A change of a group's members, by id. An id is in at most one of the lists. */
export interface MemberChange {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** A page of a group's members. */
export interface MemberPage {
  readonly offset: number
  readonly limit: number
}

/** A user with their groups, read at one moment. */
export interface UserWithGroups {
  readonly user: User
  /** As `groupsOf` returns them. */
  readonly groups: readonly GroupReference[]
}

/** The result of `changeMembers`. */
export interface MembersChanged {
  /** Ids really added, i.e. not in the group before. */
  readonly added: readonly string[]
  /** Ids really removed. */
  readonly removed: readonly string[]
  /**
   * The group afterwards, without `members`. Version and `lastModified` stay the same if nothing
   * changed.
   */
  readonly group: Group
}

/** A person found by their account, as stored at one moment. */
export interface AccountPerson {
  readonly record: AccessRecord
  /** `undefined`: the user was deleted. */
  readonly user?: User
  /** What `resolveAccess` returns for the user. */
  readonly access?: Access
}

/**
 * The store of groups, which also resolves the access that they give.
 *
 * With `supports.memberDeltas`, `create` takes `members` with the group, `replace` keeps the
 * members unless `members` (a change) is given, and `changeMembers` exists. Without it, `create`
 * and `replace` take whole groups, including `members`.
 */
export interface GroupStore extends ResourceStore<Group> {
  /** @throws UnknownReferenceError when `members` names unknown ids; nothing was stored then */
  create(scope: Scope, group: Group, write: Write): Promise<Group>

  /**
   * @throws UnknownReferenceError when `members.add` names unknown ids; nothing was changed then
   */
  replace(
    scope: Scope,
    group: Group,
    write: Write & { readonly expectedVersion: string; readonly members?: MemberChange },
  ): Promise<Group>

  /**
   * **Recommended** (`supports.memberDeltas`). Adds and removes members in one atomic step whose
   * cost depends on the change, not on the group. Adding a present member and removing an absent
   * one change nothing. If something changed, `meta.version` changes and `meta.lastModified` is
   * `now`. Audit entries about members are stored with those who really joined or left
   * (`withActualMembers`); none if nothing changed. `undefined` if there is no such group.
   *
   * @throws UnknownReferenceError when `add` names ids that are not users or groups of this tenant;
   *   nothing was changed
   */
  changeMembers?(
    scope: Scope,
    id: string,
    change: MemberChange,
    options: { readonly now: string; readonly outbox?: Outbox | undefined },
  ): Promise<MembersChanged | undefined>

  /**
   * **Optional.** How many direct members each of these groups has; unknown ids are omitted.
   * Without it, administrators see no counts.
   */
  countMembers?(scope: Scope, ids: readonly string[]): Promise<ReadonlyMap<string, number>>

  /**
   * **Optional.** A page of a group's direct members, in order of their ids; empty if there is no
   * such group. Without it, the whole group is read for each page.
   */
  listMembers?(scope: Scope, id: string, page: MemberPage): Promise<readonly Member[]>

  /**
   * **Required.** The groups each of these users (or groups) is in, directly and through other
   * groups, under the names that they have now; also of inactive people. Handles cycles.
   */
  groupsOf(
    scope: Scope,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupReference[]>>

  /**
   * **Optional.** A user with their groups, for GET; `undefined` if there is no such user. This
   * should be one query. Without it, the groups are read after the user, and `Query.withGroups` is
   * never set. A store that wraps another and replaces `groupsOf`, or `get` of users, must replace
   * this too, or remove it.
   */
  userWithGroups?(scope: Scope, id: string): Promise<UserWithGroups | undefined>

  /**
   * **Required.** The access that this user's groups give by the rules of now; usually the
   * library's `compileRules(rules, policy)(groups, personState(user, hadRole))`, with `hadRole` of
   * the access record: it decides about those who lost their last role (`onNoRole`).
   */
  resolveAccess(scope: Scope, user: User): Promise<Access>

  /**
   * **Optional.** {@link resolveAccess} for many users at once, in their order, at a cost that
   * hardly grows with their number. Without it, there is one call per user, even if a thousand
   * leave a group. A store that wraps another and replaces `resolveAccess` must replace this too,
   * or remove it.
   */
  resolveAccessOf?(scope: Scope, users: readonly User[]): Promise<readonly Access[]>

  /**
   * **Optional.** The person whose record has this account, with everything that decides about
   * them, read at one moment; `undefined` if no record has it. The gate asks for each request, so
   * this should be one query. Without it, the gate reads record, user, groups and rules one after
   * the other. A store that wraps another and replaces `resolveAccess` must replace this too, or
   * remove it.
   */
  personByAccount?(scope: Scope, accountId: string): Promise<AccountPerson | undefined>
}
