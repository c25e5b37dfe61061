/**
 * On whose behalf, and for which tenant, a store method is called. The first argument of each of
 * them.
 */
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

/** What has a signal, and may make it when it is first asked for, as an `AbortController` does. */
export interface Lifetime {
  readonly signal: AbortSignal
}

const lifetime = Symbol('lifetime')
const signalProperty: PropertyDescriptor & ThisType<{ readonly [lifetime]: Lifetime }> = {
  enumerable: true,
  get() {
    return this[lifetime].signal
  },
}

/**
 * A scope that asks for its signal when somebody asks the scope. Few stores do, and Node takes
 * longer to make a signal than the memory adapter to find a user.
 */
export function createScope(
  { tenant, actor, requestId }: Omit<Scope, 'signal'>,
  source: Lifetime,
): Scope {
  const scope = { tenant, actor, requestId, [lifetime]: source }
  return Object.defineProperty(scope, 'signal', signalProperty) as typeof scope & Scope
}
