import type { AuditEntry } from '../events/catalogue.js'
import type { Scope } from './scope.js'

/** A bearer token made by an administrator; the token itself is stored nowhere. */
export interface StoredToken {
  /** Opaque; never the token or a part of it. */
  readonly id: string
  /** Name of the holder, for logs and audit entries, e.g. `okta`. */
  readonly name: string
  /** SHA-256 of the token, 64 lower-case hexadecimal digits. */
  readonly digest: string
  /** RFC 3339. */
  readonly createdAt: string
  /** The administrator who made it. */
  readonly createdBy: string
  /** RFC 3339; when it expires. Absent: never. */
  readonly expiresAt?: string
  /** The id of the token that replaces it. */
  readonly replacedBy?: string
}

/** A change of a stored token. */
export interface TokenChange {
  readonly id: string
  readonly name?: string
  readonly expiresAt?: string
  readonly replacedBy?: string
}

/** When a token was last used. */
export interface TokenUse {
  /** The id of a stored token, or the name of one given in code. */
  readonly token: string
  /** RFC 3339. */
  readonly at: string
}

/** The most uses kept per tenant; the oldest are removed first. */
export const maxTokenUses = 200

/**
 * Bearer tokens made by administrators, for `bearerTokens(…, { store })`. Shared by all instances
 * that use the database.
 */
export interface TokenStore {
  /**
   * **Required.** The token with this digest, of any tenant. One indexed query, never cached, so
   * that every instance refuses a deleted token from the next request on.
   */
  find(digest: string): Promise<(StoredToken & { readonly tenant: string }) | undefined>
  /** **Required.** All tokens of the tenant, also expired ones, the oldest first. */
  list(scope: Scope): Promise<readonly StoredToken[]>
  /** **Required.** @throws UniquenessError when the tenant has a token with this id */
  create(scope: Scope, token: StoredToken, audit?: readonly AuditEntry[]): Promise<void>
  /**
   * **Required.** Changes the given members and keeps the rest. `false` if there is no such token.
   */
  change(scope: Scope, change: TokenChange, audit?: readonly AuditEntry[]): Promise<boolean>
  /** **Required.** `false` if there is no such token; nothing is logged then. */
  delete(scope: Scope, id: string, audit?: readonly AuditEntry[]): Promise<boolean>
  /** **Required.** Records a use of a token, unless a later one is already recorded. */
  noteUse(scope: Scope, use: TokenUse): Promise<void>
  /** **Required.** The newest {@link maxTokenUses} uses, newest first. */
  listUses(scope: Scope): Promise<readonly TokenUse[]>
}
