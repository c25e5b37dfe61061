import type { Adapters, Scope } from '../stores/index.js'

/** How binding a requirement is (RFC 2119). */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

/** The context of a check: the adapters under test and tenants that nothing else uses. */
export interface CheckContext {
  readonly adapters: Adapters
  readonly scope: Scope
  /** Another tenant's scope. */
  readonly otherScope: Scope
  /** A second instance on the same storage; only for checks with `needsInstance`. */
  readonly instance?: Adapters
}

/** One requirement on adapters, as data, independent of any test runner. */
export interface Check {
  /** Stable name, e.g. `users.create.race`. */
  readonly id: string
  readonly level: Level
  /** The source of the requirement: a section of an RFC, or a method of the store interfaces. */
  readonly section: string
  /** The requirement, as a sentence about the store. */
  readonly title: string
  /** Whether the check applies to these adapters. Adapters may lack optional parts. */
  readonly appliesTo: (adapters: Adapters) => boolean
  /** It compares two instances, so it needs `reopen` of the options. */
  readonly needsInstance?: true
  /** Resolves if the requirement is met. Otherwise rejects with a description of what was found. */
  readonly run: (context: CheckContext) => Promise<void>
}

/** The result of one check. */
export interface CheckResult {
  readonly check: Check
  readonly outcome: 'passed' | 'failed' | 'notApplicable'
  /** The reason for the failure. */
  readonly error?: Error
}

/** The results of all checks. */
export interface Report {
  readonly results: readonly CheckResult[]
  /** No check of level MUST failed. */
  readonly conforms: boolean
  /** One line per failed check; empty if there is none. */
  readonly summary: string
}

/** Applies to all adapters. */
export const always = (): boolean => true
