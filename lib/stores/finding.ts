/** One thing that is right, should be looked at, or keeps something from working. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  /** Stable, for tools, e.g. `token-not-owner`. */
  readonly code: string
  /** A sentence for the operator, with what to do. Never a secret. */
  readonly message: string
}
