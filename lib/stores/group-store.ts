import type { Access } from '../mapping/types.js'
import type { Group, Member, User } from './resource.js'
import type { ResourceStore } from './resource-store.js'
import type { Scope } from './scope.js'
import type { Outbox, Write } from './write.js'

/** A change of a group's members, by id. An id is in at most one of the lists. */
export interface MemberChange {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** Which members of a group to list. */
export interface MemberPage {
  readonly offset: number
  readonly limit: number
}

/** A group somebody is in. */
export interface GroupReference {
  readonly id: string
  readonly displayName: string
  readonly externalId?: string
  /** `false` when the membership comes through another group (RFC 7643 §4.1.2: `indirect`). */
  readonly direct: boolean
}

/** What `changeMembers` did. */
export interface MembersChanged {
  /** Really added, i.e. not in the group before. */
  readonly added: readonly string[]
  /** Really removed. */
  readonly removed: readonly string[]
  /**
   * The group afterwards, without `members`. Version and `lastModified` are as before when nothing
   * changed.
   */
  readonly group: Group
}

/**
 * Where groups live, and what they give.
 *
 * With `supports.memberDeltas`: `create` takes `members` with the group; `replace` leaves the
 * members as they are unless `members` (a change) is given; `changeMembers` is there. Without it:
 * `create` and `replace` take whole groups, `members` included.
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
   * one change nothing. When something changed, `meta.version` becomes another and
   * `meta.lastModified` is `now`. `undefined` when there is no such group.
   *
   * @throws UnknownReferenceError when `add` names ids that are no user or group of this tenant;
   *   nothing was changed
   */
  changeMembers?(
    scope: Scope,
    id: string,
    change: MemberChange,
    options: { readonly now: string; readonly outbox?: Outbox | undefined },
  ): Promise<MembersChanged | undefined>

  /**
   * **Optional.** How many direct members each of these groups has; unknown ids are left out. Else:
   * administrators see no counts.
   */
  countMembers?(scope: Scope, ids: readonly string[]): Promise<ReadonlyMap<string, number>>

  /**
   * **Optional.** Some of a group's direct members, in order of their ids; nobody without such a
   * group. Else: the whole group is read for each page of them.
   */
  listMembers?(scope: Scope, id: string, page: MemberPage): Promise<readonly Member[]>

  /**
   * **Required.** The groups each of these users (or groups) is in, directly and through other
   * groups. Cycles end.
   */
  groupsOf(
    scope: Scope,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupReference[]>>

  /**
   * **Required.** What this user's groups give: the library's `resolveAccess(rules, groups,
   * policy)` is the default.
   */
  resolveAccess(scope: Scope, user: User): Promise<Access>

  /**
   * **Optional.** {@link resolveAccess} of many users at once, in their order, at a cost that
   * hardly grows with how many they are. Else: one call for each of them, also when a thousand
   * leave a group. A store that wraps another and replaces `resolveAccess` replaces this too, or
   * leaves it out.
   */
  resolveAccessOf?(scope: Scope, users: readonly User[]): Promise<readonly Access[]>
}
