import type { Json, JsonObject } from '../schema/types.js'

/**
 * How a provisioning client spoke with a service provider, as data: what a recorder writes and what
 * the tests of this library replay. Text in requests and expectations may have `${name.path}`, a
 * saved value; `${baseUrl}` is there from the start. An object may have the key `...` with a saved
 * object, whose members it then has too, e.g. `{"...": "${user}", "active": false}`.
 */
export interface Transcript {
  /**
   * A sentence: what happens. In parentheses, what it proves: requirements, rows of
   * docs/deviations.md.
   */
  readonly name: string
  /** The client, in the words of docs/deviations.md, e.g. `Entra ID`. */
  readonly idp: string
  /** Where this was seen: keys of sources, or the issue that reported it. */
  readonly seen: readonly string[]
  /** Headers of every request, and of every request that has a body. */
  readonly headers?: Readonly<Record<string, string>>
  readonly bodyHeaders?: Readonly<Record<string, string>>
  /** Options of the service provider; a client that needs any is the exception. */
  readonly options?: JsonObject
  readonly steps: readonly Step[]
}

export type Step = ExchangeStep | ParallelStep | RepeatedStep

/** One request and its answer. */
export interface ExchangeStep {
  readonly note?: string
  /** Whose token is sent; clients of the same tenant. */
  readonly actor?: string
  readonly request: TranscriptRequest
  readonly expected: Expected
  /** Name under which the answer's body is kept for later steps. */
  readonly save?: string
  /**
   * What is answered with one deviation switched off. The first is also the answer with `strict:
   * true`.
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
  /** A body that is no JSON, or whose exact text matters. */
  readonly text?: string
}

export interface Expected {
  /** One status, or any of several. */
  readonly status: number | readonly number[]
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Part of the body: what it names must be there and match, arrays as a whole and in order.
   * Instead of a value: `{"$absent": true}`, `{"$type": "integer"}`, `{"$matches": "^a"}`,
   * `{"$contains": […]}`, `{"$unordered": […]}`, `{"$length": 2}`, `{"$exactly": …}`.
   */
  readonly body?: Json
}
