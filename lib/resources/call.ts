import type { ResourceType } from '../schema/types.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { Scope } from '../stores/scope.js'
import type { Kind } from './kind.js'
import type { ServiceContext } from './options.js'
import type { Turns } from './races.js'

/** One resource type of a router, with its kind and its store. */
export interface Endpoint {
  readonly type: ResourceType
  readonly kind: Kind
  readonly store: ResourceStore
}

/** Services shared by all requests of a router. */
export interface Services extends ServiceContext {
  readonly turns: Turns
  /** By name of the resource type. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
}

/** One request for one resource type: made once and passed to every step. */
export interface Call extends Endpoint {
  readonly services: Services
  readonly scope: Scope
}

/** A call for one existing resource, with the client's conditions on its version. */
export interface ResourceCall extends Call {
  readonly id: string
  /** Raw `If-Match` header; the change happens only to a version it names. */
  readonly ifMatch?: string | undefined
  /**
   * Raw `If-None-Match`; the change happens only to a version it does not name (RFC 9110 §13.1.2).
   */
  readonly ifNoneMatch?: string | undefined
  /** Attributes that may change; all unless given. Names as in the schema, extensions by URN. */
  readonly allowed?: ReadonlySet<string> | undefined
}

/** A call for a resource type of this router. */
export function callOf(services: Services, type: ResourceType, scope: Scope): Call {
  const { kind, store } = endpointOf(services, type)
  return { services, type, kind, store, scope }
}

/** The same call for one resource. */
export function about(
  call: Call,
  id: string,
  more?: Pick<ResourceCall, 'ifMatch' | 'ifNoneMatch' | 'allowed'>,
): ResourceCall {
  const { services, type, kind, store, scope } = call
  const { ifMatch, ifNoneMatch, allowed } = more ?? {}
  return { services, type, kind, store, scope, id, ifMatch, ifNoneMatch, allowed }
}

/**
 * The same call in another scope: with a lease's signal, or to put something right after the
 * deadline.
 */
export function within<C extends Call>(call: C, scope: Scope): C {
  return { ...call, scope }
}

/** The endpoint of a resource type. */
export function endpointOf({ endpoints }: Services, type: ResourceType): Endpoint {
  const endpoint = endpoints.get(type.name)
  if (!endpoint) throw new Error(`No store for the resource type "${type.name}".`)
  return endpoint
}

/** Whether a change depends on the current version. */
export function isConditional({ ifMatch, ifNoneMatch }: ResourceCall): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}
