import type { Json } from '../schema/types.js'

/** A JSON value, or `undefined`. */
export type AttributeValue = Json | undefined

/** Metadata of a resource (RFC 7643 §3.1). */
export interface Meta {
  readonly resourceType: string
  /** RFC 3339 in UTC with milliseconds, e.g. `2026-01-31T09:00:00.000Z`. */
  readonly created: string
  /** As `created`; equal to it until the first change. */
  readonly lastModified: string
  /**
   * Opaque; changes with every change of the resource. Clients see it as the weak ETag
   * `W/"<version>"`.
   */
  readonly version: string
}

/**
 * A resource as stores keep it: valid against its schemas, attribute names spelled as there,
 * extension attributes in an object under the extension's URN, without `schemas` (derived from the
 * data), without computed attributes (`meta.location`, `$ref`, `User.groups`,
 * `manager.displayName`) and without `password`. It includes attributes of a host's schemas that
 * are never returned. Treat it as immutable.
 */
export interface Resource {
  readonly id: string
  readonly externalId?: string
  readonly meta: Meta
  readonly [attribute: string]: AttributeValue | Meta
}

/**
 * A User (RFC 7643 §4.1). `active` is `true` unless set otherwise. A client that removes it (PATCH
 * remove) leaves it unassigned, which gives no access.
 */
export interface User extends Resource {
  readonly userName: string
  readonly active?: boolean
}

/**
 * A member of a group (RFC 7643 §4.2).
 *
 * The store fills in `type` and `display` from the resource that `value` names; on writing, only
 * `value` counts.
 */
export interface Member {
  readonly value: string
  readonly type?: 'User' | 'Group'
  readonly display?: string
  readonly [attribute: string]: AttributeValue
}

/** A Group (RFC 7643 §4.2). `members` is absent if it was not requested, or if there are none. */
export interface Group extends Resource {
  readonly displayName: string
  readonly members?: readonly Member[] & Json[]
}

/** A group to which a person belongs. */
export interface GroupReference {
  readonly id: string
  readonly displayName: string
  readonly externalId?: string
  /** `false` if the membership comes through another group (RFC 7643 §4.1.2: `indirect`). */
  readonly direct: boolean
}
