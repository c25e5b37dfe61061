import type { Adapters, Scope } from '../stores/index.js'

/** How binding a requirement is (RFC 2119). */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

/** What a check works with: the adapters under test, and tenants nobody else uses. */
export interface CheckContext {
  readonly adapters: Adapters
  readonly scope: Scope
  /** Another tenant's scope. */
  readonly otherScope: Scope
}

/** One requirement on adapters, as data: nothing in it depends on a test runner. */
export interface Check {
  /** Stable name, e.g. `users.create.race`. */
  readonly id: string
  readonly level: Level
  /** Where the requirement comes from: a section of an RFC, or a method of the store interfaces. */
  readonly section: string
  /** What holds, as a sentence about the store. */
  readonly title: string
  /**
   * Whether the check says something about these adapters; they need not have every optional part.
   */
  readonly appliesTo: (adapters: Adapters) => boolean
  /** Resolves when the requirement is met and rejects, saying what was found, when it is not. */
  readonly run: (context: CheckContext) => Promise<void>
}

/** How one check went. */
export interface CheckResult {
  readonly check: Check
  readonly outcome: 'passed' | 'failed' | 'notApplicable'
  /** Why it failed. */
  readonly error?: Error
}

/** How all of them went. */
export interface Report {
  readonly results: readonly CheckResult[]
  /** No check of level MUST failed. */
  readonly conforms: boolean
  /** One line for each failed check; empty when there is none. */
  readonly summary: string
}

/** Applies to all adapters. */
export const always = (): boolean => true
