/** On whose behalf, and for which tenant, a store method is called. The first argument of each of them. */
export interface Scope {
  /** Never empty. A store must not see, count, link or conflict with another tenant's data. */
  readonly tenant: string
  /** Who acts: the name of the token, of the administrator, or `reconciler`. For audit logs. */
  readonly actor: string
  /** Ties log lines, audit entries and the client's `X-Request-Id` together. */
  readonly requestId: string
  /** Aborted when the client has gone or the deadline has passed. */
  readonly signal: AbortSignal
}
