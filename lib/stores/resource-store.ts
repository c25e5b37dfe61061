import type { Json } from '../schema/types.js'
import type { Page, Query, Read } from './query.js'
import type { Resource } from './resource.js'
import type { Scope } from './scope.js'
import type { LookupKey, Outbox, Write } from './write.js'

/** An attribute whose values are lookup keys. */
export interface Lookup {
  /** As in `LookupKey.attribute`. */
  readonly name: string
  readonly unique: boolean
}

/** A stored resource with every value in comparable form. */
export type ComparableOf = (resource: Resource) => Json

/** The lookup keys of a stored resource. */
export type KeysOf = (resource: Resource) => readonly LookupKey[]

/**
 * What a store can do beyond the required methods. Left out means `false`; the library then does it
 * itself, at the cost named here.
 */
export interface Supports {
  /**
   * `query` evaluates `filter`. Else: the library reads every resource of the type and filters
   * itself.
   */
  readonly filter?: boolean
  /** `query` obeys `sort`. Else: as with `filter`. */
  readonly sort?: boolean
  /** `query` takes `cursor` pages. Else: the library answers from index pages. */
  readonly cursor?: boolean
  /**
   * Users only: `query` answers `groups.value eq` and `groups.display eq`, nested groups included.
   * Else: they are refused.
   */
  readonly groups?: boolean
  /**
   * Groups only: members are changed by deltas (`changeMembers`). Else: whole groups are written.
   */
  readonly memberDeltas?: boolean
  /**
   * Writes make `Write.outbox` durable in the same step. Else: marks are set before and after
   * the write.
   */
  readonly outbox?: boolean
}

/**
 * Where the resources of one type live.
 *
 * "Not found" is `undefined` or `false`, never an exception. Store errors are those of `errors.ts`;
 * anything else that is thrown becomes a 500 whose detail reveals nothing.
 */
export interface ResourceStore<R extends Resource = Resource> {
  readonly supports?: Supports

  /**
   * What stands for the place where the store keeps its data. An `access` store that has one finds
   * the people whom a rule or a group touches there, and works only with users and groups that have
   * the same. A store that wraps one of ours passes it on.
   */
  readonly storage?: symbol

  /**
   * **Required.** Stores a new resource and returns it as stored. The library proposes `id` and
   * `meta`; a store with ids of its own may return others (opaque, URL-safe, never containing
   * `bulkId`).
   *
   * @throws UniquenessError when a unique key is taken (checked in the same atomic step)
   */
  create(scope: Scope, resource: R, write: Write): Promise<R>

  /** **Required.** The resource, or `undefined`. */
  get(scope: Scope, id: string, read: Read): Promise<R | undefined>

  /** **Required.** One page of the resources that match. */
  query(scope: Scope, query: Query): Promise<Page<R>>

  /**
   * **Required.** Replaces a resource, if its stored version is still `expectedVersion`, and
   * returns it as stored. The library has already set the new `meta.lastModified` and
   * `meta.version`.
   *
   * @throws VersionMismatchError when another write came first, or the resource is gone
   * @throws UniquenessError when a unique key is taken
   */
  replace(
    scope: Scope,
    resource: R,
    write: Write & { readonly expectedVersion: string },
  ): Promise<R>

  /**
   * **Required.** Deletes a resource, and with it its memberships and lookup keys. `false` when it
   * is not there.
   *
   * @throws VersionMismatchError when `expectedVersion` is given and is not the stored one
   */
  delete(
    scope: Scope,
    id: string,
    options: {
      readonly expectedVersion?: string | undefined
      readonly outbox?: Outbox | undefined
    },
  ): Promise<boolean>

  /**
   * **Optional.** Told, when a router is made, which attributes have lookup keys. The keys that
   * come with a write are those of its day: a store that looks resources up by them makes the keys
   * of resources written before, by `keysOf`, and warns of those that share a value of an attribute
   * that has become unique (`warnOfShared`). Else: after a schema has changed, resources written
   * before are not found by what was not unique then.
   *
   * A store that keeps the comparable form of resources makes it again, by `comparableOf`, when
   * `comparableForm` is another than that of its last start. Else: people are not found by names
   * that are folded in another way now.
   */
  useKeys?(lookups: readonly Lookup[], keysOf: KeysOf, comparableOf: ComparableOf): void

  /**
   * **Recommended** for a store that does not support `filter`. The resources that have any of
   * these lookup keys (those of `Write.keys`), in any order. Else: every look-up by `userName`,
   * e-mail address or `externalId` reads all resources, and identity providers look up each person
   * before they send them.
   */
  find?(
    scope: Scope,
    keys: readonly Pick<LookupKey, 'attribute' | 'key'>[],
    read: Read,
  ): Promise<readonly R[]>

  /**
   * **Recommended.** The resources with these ids, in any order; unknown ids are left out. Else:
   * one `get` each.
   */
  getMany?(scope: Scope, ids: readonly string[], read: Read): Promise<readonly R[]>
}
