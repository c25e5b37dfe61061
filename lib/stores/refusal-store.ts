import type { Scope } from './scope.js'

/** What a policy refuses, or would refuse: one person, one kind of request. */
export interface Refusal {
  /** SCIM id of the person, else their address, else the id of their account. */
  readonly person: string
  readonly method: string
  /** Without query. */
  readonly path: string
  /** Why, in a sentence. */
  readonly reason: string
}

/** How often something was refused. */
export interface RefusalCount extends Refusal {
  readonly count: number
  /** RFC 3339; the last time. */
  readonly at: string
}

/** Most refusals of one tenant that are kept; those seen longest ago go first. */
export const maxRefusals = 1_000

/** For how long one is kept after it was last seen, in milliseconds: a week. */
export const refusalRetentionMs = 7 * 86_400_000

/** What a policy in report mode would have refused. */
export interface RefusalStore {
  /**
   * Adds to the counts, by person, method and path; the reason is the last one. Entries older than
   * a week before the newest one here go, and those beyond {@link maxRefusals}.
   */
  add(scope: Scope, seen: readonly RefusalCount[]): Promise<void>
  /** Those last seen at or after `since` (RFC 3339), last seen first. */
  list(scope: Scope, options: { readonly since: string }): Promise<readonly RefusalCount[]>
}
