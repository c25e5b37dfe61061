import type { Scope } from './scope.js'

/** A refusal by a policy, real or reported: one person and one kind of request. */
export interface Refusal {
  /** SCIM id of the person, else their address, else the id of their account. */
  readonly person: string
  readonly method: string
  /** Without query. */
  readonly path: string
  /** The reason, as a sentence. */
  readonly reason: string
}

/** How often something was refused. */
export interface RefusalCount extends Refusal {
  readonly count: number
  /** RFC 3339; the last time. */
  readonly at: string
}

/** The most refusals kept per tenant; those seen longest ago are removed first. */
export const maxRefusals = 1_000

/** How long a refusal is kept after it was last seen, in milliseconds: a week. */
export const refusalRetentionMs = 7 * 86_400_000

/** The requests that a policy in report mode would have refused. */
export interface RefusalStore {
  /**
   * Adds to the counts, by person, method and path; the latest reason is kept. Removes entries more
   * than a week older than the newest one given, and those beyond {@link maxRefusals}.
   */
  add(scope: Scope, seen: readonly RefusalCount[]): Promise<void>
  /** The refusals last seen at or after `since` (RFC 3339), last seen first. */
  list(scope: Scope, options: { readonly since: string }): Promise<readonly RefusalCount[]>
}
