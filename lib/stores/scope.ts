/** The tenant and the actor of a store call; the first argument of every store method. */
export interface Scope {
  /** Never empty. A store must not read, count, link or conflict with another tenant's data. */
  readonly tenant: string
  /** The name of the token or administrator, or `reconciler`. For audit logs. */
  readonly actor: string
  /** Connects log lines, audit entries and the client's `X-Request-Id`. */
  readonly requestId: string
  /** Aborted when the client disconnects or the deadline passes. */
  readonly signal: AbortSignal
}

/** Anything with a signal, which may be made lazily. */
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
 * Makes a scope that gets its signal only when it is used. Few stores use it, and Node takes longer
 * to make a signal than the memory adapter to find a user.
 */
export function createScope(
  { tenant, actor, requestId }: Omit<Scope, 'signal'>,
  source: Lifetime,
): Scope {
  const scope = { tenant, actor, requestId, [lifetime]: source }
  return Object.defineProperty(scope, 'signal', signalProperty) as typeof scope & Scope
}
