import type { ServiceContext, ServiceOptions } from '../resources/options.js'
import type { JsonObject } from '../schema/types.js'

/** Options of the protocol layer, besides those of the services. */
export interface ProtocolOptions extends ServiceOptions {
  /** Paging of queries that name neither `startIndex` nor `cursor`. */
  readonly defaultPaging: 'index' | 'cursor'
  /** How long a cursor can be used, in seconds. */
  readonly cursorTimeoutSeconds: number
  /** Key that encrypts cursors; shared by all instances that serve the same clients. */
  readonly cursorSecret: Uint8Array
  /** The authentication schemes in `/ServiceProviderConfig` (RFC 7643 §5). */
  readonly authenticationSchemes: readonly JsonObject[]
  readonly documentationUri?: string
  /** The attributes that people may change about themselves at `/Me`. */
  readonly selfServiceAttributes: readonly string[]
  /** `/users` means `/Users`, also in paths of bulk operations. */
  readonly caseInsensitivePaths: boolean
  /**
   * Advertise `pagination` (RFC 9865 §4); clients with strict models may refuse unknown attributes.
   */
  readonly advertisePagination: boolean
}

/** What protocol handlers work with. */
export interface ProtocolContext extends ServiceContext {
  readonly options: ProtocolOptions
}
