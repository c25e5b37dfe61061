import type { Scope } from './scope.js'

/** An account of the guarded application, as far as a request tells. */
export interface AccountIdentity {
  /**
   * The application's own id of the account. Decides when SCIM knows it: e-mail addresses change
   * and get masked.
   */
  readonly accountId?: string | number
  readonly email?: string
}

/**
 * What the application behind the access gate needs of it. Every method is asked at each request
 * that it concerns.
 */
export interface GatePolicy {
  /**
   * Who may sign up. `closed`: nobody, accounts are made another way. `invited`: somebody active
   * without an account, with a link that was made for them (`createInvitation`). `open`: everybody
   * active without an account.
   */
  signUp(scope: Scope): Promise<'closed' | 'invited' | 'open'>
  /**
   * **Optional.** What the application wants in the query of its sign-up form; added for people who
   * may sign up.
   */
  signUpQuery?(scope: Scope): Promise<Readonly<Record<string, string>>>
  /**
   * **Optional.** Whether this text is a secret of the adapter, which therefore never comes from
   * outside.
   */
  isOwnSecret?(text: string): boolean
  /**
   * **Optional.** Whether a request is for the owner and administrators alone. `path` is plain and
   * lower-case.
   */
  isReserved?(scope: Scope, request: { method: string; path: string }): Promise<boolean>
  /** **Optional.** Whether this is the application's owner, who is nobody that SCIM manages. */
  isOwner?(scope: Scope, identity: AccountIdentity): Promise<boolean>
  /** **Optional.** The address of an account of which a request told the id alone. */
  emailOfAccount?(scope: Scope, accountId: string): Promise<string | undefined>
}
