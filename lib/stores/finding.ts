/**
 * One result of a check: something is right, should be reviewed, or prevents something from
 * working.
 */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  /** Stable, for tools, e.g. `token-not-owner`. */
  readonly code: string
  /** A sentence for the operator, with the fix. Never contains a secret. */
  readonly message: string
}
