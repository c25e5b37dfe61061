import type { Json, JsonObject } from '../schema/types.js'

/**
 * The exchanges of a provisioning client with a service provider, as data, written by a recorder
 * and replayed by the tests of this library. Text in requests and expectations may contain
 * `${name.path}`, a saved value; `${baseUrl}` is predefined. An object may have the key `...` with
 * a saved object, whose members it includes, e.g. `{"...": "${user}", "active": false}`.
 */
export interface Transcript {
  /**
   * A sentence that describes what happens. In parentheses, what it proves: requirements, or rows
   * of docs/deviations.md.
   */
  readonly name: string
  /** The client, named as in docs/deviations.md, e.g. `Entra ID`. */
  readonly idp: string
  /** Where this was observed: keys of sources, or the issue that reported it. */
  readonly seen: readonly string[]
  /** Headers of every request, and of every request with a body. */
  readonly headers?: Readonly<Record<string, string>>
  readonly bodyHeaders?: Readonly<Record<string, string>>
  /** Options of the service provider; needed only by exceptional clients. */
  readonly options?: JsonObject
  readonly steps: readonly Step[]
}

export type Step = ExchangeStep | ParallelStep | RepeatedStep

/** One request and its answer. */
export interface ExchangeStep {
  readonly note?: string
  /** The holder of the token that is sent; all are clients of the same tenant. */
  readonly actor?: string
  readonly request: TranscriptRequest
  readonly expected: Expected
  /** Name under which the answer's body is kept for later steps. */
  readonly save?: string
  /**
   * The answer with one deviation switched off. The first is also the answer with `strict: true`.
   */
  readonly off?: readonly { readonly deviation: string; readonly expected: Expected }[]
}

/** Requests sent at the same time. */
export interface ParallelStep {
  readonly note?: string
  readonly parallel: readonly ExchangeStep[]
  /** All their statuses, in any order. */
  readonly statuses?: readonly number[]
}

/** Exchanges repeated with `${name}` counting up. */
export interface RepeatedStep {
  readonly note?: string
  readonly repeat: { readonly name: string; readonly from: number; readonly to: number }
  readonly steps: readonly ExchangeStep[]
}

export interface TranscriptRequest {
  readonly method: string
  /** Below the base URL, with the query exactly as sent. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Json
  /** A body that is not JSON, or whose exact text matters. */
  readonly text?: string
}

export interface Expected {
  /** One status, or any of several. */
  readonly status: number | readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Part of the body: the members it names must exist and match, arrays completely and in order.
   * Instead of a value: `{"$absent": true}`, `{"$type": "integer"}`, `{"$matches": "^a"}`,
   * `{"$contains": […]}`, `{"$unordered": […]}`, `{"$length": 2}`, `{"$exactly": …}`.
   */
  readonly body?: Json
}
