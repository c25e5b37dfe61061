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
 * Capabilities of a store beyond the required methods. An absent one counts as `false`; the library
 * then does the work itself, at the cost named here.
 */
export interface Supports {
  /**
   * `query` evaluates `filter`. Otherwise the library reads every resource of the type and filters
   * itself.
   */
  readonly filter?: boolean
  /** `query` obeys `sort`. Otherwise as with `filter`. */
  readonly sort?: boolean
  /** `query` supports `cursor` pages. Otherwise the library uses index pages. */
  readonly cursor?: boolean
  /**
   * Users only: `query` answers `groups.value eq` and `groups.display eq`, including nested groups.
   * Otherwise they are refused.
   */
  readonly groups?: boolean
  /**
   * Groups only: members are changed by deltas (`changeMembers`). Otherwise whole groups are
   * written.
   */
  readonly memberDeltas?: boolean
  /**
   * Writes make `Write.outbox` durable in the same step. Otherwise marks are set before and after
   * the write.
   */
  readonly outbox?: boolean
}

/**
 * The store of the resources of one type.
 *
 * "Not found" is `undefined` or `false`, never an exception. Store errors are those of `errors.ts`;
 * any other error becomes a 500 whose detail reveals nothing.
 */
export interface ResourceStore<R extends Resource = Resource> {
  readonly supports?: Supports

  /**
   * Identifies the place where the store keeps its data. An `access` store with `storage` looks up
   * people and groups there, so it works only with user and group stores that have the same value.
   * A store that wraps a bundled one passes it on.
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

  /** **Required.** One page of the matching resources. */
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
   * **Required.** Deletes a resource, and with it its memberships and lookup keys, but neither the
   * access record of a person nor their pending work. `false` if it does not exist.
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
   * **Optional.** Called when a router is made, with the attributes that have lookup keys. The keys
   * passed with a write depend on the schemas at that time. After a change of schemas, a store that
   * looks up resources by key therefore computes the keys of older resources with `keysOf`, and
   * warns about resources that share a value of an attribute that has become unique
   * (`warnOfShared`). Without it, older resources are not found by attributes that were not indexed
   * when they were written.
   *
   * A store that keeps the comparable form of resources computes it again with `comparableOf` if
   * `comparableForm` has changed since its last start. Without that, people are not found by names
   * that are folded differently now.
   */
  useKeys?(lookups: readonly Lookup[], keysOf: KeysOf, comparableOf: ComparableOf): void

  /**
   * **Recommended** for a store that does not support `filter`. The resources that have any of
   * these lookup keys (as in `Write.keys`), in any order. Without it, every look-up by `userName`,
   * e-mail address or `externalId` reads all resources.
   */
  find?(
    scope: Scope,
    keys: readonly Pick<LookupKey, 'attribute' | 'key'>[],
    read: Read,
  ): Promise<readonly R[]>

  /**
   * **Recommended.** The resources with these ids, in any order; unknown ids are omitted. Without
   * it, there is one `get` per id.
   */
  getMany?(scope: Scope, ids: readonly string[], read: Read): Promise<readonly R[]>

  /**
   * **Optional.** Resolves when everything that was read before survives a power failure. A
   * write that finds nothing to do waits for it.
   *
   * @throws UnavailableError when it may be lost
   */
  durable?(): Promise<void>
}
