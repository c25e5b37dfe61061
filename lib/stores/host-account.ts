/** An account of the host behind the stores, as far as SCIM is concerned. */
export interface HostAccount {
  /** The host's id of it. */
  readonly id: string
  readonly email: string
  /**
   * `managed`: the identity provider sent the person. `listed`: an import lists them, and the
   * identity provider never took them over. `unlisted`: no SCIM user has the account, e.g. because
   * another has its login name. `protected`: the owner, the account of the adapter, a superuser.
   */
  readonly kind: 'managed' | 'listed' | 'unlisted' | 'protected'
  /** Whether the host lets it in; absent where it does not tell. */
  readonly isActive?: boolean
  /** SCIM id of the person, unless `unlisted`. */
  readonly userId?: string
  /**
   * Ids of other accounts with the same address in another spelling: capitals, invisible or
   * look-alike characters.
   */
  readonly alike: readonly string[]
}
