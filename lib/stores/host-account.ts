/** An account of the host behind the stores, and its relation to SCIM. */
export interface HostAccount {
  /** The host's id of the account. */
  readonly id: string
  readonly email: string
  /**
   * `managed`: the identity provider sent the person. `listed`: an import listed them, and the
   * identity provider never took them over. `unlisted`: no SCIM user has the account, e.g. because
   * another one has its login name. `protected`: the owner, the adapter's own account, or a
   * superuser.
   */
  readonly kind: 'managed' | 'listed' | 'unlisted' | 'protected'
  /** Whether the host lets the account in; absent if unknown. */
  readonly isActive?: boolean
  /** SCIM id of the person, unless `unlisted`. */
  readonly userId?: string
  /**
   * Ids of other accounts with another spelling of the same address: capitals, invisible or
   * look-alike characters.
   */
  readonly alike: readonly string[]
}
