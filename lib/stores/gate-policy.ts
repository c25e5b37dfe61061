import type { Scope } from './scope.js'

/** An account of the guarded application, as far as a request identifies it. */
export interface AccountIdentity {
  /**
   * The application's id of the account. If SCIM knows it, it takes precedence over the address,
   * because e-mail addresses change and get masked.
   */
  readonly accountId?: string | number
  readonly email?: string
  /** RFC 3339; when the application made the account. */
  readonly since?: string
}

/**
 * The gate's policy for the application behind it. Methods are called for each request that they
 * concern.
 */
export interface GatePolicy {
  /**
   * Who may sign up. `closed`: nobody; accounts are made another way. `invited`: active people
   * without an account, with a link made for them (`createInvitation`). `open`: all active people
   * without an account.
   */
  signUp(scope: Scope): Promise<'closed' | 'invited' | 'open'>
  /**
   * **Optional.** Query parameters that the application requires for its sign-up form; added for
   * people who may sign up.
   */
  signUpQuery?(scope: Scope): Promise<Readonly<Record<string, string>>>
  /**
   * **Optional.** Whether this text is a secret of the adapter, which must never come from outside.
   */
  isOwnSecret?(text: string): boolean
  /**
   * **Optional.** Whether a request is reserved for the owner and administrators. `path` is plain
   * and lower-case.
   */
  isReserved?(scope: Scope, request: { method: string; path: string }): Promise<boolean>
  /** **Optional.** Whether this is the application's owner, whom SCIM does not manage. */
  isOwner?(scope: Scope, identity: AccountIdentity): Promise<boolean>
  /** **Optional.** The address of an account for which a request gave only the id. */
  emailOfAccount?(scope: Scope, accountId: string): Promise<string | undefined>
}
