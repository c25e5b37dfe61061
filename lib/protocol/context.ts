import type { ServiceContext, ServiceOptions } from '../resources/options.js'
import type { JsonObject } from '../schema/types.js'

/** Options of the protocol layer beside those of the services. */
export interface ProtocolOptions extends ServiceOptions {
  /** Paging of queries that name neither `startIndex` nor `cursor`. */
  readonly defaultPaging: 'index' | 'cursor'
  /** How long a cursor can be used, in seconds. */
  readonly cursorTimeoutSeconds: number
  /** Key that encrypts cursors; shared by all hosts that serve the same clients. */
  readonly cursorSecret: Uint8Array
  /** What `/ServiceProviderConfig` says about authentication (RFC 7643 §5). */
  readonly authenticationSchemes: readonly JsonObject[]
  readonly documentationUri?: string
  /** Attributes people may change of themselves at `/Me`. */
  readonly selfServiceAttributes: readonly string[]
  /** `/users` is `/Users`, in paths of bulk operations too. */
  readonly caseInsensitivePaths: boolean
  /**
   * Advertise `pagination` (RFC 9865 §4); clients with strict models may refuse attributes they do
   * not know.
   */
  readonly advertisePagination: boolean
}

/** What protocol handlers work with. */
export interface ProtocolContext extends ServiceContext {
  readonly options: ProtocolOptions
}
