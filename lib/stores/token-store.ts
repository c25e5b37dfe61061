import type { AuditEntry } from '../events/catalogue.js'
import type { Scope } from './scope.js'

/** A bearer token that administrators made; the token itself is kept nowhere. */
export interface StoredToken {
  /** Opaque, never the token or a part of it. */
  readonly id: string
  /** Who holds it, for logs and audit entries, e.g. `okta`. */
  readonly name: string
  /** SHA-256 of the token, 64 lower-case hexadecimal digits. */
  readonly digest: string
  /** RFC 3339. */
  readonly createdAt: string
  /** The administrator who made it. */
  readonly createdBy: string
  /** RFC 3339; from when it is refused. Absent: never. */
  readonly expiresAt?: string
  /** The id of the token that was made in its place. */
  readonly replacedBy?: string
}

/** What to change of a stored token. */
export interface TokenChange {
  readonly id: string
  readonly name?: string
  readonly expiresAt?: string
  readonly replacedBy?: string
}

/** When a token was last used. */
export interface TokenUse {
  /** The id of a stored token, or the name of one that is given in code. */
  readonly token: string
  /** RFC 3339. */
  readonly at: string
}

/** Most uses of one tenant that are kept; those longest ago go first. */
export const maxTokenUses = 200

/**
 * Bearer tokens that administrators make, for `bearerTokens(…, { store })`. Shared by all hosts of
 * a database.
 */
export interface TokenStore {
  /**
   * The token with this digest, of whichever tenant. One indexed query; never from a cache, so that
   * a token that was deleted is refused at the next request on every host.
   */
  find(digest: string): Promise<(StoredToken & { readonly tenant: string }) | undefined>
  /** All tokens of the tenant, the oldest first. */
  list(scope: Scope): Promise<readonly StoredToken[]>
  /** @throws UniquenessError when the tenant has a token with this id */
  create(scope: Scope, token: StoredToken, audit?: readonly AuditEntry[]): Promise<void>
  /** Changes what is given and leaves the rest. False without such a token. */
  change(scope: Scope, change: TokenChange, audit?: readonly AuditEntry[]): Promise<boolean>
  /** False without such a token: nothing goes to the log then. */
  delete(scope: Scope, id: string, audit?: readonly AuditEntry[]): Promise<boolean>
  /** Remembers a use; an older one of the same token is replaced, a later one stays. */
  noteUse(scope: Scope, use: TokenUse): Promise<void>
  /** The newest {@link maxTokenUses} uses, the last first. */
  listUses(scope: Scope): Promise<readonly TokenUse[]>
}
